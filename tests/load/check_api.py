"""The same questions asked through the API, for a server whose database is out of reach."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tests.load.caller import Caller
from tests.load.check import Check, Rows, check_answers, check_promises, verdict
from tests.load.journal import CANCELLED, Journal, excused
from tests.load.stage import Block, Person


async def check_api(
    caller: Caller, journal: Journal, blocks: Sequence[Block], persons: Sequence[Person]
) -> list[Check]:
    """What people's own lists and the public calendar say of what was promised."""
    owners = {promise.account_id for promise in journal.promises.values()}
    rows: Rows = {}
    for person in persons:
        if person.account_id in owners or journal.unanswered:
            for one in await pages(caller, "/api/appointments/?limit=500", person.token):
                rows[one["id"]] = (person.account_id, one["slot"]["id"], one["status"])
    slots = []
    for block in blocks:
        path = f"/api/slots/?provider={block.provider_id}&limit=500"
        slots += await pages(caller, path)
    return [
        check_answers(journal),
        check_promises(rows, journal),
        check_unpromised(rows, journal),
        check_slots(slots, rows),
    ]


async def pages(caller: Caller, path: str | None, token: str = "") -> list[Any]:
    """A list with all its pages."""
    found: list[Any] = []
    while path:
        reply = await caller.wanted(200, "GET", path, token=token)
        found += reply.json
        path = reply.next_page
    return found


def check_unpromised(rows: Rows, journal: Journal) -> Check:
    """Nobody has an appointment that was refused."""
    unanswered = list(journal.unanswered)
    wrong = []
    for appointment_id, (account_id, slot_id, _) in rows.items():
        if appointment_id in journal.promises:
            continue
        if not excused(unanswered, account_id, slot_id):
            wrong.append(f"appointment {appointment_id} in slot {slot_id} was never answered 201")
    return verdict("Nothing exists that was refused", f"{len(rows):,} appointments", wrong)


def check_slots(slots: Sequence[Any], rows: Rows) -> Check:
    """What each slot says is taken are the people who are in it, and never more than its places."""
    taken = Counter(slot_id for _, slot_id, status in rows.values() if status != CANCELLED)
    wrong = [
        f"slot {json.dumps(slot['id'])} has {slot['capacity']} places, {slot['remaining']} left "
        f"and {taken[slot['id']]} people"
        for slot in slots
        if slot["remaining"] < 0 or slot["capacity"] - slot["remaining"] != taken[slot["id"]]
    ]
    return verdict("Counters equal rows, none over capacity", f"{len(slots):,} slots", wrong)
