"""Times of services for races: where they are, how they are asked for, and who has them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tests.api.calendar.hours.scene import day_after, every_day, path
from tests.cast import Given, Person
from tests.races.wire import Answer, Wire

ANYBODY = 0


class Place(NamedTuple):
    """A time of a service, with a provider or anybody."""

    service_id: int
    provider_id: int
    starts_at: datetime


class Times:
    """A wire that books, moves and cancels where `places` are, each known by its number."""

    def __init__(self, wire: Wire, places: Sequence[Place]) -> None:
        self.wire, self.places = wire, places

    async def book(self, who: Person, number: int) -> Answer:
        service_id, provider_id, starts_at = self.places[number]
        wanted = {"service": service_id, "starts_at": starts_at.isoformat()}
        provider = {"provider": provider_id} if provider_id else {}
        return await self.wire.call("POST", "/api/appointments/", wanted | provider, who=who)

    async def move(self, who: Person, appointment_id: int, number: int) -> Answer:
        _, provider_id, starts_at = self.places[number]
        wanted = {"starts_at": starts_at.isoformat(), "provider": provider_id}
        target = f"/api/appointments/{appointment_id}/reschedule/"
        return await self.wire.call("PATCH", target, wanted, who=who)

    async def cancel(self, who: Person, appointment_id: int) -> Answer:
        return await self.wire.cancel(who, appointment_id)


async def opened(wire: Wire, given: Given, admin: Person) -> int:
    """A provider that is open every day from nine to five, UTC."""
    provider_id = await given.make_provider()
    answer = await wire.call("PUT", path(provider_id), every_day(), who=admin)
    assert answer.status == 200, answer.json
    return provider_id


def hours(count: int, days: int = 3) -> list[datetime]:
    """The first hours that a provider is open, so many days from today."""
    return [day_after(days, 9) + timedelta(hours=n) for n in range(count)]


def whereabouts(database: Any, appointment_ids: Sequence[int]) -> dict[int, tuple[int, datetime]]:
    """With whom each appointment that is not cancelled is, and when."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT appointment.id, slot.provider_id, slot.starts_at"
            "  FROM appointment JOIN slot ON slot.id = appointment.slot_id"
            " WHERE appointment.id = ANY (%s) AND appointment.status <> 'cancelled'",
            [list(appointment_ids)],
        )
        return {found[0]: (found[1], found[2]) for found in cursor.fetchall()}
