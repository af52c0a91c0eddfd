"""Slots: listing and creating them."""

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from service.booking.answer import Answer
from service.booking.calendar import slot
from service.booking.calendar.bounds import MOST_PLACES
from service.booking.status import SlotStatus
from service.deps import Deps
from service.errors import InvalidRequest, NotFound, NotOffered, SlotOverlap
from service.handlers import nested
from service.handlers.calendar import days
from service.http import cursor, fields
from service.http.base import ApiHandler, endpoint
from service.http.fields import Body, Cursor, Id, Instant, Limit, Providers
from service.openapi.answers import calendar as answers

MOST = 1000  # slots in one request


PIECES = 64 * MOST  # of JSON, with all the names that a slot is answered with


Capacity = Annotated[int, Meta(ge=1, le=MOST_PLACES)]


PerPerson = Annotated[
    int,
    Meta(
        ge=1,
        le=MOST_PLACES,
        description="How many of its places one person may have at a time.",
    ),
]


class SlotBody(Body):
    provider: Id
    starts_at: Instant
    ends_at: Instant
    capacity: Capacity | None = 1
    per_person: PerPerson | None = 1
    service: Annotated[Id, Meta(description="One that this provider offers.")] | None = None


SlotBodies = Annotated[list[SlotBody], Meta(min_length=1, max_length=MOST)]


class SlotQuery(msgspec.Struct):
    """`from` is now unless it is given: what has begun can't be booked."""

    provider: Providers = ()
    from_at: Instant | None = msgspec.field(default=None, name="from")
    to_at: Instant | None = msgspec.field(default=None, name="to")
    status: tuple[SlotStatus, ...] = ()
    limit: Limit = 100
    cursor: Cursor = ""


class Slots(ApiHandler):
    @endpoint("listSlots", query=SlotQuery, answers=(200, list[answers.Slot]))
    async def get(self) -> None:
        """Slots in the order of time. A page may have fewer than `limit`, or none, and still name a
        next one: only so many slots are looked at for each."""
        query: SlotQuery = self.query
        await days.place(self.deps, query, self.request.query_arguments)
        page = await slot.list_page(
            self.deps,
            provider_ids=query.provider,
            statuses=query.status,
            from_at=query.from_at or datetime.now(UTC),
            to_at=query.to_at or "infinity",
            after=cursor.read(query.cursor, slot.Cursor),
            limit=query.limit,
            known=self.known,
        )
        self.give_page(page)

    @endpoint(
        "createSlots",
        body=SlotBody | SlotBodies,
        answers=(201, answers.SlotAlone | list[answers.SlotAlone]),
        raises=(NotFound, NotOffered, SlotOverlap),
    )
    async def post(self) -> None:
        """Create one slot, or up to 1,000 at once: all or nothing."""
        many = isinstance(self.body, list)
        wanted = self.body if many else [self.body]
        slots = [slot.NewSlot(*msgspec.structs.astuple(one)) for one in wanted]

        async def create(deps: Deps) -> Answer:
            bodies = await slot.create(deps, self.actor, slots)
            return Answer(f"[{','.join(bodies)}]" if many else bodies[0])

        try:
            await self.give_once(201, create)
        except SlotOverlap:
            if many:
                await slot.name_overlap(self.deps, slots)
            raise

    def read(self, kind: Any) -> Any:
        """One slot or a list of them."""
        value = fields.decode(bytes(self._chunks), PIECES)
        if not isinstance(value, list):
            return self.convert(value, SlotBody)
        if not 1 <= len(value) <= MOST:
            raise InvalidRequest(f"Between 1 and {MOST} slots can be created at once.")
        return nested.convert_all(value, SlotBody, self.convert)
