"""Cancellations of times of a service, perhaps while others stand in line for them."""

from collections import deque
from typing import ClassVar

from tests.load.clinic import ALWAYS, Time
from tests.load.scenarios.base import (
    REFUSED,
    Expected,
    Held,
    Options,
    Scenario,
    World,
    flat_out,
    settle_cancel,
    settle_taking,
)
from tests.load.scenarios.take import Taking
from tests.load.stage import tomorrow
from tests.load.wire import Request

DAYS = 7  # in which all of it lies


class Booking(Taking):
    """Books given times, to have appointments to begin with."""

    name = "the first bookings of times"

    def __init__(self, *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type]
        self.held: list[Held] = []

    def answered(self, request: Request, status: int, head: bytes, body: bytes) -> None:
        held = settle_taking(self.world, request.note, status, body)
        if held is not None:
            self.held.append(held)


class Cancel(Scenario):
    """Each request cancels another appointment."""

    name = "cancel"
    help = "each request cancels the time of a service that somebody has booked"
    expected: ClassVar[Expected] = {"cancel": frozenset({200})}
    service_id = 0

    def __init__(self, world: World, options: Options) -> None:
        super().__init__(world, options)
        self._held: deque[Held] = deque()

    async def prepare(self, requests: int) -> None:
        """Book so many times of a new service within some days."""
        await super().prepare(requests)
        missing = requests - len(self._held)
        if missing <= 0:
            return
        starts = list(ALWAYS.starts(tomorrow(), DAYS))
        clinic = await self.world.stage.add_clinic(ALWAYS, 1 + missing // len(starts))
        self.service_id = clinic.service_id
        times = [Time(clinic.service_id, one, at) for at in starts for one in clinic.provider_ids]
        booking = Booking(self.world, self.options, times[:missing])
        booking.persons = self.persons
        await flat_out(booking)
        self._held.extend(booking.held)

    def next(self) -> Request | None:
        return self.cancelling(self._held.popleft()) if self._held else None

    def answered(self, request: Request, status: int, head: bytes, body: bytes) -> None:
        settle_cancel(self.world, request.note, status)
        if status in REFUSED:
            self._held.append(request.note)
