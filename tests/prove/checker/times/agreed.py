"""I25: at quiet moments the list, explain, a dry run and booking all say the same of a time."""

from collections import defaultdict
from typing import Any

from tests.prove.checker.evidence import Evidence
from tests.prove.checker.verdict import Verdict
from tests.prove.records import Operation

UNHEARD = frozenset({0, 401, 429, 502, 503, 504})
TAKERS = ("dry", "take")


def agreed(evidence: Evidence) -> Verdict:
    """I25: one question in four ways has one answer."""
    verdict = Verdict("I25", "List, explain, dry run and booking say the same")
    rounds: dict[int, list[Operation]] = defaultdict(list)
    for one in evidence.operations:
        if "round" in one.args and "after" not in one.args:
            rounds[one.args["round"]].append(one)
    refused = 0
    for found in rounds.values():
        if any(one.status in UNHEARD or (one.body or {}).get("code") == "busy" for one in found):
            continue
        verdict.see()
        said = {one.verb: says(one) for one in found}
        refused += bool(said.get("take"))
        words = differ(said)
        if words:
            verdict.violated(words, [one.number for one in found])
    verdict.note = f"{refused:,} of them no" if verdict.checked else ""
    return verdict


def says(one: Operation) -> Any:
    """What an answer says of the time: why not, "" where nothing speaks against it."""
    body = one.body
    if one.verb == "times":
        at = one.args["asked"]
        return "" if any(shown[0] == at for shown in body["times"]) else "not listed"
    if one.verb == "explain":
        if one.outcome != "ok":
            return body["code"]
        return "" if body["bookable"] else body["reasons"][0][0]
    return "" if one.outcome == "ok" else body["code"]


def differ(said: dict[str, Any]) -> str:
    """How these answers contradict each other; "" where they do not."""
    codes = {said[verb] for verb in ("explain", *TAKERS) if verb in said}
    if len(codes) > 1:
        return f"they say {said}"
    # A list knows nothing of who asks: of limits of a person.
    code = next(iter(codes), "")
    listed = "times" in said and not said["times"]
    personal = listed and code in ("limit_reached", "already_booked")
    differs = "times" in said and listed == bool(code) and not personal
    return f"they say {said}" if differs else ""
