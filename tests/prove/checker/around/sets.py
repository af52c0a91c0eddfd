"""I32 to I34: sets of moves and series are what was asked for, whole; successes are in the log."""

from typing import Any

from tests.prove.around.wishes import VERBS
from tests.prove.checker.around.replay import Commit, Replay
from tests.prove.checker.effects import told
from tests.prove.checker.evidence import Evidence
from tests.prove.checker.verdict import Verdict

DAY = 86_400
MAKERS = frozenset({"book", "hold", "request"})


def together(evidence: Evidence) -> Verdict:
    """I32: a set of moves is in one commit, all of it; none is there of what was refused."""
    verdict = Verdict("I32", "A set of moves is done whole, in one commit, or not at all")
    replay = Replay(evidence)
    for commit in replay.commits():
        wanted: dict[int, int] = {}
        numbers = []
        for tag in commit.keys:
            group = [one for one in evidence.groups.get(tag, ()) if one.verb == "moves"]
            if group and any(one.outcome != "fail" for one in group):
                wanted |= dict(group[0].args["moves"])
                numbers += [one.number for one in group]
        done = {row[2]: row[6] for row in commit.steps if row[4] == "reschedule"}
        if not wanted and not done:
            continue
        there = {number: replay.owners[number].slot for number in wanted}
        verdict.see()
        if not done == wanted == there:
            verdict.violated(f"of {wanted} was done {done}, and they are in {there}", numbers,
                             [commit.at])  # fmt: skip
    return verdict


def repeated(evidence: Evidence) -> Verdict:
    """I33: a series is what was asked for, and each date that it says was booked is."""
    verdict = Verdict("I33", "A series has all its dates, and each is as it is told")
    replay = Replay(evidence)
    booked: dict[str, set[tuple[int, int]]] = {}
    for commit in replay.commits():
        for tag, found in made(replay, commit).items():
            booked[tag] = found
    for one in evidence.operations:
        if one.verb != "series" or one.outcome != "ok":
            continue
        dates, args = one.body["dates"], one.args
        days = [args["starts"] + n * DAY for n in range(args["count"])]
        told_booked = {(at, number) for at, number, code in dates if not code}
        right = (
            [at for at, _, _ in dates] == days
            and told_booked == booked.get(args["tag"], set())
            and (args["conflicts"] == "skip" or len(told_booked) == args["count"])
        )
        verdict.expect(right, f"{told(one)} became {booked.get(args['tag'])}", one.number)
    return verdict


def made(replay: Replay, commit: Commit) -> dict[str, set[tuple[int, int]]]:
    """The appointments of series that a commit has made, with their starts, by tag."""
    found: dict[str, set[tuple[int, int]]] = {}
    for number, (before, owner) in commit.owners.items():
        group = replay.evidence.groups.get(owner.tag)
        if before is None and group and group[0].verb == "series":
            found.setdefault(owner.tag, set()).add((replay.keys[owner.slot][1], number))
    return found


def kept(evidence: Evidence) -> Verdict:
    """I34: each success around a booking is in the log, and whatever is there was asked for."""
    verdict = Verdict("I34", "What is held, asked for and waited for is durable, and was asked for")
    replay = Replay(evidence)
    for one in evidence.operations:
        if one.verb in VERBS and one.outcome == "ok" and one.nonce:
            verdict.expect(
                one.nonce in replay.commit_of,
                f"{told(one)} was answered {one.status} and is not there",
                one.number,
            )
    last: dict[int, Any] = {}
    for commit in replay.commits():
        for row in commit.steps:
            owner = commit.owners.get(row[2], (None, None))[1]
            group = evidence.groups.get(owner.tag) if owner else None
            if row[4] in MAKERS and (not group or all(one.outcome == "fail" for one in group)):
                verdict.violated(f"nobody asked for appointment {row[2]}", (), [commit.at])
        for number, (_, owner) in commit.owners.items():
            last[number] = owner
    for one in evidence.operations:
        if one.verb in ("hold", "grab", "request") and one.outcome == "ok":
            found = last.get(one.body["id"])
            verdict.expect(
                found is not None and found.tag == one.args["tag"],
                f"{told(one)} was answered with {one.body['id']}, which is {found}",
                one.number,
            )
    return verdict
