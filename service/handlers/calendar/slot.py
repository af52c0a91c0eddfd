"""One slot: looking at it, changing and deleting it."""

from typing import Literal

from service.booking.answer import NOTHING, Answer
from service.booking.calendar import slot
from service.deps import Deps
from service.errors import Busy, PreconditionFailed, SlotInUse
from service.handlers.calendar.slots import Capacity, PerPerson
from service.http.base import ApiHandler, endpoint
from service.http.fields import Body
from service.openapi.answers import calendar as answers


class SlotChanges(Body):
    status: Literal["free", "busy-unavailable"] | None = None
    capacity: Capacity | None = None
    per_person: PerPerson | None = None


class Slot(ApiHandler):
    @endpoint("getSlot", answers=(200, answers.SlotAlone))
    async def get(self, slot_id: int) -> None:
        """One slot."""
        found, tag = await slot.get(self.deps, slot_id)
        self.answer(200, found.body, etag=tag)

    @endpoint(
        "changeSlot",
        body=SlotChanges,
        answers=(200, answers.SlotAlone),
        raises=(SlotInUse, Busy, PreconditionFailed),
        sends=("ETag",),
    )
    async def patch(self, slot_id: int) -> None:
        """Close or open a slot, or change how many places it has, or one person may have.

        A capacity may be as small as the number of those who are in it."""
        changes: SlotChanges = self.body
        version = await self.version(slot_id)

        async def change(deps: Deps) -> Answer:
            return await slot.change(
                deps,
                self.actor,
                slot_id,
                closed=None if changes.status is None else changes.status == "busy-unavailable",
                capacity=changes.capacity or 0,
                per_person=changes.per_person or 0,
                version=version,
            )

        await self.give_once(200, change)

    async def version(self, slot_id: int) -> int:
        """The version that If-Match asks for; see if_match()."""

        async def current() -> int:
            found, _ = await slot.get(self.deps, slot_id)
            return found.version

        return await self.if_match(current)

    @endpoint("deleteSlot", answers=(204,), raises=(SlotInUse, PreconditionFailed))
    async def delete(self, slot_id: int) -> None:
        """Delete a slot while nobody is in it."""
        version = await self.version(slot_id)

        async def delete(deps: Deps) -> Answer:
            await slot.change(deps, self.actor, slot_id, deleted=True, version=version)
            return NOTHING

        await self.give_once(204, delete)
