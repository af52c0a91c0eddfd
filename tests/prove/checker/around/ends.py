"""I30: what is held or asked for is somebody's until its end by PostgreSQL's clock, not longer."""

from bisect import bisect_left, bisect_right

from tests.prove.checker.around.replay import Commit, Key, Replay
from tests.prove.checker.effects import told
from tests.prove.checker.evidence import Evidence
from tests.prove.checker.verdict import Verdict
from tests.prove.records import Operation

ABOUT = 0.1  # seconds that two readings of one clock may differ
LATE = {"confirm": "seal", "approve": "grant"}


def ends_in_time(evidence: Evidence) -> Verdict:
    """I30: nobody confirms or approves after the end, or is refused before, or by what is over."""
    verdict = Verdict("I30", "What is held or asked for is somebody's until its end, not longer")
    replay = Replay(evidence)
    wall = evidence.facts.get("wall") or 0.0
    ends: dict[int, float] = {}  # of each hold, by the clock or because it was let go of
    for commit in replay.commits():
        late(evidence, commit, wall, verdict)
        for number, (_, owner) in commit.owners.items():
            if owner.status == "held":
                ends[number] = owner.until
            elif number in ends and owner.status == "expired":
                ends[number] = min(ends[number], commit.when)
    for one in evidence.operations:
        code = one.body.get("code") if isinstance(one.body, dict) else None
        sent, answered = one.sent_at + wall, one.answered_at + wall
        if one.verb == "seal" and code == "hold_expired" and one.args["appointment"] in ends:
            early = ends[one.args["appointment"]] - answered
            verdict.expect(early < ABOUT, f"{told(one)} was {early:.2f} s too early", one.number)
        if one.verb in ("hold", "grab") and code == "slot_taken":
            key = key_of(replay, one)
            verdict.expect(
                taken(replay, key, sent, answered),
                f"{told(one)} was refused, and nobody had it",
                one.number,
            )
    return verdict


def late(evidence: Evidence, commit: Commit, wall: float, verdict: Verdict) -> None:
    """Whether a commit confirms or approves what had run out before anybody asked for that."""
    asked = [one for tag in commit.keys for one in evidence.groups.get(tag, ())]
    for row in commit.steps:
        if row[4] not in LATE or row[2] not in commit.owners:
            continue
        before = commit.owners[row[2]][0]
        theirs = [
            one for one in asked
            if one.verb == LATE[row[4]] and one.args["appointment"] == row[2]
            and one.outcome != "fail"
        ]  # fmt: skip
        if before is None or not theirs:
            continue
        first = min(one.sent_at for one in theirs) + wall
        verdict.see()
        if before.until < first - ABOUT:
            verdict.violated(
                f"{told(theirs[0])} took effect {first - before.until:.2f} s after its end",
                [one.number for one in theirs],
                [commit.at],
            )


def key_of(replay: Replay, one: Operation) -> Key:
    """The slot or time that was asked for."""
    if "place" in one.args:
        return one.args["place"], 0
    return replay.held, one.args["starts"]


def taken(replay: Replay, key: Key, sent: float, answered: float) -> bool:
    """Whether others may have had all of it at some moment, or waited for it."""
    if any(_waited(replay, key, sent, answered)):
        return True
    history = replay.places[key]
    times = [when for when, _ in history]
    first = max(bisect_left(times, sent - ABOUT) - 1, 0)
    for _, place in history[first : bisect_right(times, answered + ABOUT)]:
        live = sum(one.size for one in place.owners if one.until > sent - ABOUT)
        if live >= place.capacity:
            return True
    return False


def _waited(replay: Replay, key: Key, sent: float, answered: float) -> list[bool]:
    """Whether somebody stood in line for it meanwhile: then it is theirs, and free for nobody."""
    return [
        True
        for one in replay.line.values()
        if replay.fits(one._replace(hold=0, left=0.0), key, 1)
        and one.since < answered + ABOUT
        and replay.goes.get(one.number, (answered, 0))[0] > sent - ABOUT
    ]
