"""The one bag that is handed to everything: the opened adapters and the lanes."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from redis.asyncio import Redis

from service.access.limits import Limits
from service.access.passwords import Passwords
from service.access.sessions import Sessions
from service.booking.delivery.log import Log
from service.lane import Lane
from service.senders.http import Client
from service.senders.signature import Signer
from service.settings import Settings
from service.store.postgres import Postgres, Queries
from service.store.readiness import Readiness
from service.store.redis.locks import Locks
from service.telemetry.metrics import Metrics

Item = TypeVar("Item")
Result = TypeVar("Result")
Make = Callable[["Deps"], Lane[Item, Result]]

_MAKES: dict[str, Make[Any, Any]] = {}


def named_lane(name: str) -> Callable[[Make[Item, Result]], Make[Item, Result]]:
    """Give every process the lane that a function beside its rule makes. The name is for metrics;
    the rule finds the lane by the function: `deps.lanes[booking_lane]`."""

    def note(make: Make[Item, Result]) -> Make[Item, Result]:
        assert name not in _MAKES, f"two lanes are called {name}"
        _MAKES[name] = make
        return make

    return note


class Lanes:
    """The lanes of this process: one per action on appointments, per list, and for what staff
    change in calendars."""

    def __init__(self) -> None:
        self._made: dict[Make[Any, Any], Lane[Any, Any]] = {}

    def open(self, deps: "Deps") -> None:
        """Make all that there are."""
        self._made = {make: make(deps) for make in _MAKES.values()}

    def __getitem__(self, make: Make[Item, Result]) -> Lane[Item, Result]:
        return self._made[make]

    def by_name(self) -> dict[str, Lane[Any, Any]]:
        """All of them."""
        return {name: self._made[make] for name, make in _MAKES.items()}

    async def close(self) -> None:
        """Wait until each has decided what it took."""
        for lane in self._made.values():
            await lane.close()


@dataclass(slots=True)
class Traffic:
    """What a shutdown waits for: requests being answered; `draining` once it has begun.

    `ready` is what the last look at both servers said; `closed` is when it is too late to ask.
    """

    in_flight: int = 0
    draining: bool = False
    ready: bool = False
    closed: bool = False


@dataclass(slots=True)
class Outlook:
    """What the worker of openings saw last: for how many days the provider with the fewest has
    them (None: nobody has hours), and how many coming slots begin at another reading than promised.
    """

    days_ahead: int | None = None
    off_wall: int = 0


@dataclass(slots=True)
class Ended:
    """How many holds and requests the worker of this process has ended, since they had run out."""

    count: int = 0


@dataclass(slots=True)
class Calendars:
    """What the worker of calendars of others saw: how often they were asked for, by how that went,
    and how many have said nothing that could be used for a day."""

    looks: Counter[str] = field(default_factory=Counter)
    stale: int = 0


@dataclass(frozen=True, slots=True)
class Deps:
    """`db` runs the queries of whoever holds this bag: the pool's, or an open transaction's."""

    settings: Settings
    postgres: Postgres
    db: Queries
    redis: Redis
    sessions: Sessions
    locks: Locks
    passwords: Passwords
    limits: Limits
    readiness: Readiness
    http: Client
    signer: Signer
    traffic: Traffic = field(default_factory=Traffic)
    outlook: Outlook = field(default_factory=Outlook)
    run_out: Ended = field(default_factory=Ended)
    log: Log = field(default_factory=Log)
    calendars: Calendars = field(default_factory=Calendars)
    metrics: Metrics = field(default_factory=Metrics)
    lanes: Lanes = field(default_factory=Lanes)
