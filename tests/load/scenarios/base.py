"""What every scenario shares: its world, its bounds, and the requests written as bytes."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from service.access.sessions import Session
from service.deps import Deps
from tests.load.check import Check
from tests.load.clinic import Time
from tests.load.driver import Driver
from tests.load.errors import LoadError
from tests.load.journal import BOOKED, SOME_SLOT, Journal
from tests.load.recorder import Recorder
from tests.load.stage import Person, Stage
from tests.load.wire import NO_ANSWER, Request, message

Expected = Mapping[str, frozenset[int]]  # statuses that are right, by kind
REFUSED = frozenset({429, 503})  # always allowed: it says that nothing was done
PATIENCE = 120.0  # seconds for setting a stage
NOTES = "Initial consultation"


class Held(NamedTuple):
    """An appointment that no request is changing just now."""

    appointment_id: int
    person: Person
    slot_id: int


class World:
    """Where a scenario takes place: the server's address, people, slots and the promises."""

    def __init__(self, address: tuple[str, int], stage: Stage, seed: int = 1) -> None:
        self.address, self.stage = address, stage
        self.host = f"{address[0]}:{address[1]}"
        self.journal = Journal()
        self.random = random.Random(seed)


class Options:
    """What the command line may change of a scenario; None leaves its default."""

    def __init__(
        self, people: int | None = None, slots: int | None = None, only: str | None = None
    ) -> None:
        self.people, self.slots, self.only = people, slots, only


class Scenario:
    """Requests of one kind of day. A subclass says what it expects and what it needs."""

    name: ClassVar[str] = ""
    help: ClassVar[str] = ""
    people: ClassVar[int] = 200
    connections: ClassVar[int] = 64
    expected: ClassVar[Expected] = {}
    direct: ClassVar[bool] = False  # whether its work can be done without HTTP, for --limits
    eager = False  # whether the generator takes a core that is in use: beside bcrypt it has to

    def __init__(self, world: World, options: Options) -> None:
        self.world, self.options = world, options
        self.persons: list[Person] = []

    async def prepare(self, requests: int) -> None:
        """Make what so many further requests need."""
        missing = (self.options.people or self.people) - len(self.persons)
        if missing > 0:
            self.persons += await self.world.stage.add_people(missing)

    def next(self) -> Request | None:
        """The next request; None when there is nothing more to ask."""
        raise NotImplementedError

    def answered(self, request: Request, status: int, head: bytes, body: bytes) -> None:
        """What became of a request."""

    async def once(self, deps: Deps) -> None:
        """Do the work of one request by the service's own rules, without HTTP."""
        raise NotImplementedError

    def checks(self) -> list[Check]:
        """What must hold of this scenario besides what must always hold."""
        return []

    def allowed(self, kind: str, status: int) -> bool:
        """Whether the contract allows this status here."""
        return status in REFUSED or status in self.expected.get(kind, ())

    def anyone(self) -> Person:
        """One of the people."""
        return self.world.random.choice(self.persons)

    def get(
        self, path: str, kind: str, person: Person | None = None, extra: bytes = b""
    ) -> Request:
        """A reading request."""
        lines = (person.lines if person else b"") + extra
        return Request(message("GET", path, lines, host=self.world.host), kind, person)

    def booking(self, person: Person, slot_id: int) -> Request:
        """A request that books this slot; its note is the person and the slot."""
        body = b'{"slot": %d, "notes": "%b"}' % (slot_id, NOTES.encode())
        data = message("POST", "/api/appointments/", person.lines, body, self.world.host)
        return Request(data, "book", (person, slot_id))

    def holding(self, person: Person, slot_id: int) -> Request:
        """A request that holds this slot; its note is the person and the slot."""
        data = message(
            "POST", "/api/holds/", person.lines, b'{"slot": %d}' % slot_id, self.world.host
        )
        return Request(data, "hold", (person, slot_id))

    def confirming(self, held: Held) -> Request:
        """A request that makes an appointment of this hold, which is its note."""
        path = f"/api/holds/{held.appointment_id}/confirm/"
        body = b'{"notes": "%b"}' % NOTES.encode()
        return Request(
            message("POST", path, held.person.lines, body, self.world.host), "confirm", held
        )

    def taking(self, person: Person, time: Time) -> Request:
        """A request that books this time; its note is the person and the time."""
        with_whom = b', "provider": %d' % time.provider_id if time.provider_id else b""
        body = b'{"service": %d, "starts_at": "%b"%b, "notes": "%b"}' % (
            time.service_id,
            time.starts_at.isoformat().encode(),
            with_whom,
            NOTES.encode(),
        )
        data = message("POST", "/api/appointments/", person.lines, body, self.world.host)
        return Request(data, "book", (person, time))

    def moving(self, held: Held, slot_id: int) -> Request:
        """A request that moves this appointment; its note is the appointment and the slot."""
        path = f"/api/appointments/{held.appointment_id}/reschedule/"
        body = b'{"new_slot": %d}' % slot_id
        data = message("PATCH", path, held.person.lines, body, self.world.host)
        return Request(data, "move", (held, slot_id))

    def moving_together(self, moves: Sequence[tuple[Held, int]]) -> Request:
        """A request that moves these appointments of one person, which is its note."""
        body = b"[%b]" % b",".join(
            b'{"appointment": %d, "new_slot": %d}' % (held.appointment_id, slot_id)
            for held, slot_id in moves
        )
        data = message("POST", "/api/moves/", moves[0][0].person.lines, body, self.world.host)
        return Request(data, "moves", moves)

    def cancelling(self, held: Held) -> Request:
        """A request that cancels this appointment, which is its note."""
        path = f"/api/appointments/{held.appointment_id}/cancel/"
        data = message("POST", path, held.person.lines, b"{}", self.world.host)
        return Request(data, "cancel", held)


