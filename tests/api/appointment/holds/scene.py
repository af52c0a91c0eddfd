"""Holds and requests, and what becomes of them with time."""

from datetime import datetime
from typing import Any

from service.booking.appointment import hold
from service.deps import Deps
from tests.api.calendar.times.scene import NINE, Clinic
from tests.cast import RUN_OUT, Api, Person, Reply


class Clock:
    """Lets holds and requests run out; if the worker runs, it tidies them away at once."""

    def __init__(self, database: Any, deps: Deps, *, worker: bool) -> None:
        self._database, self._deps, self.worker = database, deps, worker

    async def run_out(self, *ids: int) -> None:
        with self._database.cursor() as cursor:
            cursor.execute(RUN_OUT, [list(ids)])
        if self.worker:
            while await hold.expire(self._deps, 100):
                continue


async def hold_slot(api: Api, who: Person, slot_id: int, **more: Any) -> Reply:
    headers = more.pop("headers", None)
    return await api.post("/api/holds/", {"slot": slot_id} | more, who=who, headers=headers)


async def hold_time(
    clinic: Clinic, who: Person, service_id: int, at: datetime = NINE, query: str = "", **more: Any
) -> Reply:
    """With the clinic's provider, unless told otherwise."""
    wanted = {"provider": clinic.provider_id} | more
    body = {name: value for name, value in wanted.items() if value is not None}
    body |= {"service": service_id, "starts_at": at.isoformat()}
    return await clinic.api.post(f"/api/holds/{query}", body, who=who)


async def confirm(api: Api, who: Person, hold_id: int, **body: Any) -> Reply:
    headers = body.pop("headers", None)
    path = f"/api/holds/{hold_id}/confirm/"
    return await api.post(path, body or None, who=who, headers=headers)


async def release(api: Api, who: Person, hold_id: int, **options: Any) -> Reply:
    return await api.delete(f"/api/holds/{hold_id}/", who=who, **options)


async def status(api: Api, slot_id: int) -> tuple[str, int]:
    """What a slot's page says: its status, and how many places are left."""
    slot = (await api.get(f"/api/slots/{slot_id}/")).json
    return slot["status"], slot["remaining"]
