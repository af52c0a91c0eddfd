"""`from` and `to` of a list: an instant, or a day of the one provider asked for."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol

from service.booking.calendar import provider
from service.deps import Deps
from service.errors import InvalidFields, NotFound
from service.http.fields import is_day


class Span(Protocol):
    """A query with a begin and an end, of one provider or of all."""

    provider: int | None
    from_at: datetime | None
    to_at: datetime | None


async def place(deps: Deps, query: Span, given: Mapping[str, list[bytes]]) -> None:
    """Make each day of the query the instant at which it begins there: in UTC, where it is of all
    providers or of none that there is. Raises InvalidFields at the ends of the calendar."""
    days = [name for name in ("from", "to") if is_day(given.get(name))]
    if query.provider is None or not days:
        return
    try:
        zone = await provider.zone(deps, query.provider)
    except NotFound:
        return
    for name in days:
        midnight: datetime = getattr(query, f"{name}_at")
        try:
            begins = midnight.replace(tzinfo=zone).astimezone(UTC)
        except OverflowError:
            raise InvalidFields({name: ["There is no such day here."]}) from None
        setattr(query, f"{name}_at", begins)
