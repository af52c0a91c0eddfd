"""I31: what is freed is offered at once, to whoever comes first of those whom it suits."""

from collections.abc import Iterable, Iterator

from tests.prove.checker.around.replay import ABOUT, Commit, Key, Owner, Replay, Waiting
from tests.prove.checker.evidence import Evidence
from tests.prove.checker.verdict import Verdict

COMING = frozenset({"booked", "held", "pending"})
STEP = 1800  # seconds from one time of the service to the next


def in_line(evidence: Evidence) -> Verdict:
    """I31: no commit leaves free what somebody waits for, and nobody in line is passed over."""
    verdict = Verdict("I31", "What is freed is offered in that commit, to the first whom it suits")
    replay = Replay(evidence)
    for commit in replay.commits():
        for words in wrongs(replay, commit, verdict):
            verdict.violated(words, (), [commit.at])
    return verdict


def wrongs(replay: Replay, commit: Commit, verdict: Verdict) -> Iterator[str]:
    """What is wrong with a commit."""
    for key, after in commit.after.items():
        before = commit.before[key]
        gone = {one.number for one in before.owners} - {one.number for one in after.owners}
        grown = after.capacity > before.capacity and before.owners + after.owners
        if not gone and not grown:
            continue
        verdict.see()
        offered = {one.hold for one in commit.offers}
        for first in first_of(replay, commit, key, after.room):
            yield f"{key} has {after.room} free places, and {first.number} waits for it"
        new = {one.number for one in after.owners} - {one.number for one in before.owners}
        for number in new - offered - moved(commit) - again(before.owners, after.owners):
            for first in first_of(replay, commit, key, replay.owners[number].size):
                yield f"{key} went to appointment {number}, and {first.number} waited for it"
    for offer in commit.offers:
        hold = replay.owners.get(offer.hold)
        if hold is None or hold.slot not in replay.keys:
            continue
        verdict.see()
        for first in first_of(replay, commit, replay.keys[hold.slot], hold.size):
            if first.number < offer.number:
                yield f"{offer.number} was offered what {first.number} waited for before"
    for began, ended in commit.opened:
        verdict.see()
        for at in range(int(began), int(ended), STEP):
            place = replay.place((replay.held, at))
            for first in first_of(replay, commit, (replay.held, at), place.room):
                yield f"{at} was opened, and {first.number} waits for it"


def first_of(replay: Replay, commit: Commit, key: Key, room: int) -> Iterable[Waiting]:
    """The first in line who surely could have had it; nobody where there is no such."""
    places = [found[key] for found in (commit.before, commit.after) if key in found]
    there = {owner.account for place in places for owner in place.owners}
    for number in sorted(replay.line):
        one = replay.line[number]
        busy = replay.busy(number, key, commit.when)
        new = one.since > commit.when - ABOUT
        away = replay.evidence.one_at_a_time and elsewhere(replay, one.account, key, commit)
        out = busy or new or away or one.account in there
        if replay.fits(one, key, room) and not out:
            return [one]
    return []


def elsewhere(replay: Replay, account: int, key: Key, commit: Commit) -> bool:
    """Whether somebody may have had something else at that time, just before or after."""
    began, ended = (key[1], key[1] + STEP) if key[1] else replay.spans[key[0]]
    states = [*replay.owners.values(), *(one for one, _ in commit.owners.values() if one)]
    return any(
        owner.account == account
        and owner.status in COMING
        and owner.until > commit.when - ABOUT
        and replay.keys.get(owner.slot) != key
        and replay.spans[owner.slot][0] < ended
        and replay.spans[owner.slot][1] > began
        for owner in states
    )


def moved(commit: Commit) -> set[int]:
    """The appointments that came from elsewhere: what one of a set leaves another may take."""
    return {row[2] for row in commit.steps if row[4] == "reschedule"}


def again(before: Iterable[Owner], after: Iterable[Owner]) -> set[int]:
    """Those of somebody who had a place there before, and holds another one instead."""
    accounts = {one.account for one in before}
    return {one.number for one in after if one.account in accounts}
