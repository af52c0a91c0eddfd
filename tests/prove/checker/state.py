"""I1 and I7: what the stream, the looks and the final tables say of places taken."""

from collections import Counter

from tests.prove.checker.evidence import DESK, GIVEN_BACK, Evidence
from tests.prove.checker.join import LEAD
from tests.prove.checker.verdict import KEPT, Verdict


def no_double_booking(evidence: Evidence) -> Verdict:
    """I1: after every commit each place of each slot has at most one appointment."""
    verdict = Verdict("I1", "No slot is ever over its capacity, at any commit")
    capacity: dict[int, int] = {}
    where: dict[int, tuple[int, int]] = {}
    taken: Counter[tuple[int, int]] = Counter()
    held: Counter[int] = Counter()
    for at, transaction in enumerate(evidence.stream):
        touched = set()
        for row in transaction.rows:
            if row[1] == "DELETE":
                continue
            if row[0] == "slot":
                capacity[row[2]] = row[3]
            if row[0] != "appointment":
                continue
            _, _, number, slot, place, _, status, *_ = row
            size = evidence.sizes.get(number, 1)
            if number in where:
                taken[where[number]] -= 1
                held[where[number][0]] -= size
                del where[number]
            if status not in GIVEN_BACK:
                where[number] = (slot, place)
                taken[slot, place] += 1
                held[slot] += size
                touched.add((slot, place))
        for slot, place in touched:
            verdict.see()
            if taken[slot, place] > 1 or held[slot] > capacity.get(slot, 0):
                kept = verdict.wrong < KEPT  # the search for a story takes its time
                holders = [one for one, (other, _) in where.items() if kept and other == slot]
                verdict.violated(
                    f"slot {slot} has {held[slot]} appointments in {capacity.get(slot, 0)} places"
                    f" after transaction {transaction.xid}: {holders}",
                    story(evidence, holders) if kept else (),
                    [at],
                )
    for look in evidence.looks:
        verdict.see()
        if look["broken"]:
            verdict.violated(f"at {look['at']:.3f} the tables showed {look['broken'][:5]}")
    return verdict


def conserved(evidence: Evidence) -> Verdict:
    """I7: counters equal rows, free and held places add up, nothing appears or vanishes."""
    verdict = Verdict("I7", "Counters equal rows; places are neither made nor lost")
    held: Counter[int] = Counter()
    where: dict[int, int] = {}
    for at, transaction in enumerate(evidence.stream):
        counted = {
            row[2]: row[4]
            for row in transaction.rows
            if row[0] == "slot" and not (len(row) > 7 and row[7][LEAD])
        }
        touched = set(counted)
        for row in transaction.rows:
            if row[0] != "appointment" or row[1] == "DELETE":
                continue
            size = evidence.sizes.get(row[2], 1)
            if (before := where.pop(row[2], None)) is not None:
                held[before] -= size
                if before != row[3] or row[6] in GIVEN_BACK:
                    touched.add(before)
            if row[6] not in GIVEN_BACK:
                where[row[2]] = row[3]
                held[row[3]] += size
                if before != row[3]:
                    touched.add(row[3])
        for slot in touched:
            verdict.see()
            if counted.get(slot) != held[slot]:
                verdict.violated(
                    f"slot {slot} counts {counted.get(slot)} and holds {held[slot]}"
                    f" after transaction {transaction.xid}",
                    transactions=[at],
                )
    for look in evidence.looks:
        verdict.expect(
            look["active"] == look["booked"] and look["free"] + look["booked"] == look["capacity"],
            f"at {look['at']:.3f} the sums do not agree: {look}",
        )
    if final := evidence.facts.get("final"):
        aside = evidence.aside.accounts
        active = sum(
            row[4] not in GIVEN_BACK and row[3] not in aside for row in final["appointments"]
        )
        verbs = Counter(change.verb for change in evidence.changes)
        verdict.expect(
            active == verbs["book"] + verbs["take"] - verbs["cancel"],
            f"{active} appointments are active, {verbs['book'] + verbs['take']} were booked and"
            f" {verbs['cancel']} cancelled",
        )
    return verdict


def story(evidence: Evidence, appointments: list[int]) -> list[int]:
    """The operations that have made these appointments what they are."""
    wanted = set(appointments)
    found = []
    for change in evidence.changes:
        if change.subject in wanted and change.verb not in ("slot", "register", "password", *DESK):
            found += [one.number for one in evidence.groups.get(change.tag, [])]
    return found
