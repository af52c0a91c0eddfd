"""I38: a webhook hears of every change, of each appointment in order."""

import itertools
from collections import defaultdict

from tests.prove.checker.evidence import Evidence
from tests.prove.checker.timeline import NEVER
from tests.prove.checker.verdict import Verdict
from tests.prove.hooks.hearing import Heard


def heard(evidence: Evidence) -> Verdict:
    """I38: a webhook hears of every change, of each appointment in order."""
    verdict = Verdict("I38", "A webhook hears of every change, of each appointment in order")
    if not evidence.heard:
        return verdict
    taken: dict[int, float] = {}  # when each event was taken first
    for one in evidence.heard:
        verdict.expect(one.signed, f"event {one.event} came without a right signature")
        if one.taken:
            taken.setdefault(one.event, one.answered_at)
    events = {one.event for one in evidence.heard if one.event}
    for event in range(min(events), max(events) + 1):
        verdict.expect(event in taken, f"event {event} was not taken by anybody")
    verdict.expect(
        not evidence.facts.get("untold"), f"{evidence.facts.get('untold')} are still to be told"
    )
    in_order(evidence, verdict, taken)
    complete(evidence, verdict)
    return verdict


def in_order(evidence: Evidence, verdict: Verdict, taken: dict[int, float]) -> None:
    """No event of an appointment comes before the one before it was taken."""
    came: dict[int, dict[int, Heard]] = defaultdict(dict)
    for one in evidence.heard:
        if one.appointment:
            came[one.appointment].setdefault(one.event, one)
    for appointment, by_event in came.items():
        line = sorted(by_event)
        for before, after in itertools.pairwise(line):
            verdict.expect(
                by_event[after].arrived_at >= taken.get(before, NEVER),
                f"event {after} of appointment {appointment} came before {before} was taken",
            )


def complete(evidence: Evidence, verdict: Verdict) -> None:
    """Every change in PostgreSQL's own log has been heard of."""
    changes: dict[int, int] = defaultdict(int)
    for transaction in evidence.stream:
        for row in transaction.rows:
            if row[0] == "appointment_history" and row[1] == "INSERT":
                changes[row[2]] += 1
    versions: dict[int, set[int]] = defaultdict(set)
    for one in evidence.heard:
        if one.taken:
            versions[one.appointment].add(one.version)
    for appointment, count in changes.items():
        lost = set(range(1, count + 1)) - versions[appointment]
        verdict.expect(not lost, f"nobody heard of versions {sorted(lost)} of {appointment}")
