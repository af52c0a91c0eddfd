"""Idempotency keys are kept for 24 hours, then forgotten."""

from typing import Any

from service.booking import idempotency
from service.deps import Deps
from tests.cast import Api, Given, Person


async def test_only_old_keys_are_forgotten(
    api: Api, given: Given, ada: Person, deps: Deps, database: Any
) -> None:
    slots = await given.make_slots(2)
    for slot_id, key in zip(slots, ("old", "young"), strict=True):
        headers = {"Idempotency-Key": f"{key}-{slot_id}"}
        reply = await api.post("/api/appointments/", {"slot": slot_id}, who=ada, headers=headers)
        assert reply.status == 201
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE idempotency SET created_at = now() - interval '25 hours' WHERE key LIKE 'old-%'"
        )
        assert await idempotency.forget(deps) == 1
        cursor.execute("SELECT key FROM idempotency WHERE key ~ '^(old|young)-'")
        assert cursor.fetchall() == [(f"young-{slots[1]}",)]
