"""The failing history: of each violation the operations and commits that show it, and no more."""

from pathlib import Path
from typing import Any

import msgspec

from tests.prove.checker.evidence import Evidence
from tests.prove.checker.verdict import Verdict, Violation

STORIES = 20  # violations of one invariant that are told
LONGEST = 200  # records of one story


def write_failing(path: Path, evidence: Evidence, verdicts: list[Verdict]) -> None:
    """Write what a person needs to understand each violation, as JSON."""
    stories = [
        {"invariant": one.name, "title": one.title, **story(evidence, violation)}
        for one in verdicts
        for violation in one.violations[:STORIES]
    ]
    path.write_bytes(msgspec.json.format(msgspec.json.encode(stories)))


def story(evidence: Evidence, violation: Violation) -> dict[str, Any]:
    """A violation with its records, the operations in the order in which they were sent."""
    numbers = list(dict.fromkeys(violation.operations))[:LONGEST]
    operations = [evidence.by_number[number] for number in numbers if number in evidence.by_number]
    places = violation.transactions[:LONGEST]
    if not places:
        tags = {one.args.get("tag", "") for one in operations} - {""}
        places = sorted({change.transaction for tag in tags for change in evidence.effects[tag]})
    near = [
        fault
        for fault in evidence.faults
        if any(
            fault.began_at <= one.answered_at and fault.ended_at >= one.sent_at - 5
            for one in operations
        )
    ]
    return {
        "violation": violation.words,
        "operations": sorted(operations, key=lambda one: one.sent_at),
        "commits": [
            {"place": at, "xid": evidence.stream[at].xid, "rows": evidence.stream[at].rows}
            for at in places
        ],
        "faults": near[:LONGEST],
    }
