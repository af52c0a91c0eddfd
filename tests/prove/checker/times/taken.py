"""I23, I24 and I28: whose time is taken, by whom, and what goes with it."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.prove.checker.evidence import GIVEN_BACK, Evidence
from tests.prove.checker.times.model.calendar import Taken
from tests.prove.checker.times.model.rules import block
from tests.prove.checker.verdict import Verdict

OVER, BESIDE = "overlap", "buffer"


def born(evidence: Evidence) -> Iterator[tuple[int, Taken]]:
    """Each commit with each slot of a service that it has made."""
    for taken in sorted(evidence.calendar.slots.values(), key=lambda one: one.born):
        yield taken.born, taken


def overrides(evidence: Evidence) -> dict[int, set[str]]:
    """By slot, what history says that staff overrode to take it."""
    found: dict[int, set[str]] = defaultdict(set)
    for transaction in evidence.stream:
        for row in transaction.rows:
            if row[0] == "appointment_history" and row[1] == "INSERT" and len(row) > 9:
                found[row[6]].update(row[9])
    return found


def apart(evidence: Evidence) -> Verdict:
    """I23: after every commit the blocks of a provider's slots lie apart."""
    verdict = Verdict("I23", "No two slots of a provider overlap, unless overridden by name")
    named, calendar = overrides(evidence), evidence.calendar

    def may(one: Taken, other: Taken) -> bool:
        names = named[one.lead or one.number] | named[other.lead or other.number]
        beside = one.starts >= other.ends or one.ends <= other.starts
        return OVER in names or (BESIDE in names and beside)

    for place, one in born(evidence):
        verdict.see()
        for other in calendar.busy(one.provider, place, range(one.begins, one.stops)):
            if other is not one and not may(one, other):
                verdict.violated(
                    f"slots {one.number} and {other.number} of provider {one.provider} overlap:"
                    f" {one.begins} to {one.stops}, {other.begins} to {other.stops}",
                    transactions=[place],
                )
        document = calendar.service(one.service, place - 1)
        right = block(document, one.starts) if document and one.made else None
        if right and (one.begins, one.stops) != (right.start, right.stop):
            verdict.violated(f"slot {one.number} blocks {one.begins} to {one.stops}", (), [place])
        # What was overridden is in the history of the appointment, not only in the slot.
        lost = one.overrides - named[one.lead or one.number]
        verdict.expect(not lost, f"slot {one.number} overrides {sorted(lost)} without a name")
    return verdict


def held(evidence: Evidence) -> Verdict:
    """I24: a slot that was made for a time lives as long as somebody is in it, and no longer."""
    verdict = Verdict("I24", "Every made slot has a living appointment, or is deleted")
    calendar = evidence.calendar
    inside: Counter[int] = Counter()
    where: dict[int, int] = {}
    for at, transaction in enumerate(evidence.stream):
        touched = {row[2] for row in transaction.rows if row[0] == "slot" and row[1] != "DELETE"}
        for row in transaction.rows:
            if row[0] != "appointment" or row[1] == "DELETE":
                continue
            if (before := where.pop(row[2], None)) is not None:
                inside[before] -= 1
                touched.add(before)
            if row[6] not in GIVEN_BACK:
                where[row[2]] = row[3]
                inside[row[3]] += 1
                touched.add(row[3])
        for number in touched & calendar.slots.keys():
            one = calendar.slots[number]
            if not one.made:
                continue
            verdict.see()
            lead = calendar.slots.get(one.lead)
            right = inside[number] > 0 if lead is None else lead.lives(at)
            if one.lives(at) != right:
                verdict.violated(
                    f"slot {number} {'lives' if one.lives(at) else 'is deleted'} with"
                    f" {inside[number]} appointments, beside {one.lead or 'nothing'}",
                    transactions=[at],
                )
    return verdict


def with_rooms(evidence: Evidence) -> Verdict:
    """I28: what a service needs besides is taken with it, one of each role, all or none."""
    verdict = Verdict("I28", "Each room and thing is taken once, all of them or none")
    calendar, named = evidence.calendar, overrides(evidence)
    for place, one in born(evidence):
        document = calendar.service(one.service, place - 1)
        if one.lead or not one.made or document is None or not document["needs"]:
            continue
        verdict.see()
        rooms = [room for room in calendar.rooms(one.number) if room.born == place]
        block = (one.starts, one.begins, one.stops)
        if any((room.starts, room.begins, room.stops) != block for room in rooms):
            verdict.violated(f"a room of slot {one.number} is taken for another time", (), [place])
        for role, able in document["needs"].items():
            count = sum(room.provider in able for room in rooms)
            if count != 1 and not (count == 0 and named[one.number] & {OVER, BESIDE}):
                verdict.violated(f"slot {one.number} has {count} of {role}", (), [place])
    return verdict
