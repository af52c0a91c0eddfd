"""The one bag that is handed to everything: the opened adapters and the lanes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis

from service.access.limits import Limits
from service.access.passwords import Passwords
from service.access.sessions import Sessions
from service.lane import Lane
from service.settings import Settings
from service.store.postgres import Postgres, Queries
from service.store.readiness import Readiness
from service.store.redis.locks import Locks
from service.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from service.booking.answer import Answer


@dataclass(frozen=True, slots=True)
class Lanes:
    """One lane per action on appointments, per list, and for what staff change in calendars;
    booking/ says what goes in."""

    booking: "Lane[Any, Answer]"
    ending: "Lane[Any, Answer]"
    reschedule: "Lane[Any, Answer]"
    appointments: Lane[Any, Any]
    slots: Lane[Any, Any]
    broad: Lane[Any, Any]
    desk: "Lane[Any, Answer]"

    def by_name(self) -> dict[str, Lane[Any, Any]]:
        """All of them."""
        return {name: getattr(self, name) for name in self.__slots__}

    async def close(self) -> None:
        """Wait until each has decided what it took."""
        for lane in self.by_name().values():
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
    lanes: Lanes
    readiness: Readiness
    traffic: Traffic
    metrics: Metrics
