"""Providers: whoever appointments are with, each on a wall clock of its own."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from service.booking.actor import Actor
from service.booking.answer import NO_PROVIDER, Page
from service.booking.calendar import zones
from service.booking.calendar.hours import opened
from service.booking.calendar.wall import check_zone
from service.booking.idempotency import together
from service.deps import Deps
from service.errors import NotFound, PermissionDenied, PreconditionFailed
from service.values.named import named


class Provider(NamedTuple):
    """Somebody, a room or a thing, and how many appointments it may have a day; None: any."""

    id: int
    name: str
    time_zone: str
    kind: str = "person"
    per_day: int | None = None

    def document(self) -> Mapping[str, Any]:
        """As clients see it: kind and limit only where they are others than most have."""
        usual = self._field_defaults
        fields = self._asdict().items()
        return {name: value for name, value in fields if value != usual.get(name, ...)}


class Versioned(NamedTuple):
    """A provider, and its version, which every change raises."""

    provider: Provider
    version: int


async def create(
    deps: Deps, name: str, time_zone: str, kind: str = "person", per_day: int | None = None
) -> Provider:
    """Add a provider. Raises InvalidFields for an unknown zone."""
    clock = await check_zone(deps, time_zone)
    row = await deps.db.run(
        "provider_create", name=name, time_zone=time_zone, clock=clock, kind=kind, per_day=per_day
    )
    return named(Provider, row)


async def get(deps: Deps, provider_id: int) -> Versioned:
    """One provider. Raises NotFound."""
    row = await deps.db.run("provider_get", provider_id=provider_id)
    if row is None:
        raise NotFound(NO_PROVIDER)
    return _versioned(row)


async def zone(deps: Deps, provider_id: int) -> ZoneInfo:
    """The time zone of a provider, or UTC where Python does not know it. Raises NotFound."""
    found, _ = await get(deps, provider_id)
    return zones.known(found.time_zone)


async def list_page(deps: Deps, after_id: int, limit: int) -> Page[Sequence[Provider], int]:
    """A page of providers by id; the next begins after an id."""
    rows = await deps.db.run("provider_list", after_id=after_id, limit=limit + 1)
    return Page.of([Provider(*row) for row in rows], limit, attrgetter("id"))


async def change(
    deps: Deps,
    actor: Actor,
    provider_id: int,
    *,
    name: str | None,
    time_zone: str | None,
    kind: str | None = None,
    per_day: int | None = 0,
    version: int = 0,
) -> Versioned:
    """Change what is given of a provider; in another zone slots keep their instants, hours what the
    wall shows. A limit of 0 stays as it is, of None is none.

    A version other than 0 must be the current one. Raises PermissionDenied, NotFound,
    InvalidFields, PreconditionFailed.
    """
    if not actor.keeps(provider_id):
        raise PermissionDenied
    clock = "" if time_zone is None else await check_zone(deps, time_zone)
    async with together(deps) as inside:
        row = await inside.db.run(
            "provider_change",
            provider_id=provider_id,
            name=name or "",
            time_zone=time_zone or "",
            clock=clock,
            kind=kind or "",
            per_day=per_day,
            version=version,
        )
        if row is None:
            await get(inside, provider_id)
            raise PreconditionFailed
        if time_zone is not None:
            await opened.move(inside, provider_id)
    return _versioned(row)


def _versioned(row: Any) -> Versioned:
    return Versioned(named(Provider, row), row.version)
