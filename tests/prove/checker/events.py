"""I36 and I37: the log of events tells every commit once, in the order of the WAL, and to each only
what is theirs to know."""

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from tests.prove.checker.evidence import Evidence
from tests.prove.checker.verdict import Verdict

PUBLIC = {"slots"}
SLOT = {
    *("id", "provider_id", "service_id", "starts_at", "ends_at", "time_zone"),
    *("capacity", "remaining", "status", "version"),
}
WHOLE = {
    *("appointment_id", "account_id", "version", "status", "from_status", "size"),
    *("expires_at", "conflict", "slot", "from_slot"),
}
OTHER = {"provider_id", "service_id", "version", "account_id"}

Step = tuple[int, int]  # an appointment and its version


def told(evidence: Evidence) -> Verdict:
    """I36: every commit is told once, by ids that are dense and in an order that is the WAL's."""
    verdict = Verdict("I36", "The log of events tells every commit once, in a true order")
    events = read_by(evidence, evidence.facts.get("followers", [""])[0])
    verdict.see(len(events))
    for before, after in itertools.pairwise(events):
        if after["id"] != before["id"] + 1:
            verdict.violated(f"event {after['id']} comes after {before['id']}")
    if not events:
        return verdict
    steps = list(steps_of(events))
    seen: set[Step] = set()
    for step in steps:
        if step in seen:
            verdict.violated(f"version {step[1]} of appointment {step[0]} is told twice")
        seen.add(step)
    committed = commits(evidence)
    until = evidence.facts.get("followed_until", math.inf)  # what runs out later is not read
    lost = (
        step
        for step in committed.keys() - seen
        if evidence.stream[committed[step][0]].committed <= until
    )
    for step in sorted(lost)[:100]:
        verdict.violated(
            f"version {step[1]} of appointment {step[0]} was never told", [], [committed[step][0]]
        )
    for step in sorted(seen - committed.keys())[:100]:
        verdict.violated(f"version {step[1]} of appointment {step[0]} was told and never committed")
    for slot, places in in_order(steps, committed).items():
        if places != sorted(places):
            verdict.violated(f"what became of slot {slot} is told in another order than it came")
    return verdict


def private(evidence: Evidence) -> Verdict:
    """I37: each is shown what is theirs, under the ids that all see, and of others only slots."""
    verdict = Verdict("I37", "Nobody is shown an event that is not theirs to know")
    followers = evidence.facts.get("followers", [])
    if not followers:
        return verdict
    admin, keeper, customer = followers
    ids = {event["id"]: event for event in read_by(evidence, admin)}
    account_id, keeps = evidence.facts["ids"][customer], evidence.facts["followed"]
    for name in followers:
        for event in read_by(evidence, name):
            data = event["data"]
            whole = data.keys() > PUBLIC or data.keys().isdisjoint(PUBLIC)
            own = (
                name == admin
                or (name == customer and data.get("account_id") == account_id)
                or (name == keeper and is_of(data, keeps))
            )
            verdict.expect(
                event["id"] in ids, f"{name} is shown event {event['id']}, which an admin is not"
            )
            verdict.expect(
                not whole or own, f"{name} is shown event {event['id']} of somebody else: {data}"
            )
            verdict.expect(
                not unknown_keys(data), f"event {event['id']} tells {unknown_keys(data)}"
            )
    return verdict


def read_by(evidence: Evidence, name: str) -> list[dict[str, Any]]:
    """All events that one of the followers was shown, in the order of reading."""
    return [event for page in evidence.feed if page["reader"] == name for event in page["events"]]


def steps_of(events: Iterable[dict[str, Any]]) -> Iterable[Step]:
    """The changes of appointments among events. That one is outside of the hours is none."""
    for event in events:
        data = event["data"]
        if "appointment_id" in data and data.get("conflict") in (None, "kept"):
            yield data["appointment_id"], data["version"]


def commits(evidence: Evidence) -> dict[Step, tuple[int, int]]:
    """By change: its transaction's place in the stream, and the slot."""
    found: dict[Step, tuple[int, int]] = {}
    for number, transaction in enumerate(evidence.stream):
        for row in transaction.rows:
            if row[0] == "appointment" and row[1] != "DELETE":
                found.setdefault((row[2], row[8]), (number, row[3]))
    return found


def in_order(steps: Iterable[Step], committed: dict[Step, tuple[int, int]]) -> dict[int, list[int]]:
    """By slot: the transactions of what became of it, in the order of events. Whoever changes an
    appointment holds its slot, so one of them ended before the next one began."""
    places: dict[int, list[int]] = defaultdict(list)
    for step in steps:
        if step in committed:
            number, slot = committed[step]
            places[slot].append(number)
    return places


def is_of(data: dict[str, Any], provider_id: int) -> bool:
    """Whether an event is of a calendar, or concerns all of them."""
    if "appointment_id" in data:
        slots = [data[name] for name in ("slot", "from_slot") if name in data]
        return any(slot["provider_id"] == provider_id for slot in slots)
    return "account_id" not in data and data.get("provider_id", provider_id) == provider_id


def unknown_keys(data: dict[str, Any]) -> set[str]:
    """What an event should never tell."""
    slots = [
        *data.get("slots", []),
        *(data[name] for name in ("slot", "from_slot") if name in data),
    ]
    inside = {key for slot in slots for key in slot}
    return (data.keys() - (WHOLE | PUBLIC | OTHER)) | (inside - SLOT)
