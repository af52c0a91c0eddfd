"""Clinics: a service, who gives it, and the hours in which its times can be booked."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from service.booking.calendar.hours.windows import Hours, Schedule, Weekly, openings

ZONE = "Europe/Berlin"
AHEAD = 365  # days for which times can be booked


class Time(NamedTuple):
    """A time of a service, with a provider or with any of them (0)."""

    service_id: int
    provider_id: int
    starts_at: datetime


class Kind(NamedTuple):
    """When a clinic is open, and how long its service takes."""

    schedule: Schedule
    minutes: int

    def service(self, name: str, provider_ids: Sequence[int]) -> dict[str, Any]:
        """The document of its service."""
        return {
            "name": name,
            "duration_minutes": self.minutes,
            "horizon_days": AHEAD,
            "providers": [{"provider": one, "weight": 100} for one in provider_ids],
        }

    def starts(self, begin: datetime, days: int) -> Iterator[datetime]:
        """All times that begin within so many days."""
        length = timedelta(minutes=self.minutes)
        end = begin + timedelta(days=days)
        for one in openings(self.schedule, ZoneInfo(ZONE), begin.date(), end.date()):
            at = max(one.starts_at, begin)
            while at < min(one.stops_at, end) and at + length <= one.ends_at:
                yield at
                at += length


class Clinic(NamedTuple):
    """A service and with whom its times are."""

    service_id: int
    provider_ids: list[int]


OFFICE = Kind(Schedule((Weekly(frozenset(range(5)), Hours(time(9), time(17))),)), 30)
ALWAYS = Kind(Schedule((Weekly(frozenset(range(7)), Hours(time(), time())),)), 15)
