"""I20 and I21: what is shown is so, in every field and header, and every route keeps its word."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from service.booking.actions import ENDINGS
from tests.prove.checker.effects import told
from tests.prove.checker.evidence import MOVES, TAKES, Evidence
from tests.prove.checker.recency import alike
from tests.prove.checker.times.model.wall import reading
from tests.prove.checker.verdict import Verdict
from tests.prove.records import Operation
from tests.prove.sheet import STILL, Sheet, Times

ASTRAY = 2.0  # seconds that two clocks of one machine may differ
PAGE = 100  # lines of one page of history
UNDER_FIRE = frozenset({0, 429, 503, 504})


def truthful(evidence: Evidence) -> Verdict:
    """I20: documents, headers and history say what zones, calendar and the WAL say."""
    verdict = Verdict("I20", "Every field and header tells the truth")
    written, sheet = histories(evidence), sheet_of_made(evidence)
    promised(evidence, verdict)
    for one in evidence.operations:
        verdict.see(one.looked)
        for words in made_wrongs(sheet, verdict, one):
            verdict.violated(f"{told(one)}: {words}", [one.number])
        for words in one.wrongs:
            verdict.violated(f"{told(one)}: {words}", [one.number])
        if one.outcome != "ok":
            continue
        if one.verb == "history":
            verdict.see(len(one.body))
            for words in history_wrongs(evidence, one, written[one.args["appointment"]]):
                verdict.violated(f"{told(one)}: {words}", [one.number])
        elif isinstance(one.body, dict) and not one.replayed:
            for words in after_wrongs(evidence, verdict, one):
                verdict.violated(f"{told(one)}: {words}", [one.number])
    return verdict


def promised(evidence: Evidence, verdict: Verdict) -> None:
    """What the wall was to show at a time, as it is kept, is what it shows."""
    calendar = evidence.calendar
    for one in calendar.slots.values():
        if one.made and not one.lead and one.wall:
            right = reading(one.starts, calendar.zones[one.provider])
            words = f"slot {one.number} of {one.starts} is promised at {one.wall}, not at {right}"
            verdict.expect(datetime.fromisoformat(one.wall) == right, words)


def sheet_of_made(evidence: Evidence) -> Sheet:
    """What never changes of the slots that were made for times, by the log."""
    sheet = Sheet({"providers": evidence.facts.get("providers", ()), "times": ()})
    for one in evidence.calendar.slots.values():
        sheet.times[one.number] = Times(one.provider, one.starts, one.ends)
    return sheet


def made_wrongs(sheet: Sheet, verdict: Verdict, one: Operation) -> Iterator[str]:
    """What is wrong with slots that were made for times, as they were shown."""
    for shown, fields in one.made:
        verdict.see(len(fields))
        yield from sheet.wrongs(shown, STILL if tuple(fields) == STILL else tuple(fields))


def histories(evidence: Evidence) -> dict[int, list[tuple[int, list[Any]]]]:
    """By appointment, the lines that the stream has of it: where, and what."""
    found: dict[int, list[tuple[int, list[Any]]]] = defaultdict(list)
    for at, transaction in enumerate(evidence.stream):
        for row in transaction.rows:
            if row[0] == "appointment_history" and row[1] == "INSERT":
                found[row[2]].append((at, row[3:]))
    return found


def history_wrongs(
    evidence: Evidence, one: Operation, written: list[tuple[int, list[Any]]]
) -> list[str]:
    """What is wrong with a history: who, what, from, to, why, when, how much of it.

    Customers see of what staff did that it was staff, and why where it was cancelled.
    """
    line = evidence.appointments.get(one.args["appointment"])
    count = len(one.body)
    current = line.between(one.sent_at, one.answered_at) if line else range(0)
    found = []
    if count < PAGE and count - 1 not in current:
        found.append(f"it has {count} lines, the appointment was at versions {current}")
    before = None
    for shown, (at, row) in zip(one.body, written, strict=False):
        actor, action, origin, slot, status, reason = row[:6]
        who = evidence.names.get(actor)
        if one.user not in evidence.staff and who != one.user:
            who, reason = "staff", reason if action == "cancel" else ""
        right = [action, who, origin, slot, before, status, reason]
        if shown[:-1] != right:
            found.append(f"it has {shown[:-1]}, the log has {right}")
        if wrong := when_wrong(evidence, at, shown[-1]):
            found.append(wrong)
        before = status
    return found


def when_wrong(evidence: Evidence, at: int, shown: str) -> str:
    """What is wrong with the instant of a change."""
    wall = evidence.facts.get("wall")
    if wall is None:
        return ""
    instant = datetime.fromisoformat(shown).timestamp() - wall
    if evidence.earliest[at] - ASTRAY <= instant <= evidence.latest[at] + ASTRAY:
        return ""
    return f"it says {shown}, which is not when it was done"


def after_wrongs(evidence: Evidence, verdict: Verdict, one: Operation) -> list[str]:
    """Whole slots in the answer to a change are as that change has left them."""
    if one.verb not in (*TAKES, *MOVES, *ENDINGS):
        return []
    done = evidence.effects.get(one.args["tag"], [])
    if len(done) != 1:
        return []
    found = []
    if one.verb in MOVES:
        verdict.see()
        if one.body["from"] != done[0].origin:
            found.append(f"it tells of slot {one.body['from']}, it was in {done[0].origin}")
    for slot in one.body.get("shown", ()):
        line = evidence.slots.get(slot[0])
        at = bisect_left(line.transactions, done[0].transaction) if line else 0
        if line is None or line.transactions[at : at + 1] != [done[0].transaction]:
            continue  # this change has left it as it was
        verdict.see()
        if not alike(line.states[at], slot):
            found.append(f"it shows {slot}, the change has left {line.states[at]}")
    return found


def documented(evidence: Evidence) -> Verdict:
    """I21: any request, by anybody, is answered as the OpenAPI document says."""
    verdict = Verdict("I21", "Every route answers as its document says")
    for one in evidence.operations:
        if one.verb != "any":
            continue
        right = one.status in UNDER_FIRE or one.status in one.args["statuses"]
        verdict.expect(right, f"{told(one)} was answered {one.status}", one.number)
        if one.args["writes"] and one.outcome == "ok":
            verdict.violated(f"{told(one)} had nothing to do and succeeded", [one.number])
    return verdict