def settle_booking(
    world: World, note: Any, status: int, body: bytes, promised: str = BOOKED
) -> Held | None:
    """Write down what the answer to a booking, or a hold, promises; the appointment if it made
    one."""
    person, slot_id = note
    if status == 201:
        appointment_id = world.journal.book(person.account_id, slot_id, body, promised)
        return None if appointment_id is None else Held(appointment_id, person, slot_id)
    if status in NO_ANSWER:
        world.journal.unanswered.append((person.account_id, slot_id))
    return None


def settle_confirming(world: World, held: Held, status: int, body: bytes) -> None:
    """Write down what the answer to a confirmation promises."""
    if status == 201:
        world.journal.confirm(held.appointment_id, body)
    elif status in NO_ANSWER:
        world.journal.doubtful.add(held.appointment_id)


def settle_taking(world: World, note: Any, status: int, body: bytes) -> Held | None:
    """Write down what the answer to a booking of a time promises; the appointment if it made
    one."""
    person, time = note
    if status == 201:
        made = world.journal.take(person.account_id, time, body)
        return None if made is None else Held(made[0], person, made[1])
    if status in NO_ANSWER:
        world.journal.unanswered.append((person.account_id, SOME_SLOT))
    return None


def settle_moves(
    world: World, moves: Sequence[tuple[Held, int]], status: int, body: bytes
) -> list[tuple[Held, int]] | None:
    """The same of a set of moves as settle_move() does of one."""
    if status in NO_ANSWER:
        world.journal.doubtful.update(held.appointment_id for held, _ in moves)
        return None
    if status != 200:
        return list(moves)
    world.journal.move_together([(held.appointment_id, slot_id) for held, slot_id in moves], body)
    return [(held._replace(slot_id=slot_id), held.slot_id) for held, slot_id in moves]


def settle_cancel(world: World, held: Held, status: int) -> None:
    """Write down what the answer to a cancellation promises."""
    if status == 200:
        world.journal.cancel(held.appointment_id)
    elif status in NO_ANSWER:
        world.journal.doubtful.add(held.appointment_id)


def settle_move(world: World, note: Any, status: int, body: bytes) -> tuple[Held, int] | None:
    """Write down what a move's answer promises; the appointment where it is now and the slot that
    is free now, or None when nobody knows."""
    held, slot_id = note
    if status in NO_ANSWER:
        world.journal.doubtful.add(held.appointment_id)
        return None
    if status != 200:
        return held, slot_id
    world.journal.move(held.appointment_id, slot_id, body)
    return held._replace(slot_id=slot_id), held.slot_id


async def session_of(deps: Deps, person: Person, known: dict[int, Session]) -> Session:
    """The person's session, looked up once."""
    if person.account_id not in known:
        known[person.account_id] = await deps.sessions.resolve(person.token)
    return known[person.account_id]


async def flat_out(scenario: Scenario, connections: int = 32) -> None:
    """Send everything a scenario has, unmeasured. Raises LoadError if it takes too long."""
    driver = Driver(scenario.world.address, scenario, connections=connections)
    until = asyncio.get_running_loop().time() + PATIENCE
    await driver.open()
    await driver.run(Recorder(until, 1), until)
    driver.close()
    if not driver.ran_out:
        raise LoadError(f"Setting the stage by {scenario.name} took over {PATIENCE:.0f} seconds.")
