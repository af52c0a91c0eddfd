"""Providers."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from service.booking.answer import Answer, Page
from service.booking.broad import in_turn
from service.booking.calendar import provider
from service.booking.status import ProviderKind
from service.deps import Deps
from service.errors import PreconditionFailed
from service.http import cursor
from service.http.base import ApiHandler, endpoint
from service.http.fields import Body, Cursor, Limit, Title
from service.openapi.answers import calendar as answers

TAG = "Providers", "Whoever appointments are with."

Zone = Annotated[
    str,
    Meta(min_length=1, max_length=64, extra_json_schema={"format": "iana-time-zone"}),
]


PerDay = Annotated[
    int, Meta(ge=1, le=1000, description="How many appointments it may have a day; null: any.")
]


class ProviderBody(Body):
    name: Title
    time_zone: Zone
    kind: ProviderKind | None = "person"
    per_day: PerDay | None = None


class ProviderChanges(Body):
    name: Title | None = None
    time_zone: Zone | None = None
    kind: ProviderKind | None = None
    per_day: PerDay | UnsetType | None = UNSET


class ProviderQuery(msgspec.Struct):
    limit: Limit = 100
    cursor: Cursor = ""


class Providers(ApiHandler):
    @endpoint("listProviders", query=ProviderQuery, answers=(200, list[answers.Provider]))
    async def get(self) -> None:
        """All providers, by id."""
        after_id = cursor.read(self.query.cursor, int)
        page = await provider.list_page(self.deps, after_id, self.query.limit)
        self.give_page(Page([one.document() for one in page.body], page.next))

    @endpoint(
        "createProvider",
        body=ProviderBody,
        answers=(201, answers.Provider),
        sends=("ETag", "Location"),
    )
    async def post(self) -> None:
        """Add a provider."""

        async def create(deps: Deps) -> Answer:
            created = await provider.create(deps, *msgspec.structs.astuple(self.body))
            return Answer.of(created.document(), 1)

        made = await in_turn(self.deps, self.actor.account_id, self.key, create)
        self.set_header("Location", f"/api/providers/{msgspec.json.decode(made.body)['id']}/")
        self.give(201, made)


class Provider(ApiHandler):
    @endpoint("getProvider", answers=(200, answers.Provider))
    async def get(self, provider_id: int) -> None:
        """One provider."""
        one, version = await provider.get(self.deps, provider_id)
        self.answer(200, one.document(), etag=str(version))

    @endpoint(
        "changeProvider",
        body=ProviderChanges,
        answers=(200, answers.Provider),
        raises=(PreconditionFailed,),
        sends=("ETag",),
    )
    async def patch(self, provider_id: int) -> None:
        """Rename a provider, move it to another time zone, or change what it may have a day."""

        async def current() -> int:
            return (await provider.get(self.deps, provider_id)).version

        wanted = await self.if_match(current)

        async def change(deps: Deps) -> Answer:
            changed = await provider.change(
                deps,
                self.actor,
                provider_id,
                name=self.body.name,
                time_zone=self.body.time_zone,
                kind=self.body.kind,
                per_day=0 if self.body.per_day is UNSET else self.body.per_day,
                version=wanted,
            )
            return Answer.of(changed.provider.document(), changed.version)

        await self.give_once(200, change)
