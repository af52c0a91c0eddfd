"""What people know of services and times, and which time they would like."""

import random
import time
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tests.prove.times.cast import days_ahead, today

ANYBODY = 0
ODD = 0.12  # of the wishes are for what can't be had
MOST_CLOSURES = 5
MOST_SEEN = 20


class Wanted(NamedTuple):
    """A time of a service, in seconds since 1970, with a provider or with anybody."""

    service: int
    provider: int
    at: int
    size: int = 1


class Taken(NamedTuple):
    """Whose slot was made for a time, of which service and when it begins."""

    provider: int
    service: int
    starts: int


class Offers:
    """Services as they were made; hours and closures as they are believed to be."""

    def __init__(self, facts: dict[str, Any], dice: random.Random) -> None:
        self.random = dice
        self.services: dict[int, dict[str, Any]] = {
            one["id"]: one for one in facts.get("offers", ()) if "id" in one
        }
        zones = {row[0]: row[2] for row in facts["providers"]}
        self.hours = {int(number): found for number, found in facts.get("hours", {}).items()}
        self.zones = {number: ZoneInfo(zones[number]) for number in self.hours}
        self.rooms: list[int] = facts.get("rooms", [])
        self.closures: list[int] = []
        self.taken: dict[int, Taken] = {}  # slots that were made, as far as somebody has heard
        self._numbers = list(self.services)
        self._weights = [one["wanted"] for one in self.services.values()]

    @staticmethod
    def now() -> float:
        """The clock on the wall."""
        return time.time()

    def service(self) -> int:
        """One of the services, as often as it is wanted."""
        return self.random.choices(self._numbers, self._weights)[0]

    def any_service(self) -> int:
        """One of them, each as often."""
        return self.random.choice(self._numbers)

    def provider(self, service: int) -> int:
        """One who gives it, or anybody."""
        able = self.services[service]["providers"]
        return ANYBODY if self.random.random() < 0.55 else self.random.choice(able)

    def some(self, seen: list[Wanted]) -> Wanted:
        """A time that looked free, or one out of the blue, or what can't be had."""
        chance = self.random.random()
        if chance < ODD:
            return self.odd()
        if seen and chance < 0.7:
            return seen.pop(self.random.randrange(len(seen)))
        return self.blue()

    def blue(self, service: int = 0) -> Wanted:
        """A time that would be one if nobody had taken it."""
        service = service or self.service()
        body = self.services[service]["body"]
        provider = self.provider(service)
        whose = provider or self.random.choice(self.services[service]["providers"])
        opens, closes = self.random.choice(self.hours[whose][0])
        step, long = body["step_minutes"], body["duration_minutes"]
        length = (_minutes(closes) - _minutes(opens)) % 1440
        nth = self.random.randrange(max(1, (length - long) // step + 1))
        day = today() + timedelta(days=self.random.randrange(body["horizon_days"] + 1))
        wall = day.replace(tzinfo=None) + timedelta(minutes=_minutes(opens) + nth * step)
        at = int(wall.replace(tzinfo=self.zones[whose]).timestamp())
        return Wanted(service, provider, at, self._size(body))

    def _size(self, body: dict[str, Any]) -> int:
        return self.random.randrange(1, body["party_max"] + 1) if body["capacity"] > 1 else 1

    def odd(self) -> Wanted:
        """What is off the grid, at night, too far, over, for too many, or not given by whom."""
        one = self.blue()
        match self.random.randrange(7):
            case 0:
                return one._replace(at=one.at + self.random.choice((60, 300, 1)))
            case 1:
                return one._replace(at=one.at + 12 * 3600)
            case 2:
                return one._replace(at=one.at + 40 * 86_400)
            case 3:
                return one._replace(at=one.at - 12 * 86_400)
            case 4:
                return one._replace(size=self.random.randrange(2, 8))
            case 5:
                return one._replace(provider=self.random.choice(list(self.hours)))
        return one._replace(at=int(today().timestamp()) + self.random.randrange(20 * 86_400))

    def closure(self) -> dict[str, Any]:
        """What could be closed: some hours or a day, of one provider or rarely of everybody."""
        chance = self.random.random()
        if chance < 0.5:
            at = int(today().timestamp()) + 3600 * self.random.randrange(24, 10 * 24)
            found: dict[str, Any] = {"starts": at, "ends": at + 3600 * self.random.randrange(1, 5)}
        else:
            day = days_ahead(self.random.randrange(1, 10))
            found = {"from": day, "to": day}
        everybody = "starts" in found and chance < 0.1
        provider = ANYBODY if everybody else self.random.choice([*self.hours, *self.rooms])
        return found | {"provider": provider}


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def written(at: int, zone: ZoneInfo | None = None) -> str:
    """An instant as clients write it, with the offset of a zone."""
    return datetime.fromtimestamp(at, zone or ZoneInfo("UTC")).isoformat()
