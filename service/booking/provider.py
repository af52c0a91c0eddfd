"""Providers: whoever appointments are with, each on a wall clock of its own."""

import functools
import zoneinfo
from typing import NamedTuple

from service.deps import Deps
from service.errors import InvalidFields, NotFound, PermissionDenied
from service.sessions import Session


class Provider(NamedTuple):
    id: int
    name: str
    time_zone: str


@functools.cache
def zones() -> frozenset[str]:
    """The IANA names of all time zones."""
    return frozenset(zoneinfo.available_timezones() - {"localtime"})  # a file, not a zone


def check_zone(name: str) -> None:
    """Raise InvalidFields unless this is the IANA name of a time zone."""
    if name not in zones():
        raise InvalidFields({"time_zone": [f'"{name}" is not a valid choice.']})


async def create(deps: Deps, name: str, time_zone: str) -> Provider:
    """Add a provider. Raises InvalidFields for an unknown zone."""
    check_zone(time_zone)
    return Provider(*await deps.db.run("provider_create", name=name, time_zone=time_zone))


async def get(deps: Deps, provider_id: int) -> Provider:
    """One provider. Raises NotFound."""
    row = await deps.db.run("provider_get", provider_id=provider_id)
    if row is None:
        raise NotFound
    return Provider(*row)


async def zone(deps: Deps, provider_id: int) -> zoneinfo.ZoneInfo:
    """The time zone of a provider. Raises NotFound."""
    return zoneinfo.ZoneInfo((await get(deps, provider_id)).time_zone)


async def list_page(deps: Deps, after_id: int, limit: int) -> tuple[list[Provider], int | None]:
    """A page of providers by id, and the id after which the next begins, or None."""
    rows = await deps.db.run("provider_list", after_id=after_id, limit=limit + 1)
    providers = [Provider(*row) for row in rows[:limit]]
    return providers, providers[-1].id if len(rows) > limit else None


async def change(
    deps: Deps, actor: Session, provider_id: int, *, name: str | None, time_zone: str | None
) -> Provider:
    """Rename a provider or move it to another zone; slots keep their instants.

    Raises PermissionDenied, NotFound, InvalidFields.
    """
    if not actor.keeps(provider_id):
        raise PermissionDenied
    if time_zone is not None:
        check_zone(time_zone)
    row = await deps.db.run(
        "provider_change", provider_id=provider_id, name=name or "", time_zone=time_zone or ""
    )
    if row is None:
        raise NotFound
    return Provider(*row)
