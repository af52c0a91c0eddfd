"""`from` and `to` of a list: an instant, or a day of the providers asked for."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from service.booking.calendar import provider
from service.deps import Deps
from service.errors import InvalidFields, NotFound
from service.http.fields import is_day


class Span(Protocol):
    """A query with a begin and an end, of some providers or of all."""

    provider: tuple[int, ...]
    from_at: datetime | None
    to_at: datetime | None


async def place(deps: Deps, query: Span, given: Mapping[str, list[bytes]]) -> None:
    """Make each day of the query the instant at which it begins there: in UTC, where it is of all
    providers or of none that there is, or where their zones are not the same. Raises InvalidFields
    at the ends of the calendar."""
    days = [name for name in ("from", "to") if is_day(given.get(name))]
    if not days:
        return
    zones = {await _zone(deps, one) for one in set(query.provider)} - {None}
    if len(zones) != 1:
        return
    [zone] = zones
    for name in days:
        midnight: datetime = getattr(query, f"{name}_at")
        try:
            begins = midnight.replace(tzinfo=zone).astimezone(UTC)
        except OverflowError:
            raise InvalidFields({name: ["There is no such day here."]}) from None
        setattr(query, f"{name}_at", begins)


async def _zone(deps: Deps, provider_id: int) -> ZoneInfo | None:
    try:
        return await provider.zone(deps, provider_id)
    except NotFound:
        return None
