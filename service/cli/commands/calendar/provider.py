"""`provider`: those whom appointments are with, by the same rules as over HTTP."""

from service.booking.calendar import provider
from service.booking.calendar.provider import Provider
from service.booking.people.operator import OPERATOR
from service.cli.commands.pages import PAGE, whole
from service.cli.commands.screen import json_text, table
from service.cli.commands.servers import with_deps
from service.deps import Deps
from service.errors import NotFound
from service.handlers.calendar.provider import ProviderBody, ProviderChanges
from service.http.fields import convert
from service.settings import Settings


def create(settings: Settings, *, name: str, zone: str) -> int:
    """Add a provider."""

    async def work(deps: Deps) -> None:
        new = convert({"name": name, "time_zone": zone}, ProviderBody)
        created = await provider.create(deps, new.name, new.time_zone)
        print(f"created provider {created.name} with id {created.id}")

    return with_deps(settings, work)


def show(settings: Settings, *, as_json: bool) -> int:
    """List providers."""

    async def work(deps: Deps) -> None:
        found = await everyone(deps)
        if as_json:
            print(json_text([one.document() for one in found]))
        elif found:
            print(table(("id", "name", "zone", "kind"), (one[:4] for one in found)))
        else:
            print("There is no provider yet: see run.py provider create --help.")

    return with_deps(settings, work)


async def everyone(deps: Deps) -> list[Provider]:
    """All providers by id."""
    return await whole(lambda after: provider.list_page(deps, after, PAGE))


def rename(settings: Settings, *, provider_id: int, name: str) -> int:
    """Give a provider another name."""
    return _change(settings, provider_id, {"name": name})


def move(settings: Settings, *, provider_id: int, zone: str) -> int:
    """Move a provider to another time zone."""
    return _change(settings, provider_id, {"time_zone": zone})


def _change(settings: Settings, provider_id: int, changes: dict[str, str]) -> int:
    async def work(deps: Deps) -> None:
        new = convert(changes, ProviderChanges)
        await known(deps, provider_id)
        one, _ = await provider.change(
            deps, OPERATOR, provider_id, name=new.name, time_zone=new.time_zone
        )
        print(f"provider {one.id} is {one.name}, {one.time_zone}")

    return with_deps(settings, work)


async def known(deps: Deps, provider_id: int) -> Provider:
    """The provider. Raises NotFound in words."""
    try:
        return (await provider.get(deps, provider_id)).provider
    except NotFound:
        raise NotFound(f"There is no provider {provider_id}.") from None
