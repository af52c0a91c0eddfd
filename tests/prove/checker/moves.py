"""I6: a move is one step; nobody ever sees an appointment in two slots, or in none."""

import heapq
from collections import defaultdict

from tests.prove.checker.evidence import MOVES, Evidence
from tests.prove.checker.timeline import NEVER
from tests.prove.checker.verdict import Verdict
from tests.prove.records import Operation

FEW, MANY = "limit=20", 50  # the lists that are asked for: the oldest 20 of all, 50 of the booked


def atomic_moves(evidence: Evidence) -> Verdict:
    """I6: the old place is given back in the transaction that takes the new one."""
    verdict = Verdict("I6", "A move is all or nothing; no list shows it half done")
    for change in evidence.changes:
        if change.verb not in MOVES:
            continue
        touched = {row[2] for row in evidence.stream[change.transaction].rows if row[0] == "slot"}
        verdict.see()
        before = evidence.appointments[change.subject].states[change.version - 2]
        if not {change.origin, change.slot} <= touched or before.slot != change.origin:
            verdict.violated(
                f"appointment {change.subject} was moved from {change.origin} (it was in"
                f" {before.slot}) to {change.slot}, and only slots {sorted(touched)} changed",
                [one.number for one in evidence.groups.get(change.tag, [])],
                [change.transaction],
            )
    lists: dict[int, list[Operation]] = defaultdict(list)
    for one in evidence.operations:
        if one.verb == "list" and one.outcome == "ok":
            lists[evidence.account(one)].append(one)
    for account, found in lists.items():
        complete(evidence, verdict, account, found)
    return verdict


def complete(evidence: Evidence, verdict: Verdict, account: int, lists: list[Operation]) -> None:
    """Each list has every appointment that was surely there all the while, and none twice."""
    spans = sorted(span(evidence, number) for number in evidence.owned[account])
    oldest = sorted(evidence.owned[account])[:30]
    current: list[tuple[float, int]] = []  # (end, number) of those surely booked
    at = 0
    for one in lists:
        verdict.see()
        shown = [row[0] for row in one.body]
        if len(set(shown)) < len(shown):
            verdict.violated(f"a list shows an appointment twice: {shown}", [one.number])
        if one.args["what"] == FEW:
            last = max(shown) if len(shown) == 20 else NEVER
            due = [
                number
                for number in oldest
                if number <= last and evidence.appointments[number].sure(one.sent_at)
            ][:20]
        else:
            while at < len(spans) and spans[at][0] < one.sent_at:
                heapq.heappush(current, spans[at][1:])
                at += 1
            while current and current[0][0] <= one.sent_at:
                heapq.heappop(current)
            due = [number for ended, number in current if ended > one.answered_at]
            if len(shown) >= MANY:
                continue
        if missing := set(due) - set(shown):
            verdict.violated(
                f"a list of {one.user} misses {sorted(missing)}, which were surely there",
                [one.number],
            )


def span(evidence: Evidence, number: int) -> tuple[float, float, int]:
    """From when until when an appointment was surely booked."""
    line = evidence.appointments[number]
    ended = next(
        (line.earliest[at] for at, state in enumerate(line.states) if state.status != "booked"),
        NEVER,
    )
    return line.latest[0], ended, number
