"""Slots."""

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from service.booking import slot
from service.booking.answer import NOTHING, Answer
from service.booking.status import SlotStatus
from service.deps import Deps
from service.errors import (
    InvalidFields,
    InvalidRequest,
    NotFound,
    PreconditionFailed,
    SlotInUse,
    SlotOverlap,
)
from service.handlers import answers, fields
from service.handlers.base import EVERYONE, STAFF, ApiHandler, endpoint
from service.handlers.fields import Cursor, Id, Instant, Limit

MOST = 1000  # slots in one request
Capacity = Annotated[int, Meta(ge=1, le=1000)]
_WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.]{8,15}\+00")  # an instant in a cursor


class SlotBody(msgspec.Struct):
    provider: Id
    starts_at: Instant
    ends_at: Instant
    capacity: Capacity = 1


SlotBodies = Annotated[list[SlotBody], Meta(min_length=1, max_length=MOST)]


class SlotChanges(msgspec.Struct):
    status: Literal["free", "busy-unavailable"] | None = None
    capacity: Capacity | None = None


class SlotQuery(msgspec.Struct):
    """`from` is now unless it is given: what has begun can't be booked."""

    provider: Id | None = None
    from_at: Instant | None = msgspec.field(default=None, name="from")
    to_at: Instant | None = msgspec.field(default=None, name="to")
    status: SlotStatus | None = None
    limit: Limit = 100
    cursor: Cursor = ""


class Slots(ApiHandler):
    @endpoint(EVERYONE, query=SlotQuery, answers=(200, list[answers.Slot]))
    async def get(self) -> None:
        """Slots in the order of time. A page may have fewer than `limit`, or none, and still name a
        next one: only so many slots are looked at for each."""
        query: SlotQuery = self.query
        page = await slot.list_page(
            self.deps,
            provider_id=query.provider,
            status=query.status,
            from_at=query.from_at or datetime.now(UTC),
            to_at=query.to_at or "infinity",
            after=_cursor(query.cursor),
            limit=query.limit,
            known=self.known,
        )
        if page.next is not None:
            self.link_next(base64.urlsafe_b64encode(msgspec.json.encode(page.next)).decode())
        self.answer(200, page.body or "", etag=page.tag or None)

    @endpoint(
        STAFF,
        body=SlotBody | SlotBodies,
        answers=(201, answers.Slot | list[answers.Slot]),
        raises=(NotFound, SlotOverlap),
    )
    async def post(self) -> None:
        """Create one slot, or up to 1,000 at once: all or nothing."""
        many = isinstance(self.body, list)
        wanted = self.body if many else [self.body]
        slots = [slot.NewSlot(s.provider, s.starts_at, s.ends_at, s.capacity) for s in wanted]

        async def create(deps: Deps) -> Answer:
            bodies = await slot.create(deps, self.actor, slots)
            return Answer(f"[{','.join(bodies)}]" if many else bodies[0])

        await self.once(201, create)

    def read(self, kind: Any) -> Any:
        """One slot or a list of them."""
        value = fields.decode(bytes(self._chunks))
        if not isinstance(value, list):
            return fields.convert(value, SlotBody)
        if not 1 <= len(value) <= MOST:
            raise InvalidRequest(f"Between 1 and {MOST} slots can be created at once.")
        errors: dict[str, Any] = {}
        slots = []
        for number, one in enumerate(value):
            try:
                slots.append(fields.convert(one, SlotBody, f"{number}."))
            except InvalidFields as error:
                errors.update(error.errors)
        if errors:
            raise InvalidFields(errors)
        return slots


class Slot(ApiHandler):
    @endpoint(EVERYONE, answers=(200, answers.Slot))
    async def get(self, slot_id: int) -> None:
        """One slot."""
        found = await slot.get(self.deps, slot_id)
        self.answer(200, found.body, etag=str(found.version))

    @endpoint(
        STAFF,
        body=SlotChanges,
        answers=(200, answers.Slot),
        raises=(SlotInUse, PreconditionFailed),
        sends=("ETag",),
    )
    async def patch(self, slot_id: int) -> None:
        """Close or open a slot, or change its capacity."""
        changes: SlotChanges = self.body

        async def change(deps: Deps) -> Answer:
            return await slot.change(
                deps,
                self.actor,
                slot_id,
                closed=None if changes.status is None else changes.status == "busy-unavailable",
                capacity=changes.capacity or 0,
                version=self.if_match,
            )

        await self.once(200, change)

    @endpoint(STAFF, answers=(204,), raises=(SlotInUse, PreconditionFailed))
    async def delete(self, slot_id: int) -> None:
        """Delete a slot while nobody is in it."""

        async def delete(deps: Deps) -> Answer:
            await slot.change(deps, self.actor, slot_id, deleted=True, version=self.if_match)
            return NOTHING

        await self.once(204, delete)


def _cursor(text: str) -> slot.Cursor:
    """Where the last page ended. Raises InvalidFields for one we did not write."""
    if not text:
        return slot.BEGINNING
    try:
        cursor = msgspec.json.decode(base64.urlsafe_b64decode(text), type=slot.Cursor)
        if not _WRITTEN.fullmatch(cursor.starts_at) or abs(cursor.slot_id) > fields.INT64:
            raise ValueError
        datetime.fromisoformat(cursor.starts_at)
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        raise InvalidFields({"cursor": ["Invalid cursor."]}) from None
    return cursor


ROUTES = [
    (r"/api/slots/?", Slots),
    (r"/api/slots/([0-9]+)/?", Slot),
]
