"""I2: what clients were told they hold, with no help from the server's own records."""

from collections import defaultdict
from typing import NamedTuple

from tests.prove.checker.evidence import MOVES, TAKES, Evidence
from tests.prove.checker.verdict import Verdict
from tests.prove.records import Operation


class Hold(NamedTuple):
    """An appointment surely had a place in a slot from one instant to another."""

    began: float
    ended: float
    appointment: int
    operation: int


def no_double_holding(evidence: Evidence) -> Verdict:
    """I2: as clients hear it, no slot is ever held by more of them than it has places."""
    verdict = Verdict("I2", "No client was ever told of a place that was another's")
    capacity = capacities(evidence)
    for slot, holds in sure_holds(evidence).items():
        verdict.see(len(holds))
        events = sorted(
            [(hold.began, 1, hold) for hold in holds] + [(hold.ended, 0, hold) for hold in holds]
        )
        held: dict[int, Hold] = {}
        for _, begins, hold in events:
            if not begins:
                held.pop(hold.appointment, None)
                continue
            held[hold.appointment] = hold
            if sum(evidence.sizes.get(one, 1) for one in held) > capacity.get(slot, 1):
                verdict.violated(
                    f"slot {slot} has {capacity.get(slot, 1)} places and was surely held by"
                    f" appointments {sorted(held)} at {hold.began:.6f}",
                    [one.operation for one in held.values()],
                )
    return verdict


def capacities(evidence: Evidence) -> dict[int, int]:
    """The most places that each slot may have had."""
    most = {slot: line.states[0].capacity for slot, line in evidence.slots.items()}
    for one in evidence.operations:
        if one.verb == "capacity" and one.outcome != "fail":
            slot = one.args["slot"]
            most[slot] = max(most.get(slot, 0), one.args["capacity"])
    return most


def sure_holds(evidence: Evidence) -> dict[int, list[Hold]]:
    """By slot: from the answer that gave a place to the first request that may have taken it."""
    gained: dict[int, list[Operation]] = defaultdict(list)
    releasing: dict[int, list[Operation]] = defaultdict(list)
    seen = set()
    for one in sorted(evidence.operations, key=lambda one: one.answered_at):
        tag = one.args.get("tag")
        if one.verb in ("cancel", *MOVES) and one.outcome != "fail":
            releasing[one.args["appointment"]].append(one)
        if one.verb in (*TAKES, *MOVES) and one.outcome == "ok" and tag not in seen:
            seen.add(tag)
            gained[one.body["id"]].append(one)
    found: dict[int, list[Hold]] = defaultdict(list)
    for number, operations in gained.items():
        for one in operations:
            sent = min(other.sent_at for other in evidence.groups[one.args["tag"]])
            ends = [
                other.sent_at
                for other in releasing.get(number, ())
                if other.args["tag"] != one.args["tag"]
                and (other.answered_at >= sent or other.outcome == "info")
            ]
            ended = min(ends, default=float("inf"))
            if ended > one.answered_at:
                hold = Hold(one.answered_at, ended, number, one.number)
                found[one.body["slot"]].append(hold)
    return found
