"""I35: with CUSTOMER_OVERLAP=refuse nobody is in two places at one time."""

from collections import defaultdict
from itertools import combinations

from tests.prove.checker.around.line import COMING
from tests.prove.checker.around.replay import Owner, Replay
from tests.prove.checker.evidence import Evidence
from tests.prove.checker.verdict import Verdict


def one_at_a_time(evidence: Evidence) -> Verdict:
    """I35: after no commit somebody has two coming appointments at one time, where so set."""
    verdict = Verdict("I35", "Nobody is in two places at one time, where so set")
    if not evidence.one_at_a_time:
        return verdict
    replay = Replay(evidence)
    mine: dict[int, dict[int, Owner]] = defaultdict(dict)
    for commit in replay.commits():
        for number, (_, owner) in commit.owners.items():
            mine[owner.account][number] = owner
        for account in {owner.account for _, owner in commit.owners.values()}:
            coming = [one for one in mine[account].values() if counts(one, commit.when)]
            verdict.see()
            for one, other in combinations(coming, 2):
                if overlap(replay, one, other) and {one.number, other.number} & set(commit.owners):
                    words = f"account {account} has {one.number} and {other.number} at one time"
                    verdict.violated(words, (), [commit.at])
    return verdict


def counts(one: Owner, when: float) -> bool:
    """Whether it is coming, offers included."""
    return one.status in COMING and one.until > when


def overlap(replay: Replay, one: Owner, other: Owner) -> bool:
    """Whether two are of one time; how many places somebody has in a slot is another matter."""
    (began, ended), (first, last) = replay.spans[one.slot], replay.spans[other.slot]
    return one.slot != other.slot and began < last and first < ended
