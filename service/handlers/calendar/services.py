"""Services: what can be booked."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from service.booking.answer import NOTHING, Answer
from service.booking.broad import in_turn
from service.booking.calendar import service
from service.booking.calendar.service import USUAL
from service.deps import Deps
from service.errors import PreconditionFailed
from service.handlers import nested
from service.http import cursor, fields
from service.http.base import ApiHandler, endpoint
from service.http.fields import Body, Cursor, Id, Limit, Providers, Title
from service.openapi.answers import service as answers

TAG = "Services", "What can be booked, with whom, and how often."

Description = Annotated[str, Meta(max_length=4000)]
Duration = Annotated[int, Meta(ge=1, le=1440, description="How long an appointment lasts.")]
Step = Annotated[
    int,
    Meta(ge=1, le=1440, description="How far apart it may begin; null: as far as it lasts."),
]
Buffer = Annotated[
    int, Meta(ge=0, le=480, description="For how long nobody is free beside an appointment.")
]
Lead = Annotated[int, Meta(ge=0, le=525_600, description="How long before it has to be booked.")]
Horizon = Annotated[int, Meta(ge=1, le=730, description="How many days ahead it can be booked.")]
Often = Annotated[int, Meta(ge=1, le=1000, description="At most so many; null: any number.")]
Places = Annotated[int, Meta(ge=1, le=1000, description="How many people share one start.")]
Party = Annotated[
    int, Meta(ge=1, le=1000, description="How many people one may book for, within `capacity`.")
]
Approval = Annotated[
    int,
    Meta(
        ge=1,
        le=525_600,
        description="Customers ask for it, and staff have so long to approve; null: they book.",
    ),
]
Hold = Annotated[
    int,
    Meta(ge=1, le=86_400, description="How long it may be held; null: as the server says."),
]
Offered = Annotated[
    int,
    Meta(
        ge=1,
        le=525_600,
        description="How long who waits for it has to take a time that is offered; null: an hour.",
    ),
]
Notice = Annotated[
    int,
    Meta(
        ge=0,
        le=525_600,
        description="How long before it one may move or cancel; null: as the server says.",
    ),
]
Needs = Annotated[
    dict[str, list[Id]],
    Meta(
        description="what it needs beside a provider, one of each role: "
        '{"room": [21, 22], "laser": [30]}.',
        examples=[{"room": [21, 22]}],
    ),
]


class OfferBody(Body):
    provider: Id
    weight: Annotated[int, Meta(ge=1, le=1000, description="A share, beside others.")] | None = 100


Offers = Annotated[list[OfferBody], Meta(max_length=500)]


class ServiceBody(Body):
    """A new service; what is left out of it is as usual."""

    name: Title
    duration_minutes: Duration
    providers: Offers
    description: Description | None = USUAL["description"]
    step_minutes: Step | None = None
    buffer_before_minutes: Buffer | None = USUAL["buffer_before_minutes"]
    buffer_after_minutes: Buffer | None = USUAL["buffer_after_minutes"]
    lead_minutes: Lead | None = USUAL["lead_minutes"]
    horizon_days: Horizon | None = USUAL["horizon_days"]
    per_day: Often | None = None
    per_customer_day: Often | None = None
    per_customer_open: Often | None = None
    capacity: Places | None = USUAL["capacity"]
    party_max: Party | None = USUAL["party_max"]
    approval_minutes: Approval | None = None
    hold_seconds: Hold | None = None
    offer_minutes: Offered | None = None
    notice_minutes: Notice | None = None
    needs: Needs | None = None

    def document(self) -> dict[str, Any]:
        """As the rules take it."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


class ServiceChanges(Body):
    """What may be null has a null of its own, which takes it away."""

    name: Title | None = None
    duration_minutes: Duration | None = None
    providers: Offers | None = None
    description: Description | None = None
    step_minutes: Step | UnsetType | None = UNSET
    buffer_before_minutes: Buffer | None = None
    buffer_after_minutes: Buffer | None = None
    lead_minutes: Lead | None = None
    horizon_days: Horizon | None = None
    per_day: Often | UnsetType | None = UNSET
    per_customer_day: Often | UnsetType | None = UNSET
    per_customer_open: Often | UnsetType | None = UNSET
    capacity: Places | None = None
    party_max: Party | None = None
    approval_minutes: Approval | UnsetType | None = UNSET
    hold_seconds: Hold | UnsetType | None = UNSET
    offer_minutes: Offered | UnsetType | None = UNSET
    notice_minutes: Notice | UnsetType | None = UNSET
    needs: Needs | None = None

    def given(self) -> dict[str, Any]:
        """What is to change."""
        usual = {one.encode_name: one.default for one in msgspec.structs.fields(self)}
        found: dict[str, Any] = msgspec.to_builtins(self)
        return {name: value for name, value in found.items() if value is not usual[name]}


class ServiceQuery(msgspec.Struct):
    provider: Providers = ()
    limit: Limit = 100
    cursor: Cursor = ""


class ServiceHandler(ApiHandler):
    """One whose body has providers in it."""

    def read(self, kind: Any) -> Any:
        """The body; what is wrong with one of its providers is told by its place."""
        return nested.convert(fields.decode(bytes(self._chunks)), kind, self.convert)


class Services(ServiceHandler):
    @endpoint("listServices", query=ServiceQuery, answers=(200, list[answers.Service]))
    async def get(self) -> None:
        """What can be booked, by id; with `provider`, what that one offers, or any of these."""
        query: ServiceQuery = self.query
        page = await service.list_page(
            self.deps,
            provider_ids=query.provider,
            after_id=cursor.read(query.cursor, int),
            limit=query.limit,
        )
        self.give_page(page)

    @endpoint(
        "createService",
        body=ServiceBody,
        answers=(201, answers.Service),
        sends=("ETag", "Location"),
    )
    async def post(self) -> None:
        """Add a service. Its step is as long as its duration unless it is given."""

        async def create(deps: Deps) -> Answer:
            return await service.create(deps, self.actor, self.body.document())

        made = await in_turn(self.deps, self.actor.account_id, self.key, create)
        self.set_header("Location", f"/api/services/{msgspec.json.decode(made.body)['id']}/")
        self.give(201, made)


class Service(ServiceHandler):
    @endpoint("getService", answers=(200, answers.Service))
    async def get(self, service_id: int) -> None:
        """One service."""
        found = await service.get(self.deps, service_id)
        self.answer(200, found.body, etag=str(found.version))

    @endpoint(
        "changeService",
        body=ServiceChanges,
        answers=(200, answers.Service),
        raises=(PreconditionFailed,),
        sends=("ETag",),
    )
    async def patch(self, service_id: int) -> None:
        """Change a service; `providers` and `needs` as a whole, and null takes a limit away.

        Appointments stay as they were made."""
        changes: ServiceChanges = self.body
        version = await self.version(service_id)

        async def change(deps: Deps) -> Answer:
            return await service.change(deps, self.actor, service_id, changes.given(), version)

        await self.give_once(200, change)

    async def version(self, service_id: int) -> int:
        """The version that If-Match asks for; see if_match()."""

        async def current() -> int:
            return (await service.get(self.deps, service_id)).version

        return await self.if_match(current)

    @endpoint("retireService", answers=(204,), raises=(PreconditionFailed,))
    async def delete(self, service_id: int) -> None:
        """Take no more bookings of a service. Doing it again succeeds again.

        Appointments stay as they were made."""
        version = await self.version(service_id)

        async def retire(deps: Deps) -> Answer:
            await service.retire(deps, self.actor, service_id, version)
            return NOTHING

        await self.give_once(204, retire)
