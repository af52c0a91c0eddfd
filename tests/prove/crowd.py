"""All people at once: hands that take one person after the other and let them ask."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from tests.prove.answers import ABANDONED, fill, learn, next_of, remember
from tests.prove.ask import Ask
from tests.prove.client import LONGEST_QUEUE, Answer, Client, NotSent, Where
from tests.prove.people import Person, World
from tests.prove.records import Operation
from tests.prove.times.offers import ANYBODY
from tests.prove.workload import Workload

GUESTS = 40  # who registered last
A_SERVER = 3  # people at each server who want one slot at the same moment
REPEATS = 12  # how often a lost answer is asked for again
NOBODY = 90.0  # seconds without a server until a run is given up
TURNED = 0.4  # of the pages that have a next one
STAYS = 0.03  # seconds at most after which somebody leaves who has not said all
PAGED = frozenset({"page", "calendar", "search", "times"})
MORE = 3  # times that one person wants at once of a service that was booked
EQUAL = 5  # bookings or guesses that one person sends at once: those that wait make one set
TOLD_TO_WAIT = (0.05, 0.25)  # seconds after a 503


class Seat:
    """A logical client: one person's device. It never has two operations at once."""

    def __init__(self, person: Person, process: int) -> None:
        self.person, self.process = person, process


class Crowd:
    """Asks until enough has been asked; every operation is handed to `record`."""

    def __init__(
        self,
        servers: Sequence[Where],
        world: World,
        record: Callable[[Operation], None],
        operations: int,
    ) -> None:
        self.world, self.record, self.wanted = world, record, operations
        self.count = 0
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.struck = False  # all faults are over
        self._servers = list(servers)
        self._client = Client()
        self.workload = Workload(world)
        self._random = random.Random(world.random.random())
        self._processes = 0
        self._guests: list[Seat] = []
        staff = [person for person in world.people if person.staff]
        twice = world.people + world.people[::4] + staff * 3  # some have more than one device
        twice += (world.queue.people + world.desks) * 4
        self._free = [self.seat(person) for person in twice]

    def seat(self, person: Person) -> Seat:
        """A new device of this person."""
        self._processes += 1
        return Seat(person, self._processes)

    async def ask_all(self) -> None:
        """Ask everything that is to be asked."""
        hands = LONGEST_QUEUE * len(self._servers)
        await asyncio.gather(*(self._hand() for _ in range(hands)))

    def close(self) -> None:
        """Drop all connections."""
        self._client.close()

    def server(self, number: int) -> Where:
        """One of the servers, in turn."""
        return self._servers[number % len(self._servers)]

    @property
    def over(self) -> bool:
        """Whether nothing new is asked."""
        return self.struck and self.count >= self.wanted

    async def _hand(self) -> None:
        free = self._free
        while not self.over:
            at = self._random.randrange(len(free))
            free[at], free[-1] = free[-1], free[at]
            seat = free.pop()
            try:
                ask = self.workload.next(seat.person)
                await self._follow(seat, ask, await self._settle(seat, ask))
            finally:
                free.append(seat)

    async def _settle(self, seat: Seat, ask: Ask) -> Operation:
        """Ask, and ask again under the same nonce while nobody knows what became of it; the last
        try."""
        operation = await self.once(seat, ask)
        tries = 0
        while (
            (operation.outcome == "info" or (tries and operation.status in (409, 503)))
            and ask.nonce
            and tries < REPEATS
        ):
            tries += 1
            code = (operation.body or {}).get("code")
            if operation.status == 409 and code not in ("idempotency_in_flight", "busy"):
                break
            await asyncio.sleep(self._random.uniform(*TOLD_TO_WAIT))
            operation = await self.once(seat, ask)
        return operation

    async def _follow(self, seat: Seat, ask: Ask, last: Operation) -> None:
        """Now and then what races: twins of one request, equal ones, a dead token; always that one
        where something is out of order."""
        chance, foreign = self._random.random(), ask.args.get("foreign")
        done = last.outcome == "ok"
        if last.status == 503:
            if dead := self.workload.dead(seat.person):
                await self.once(seat, dead, self._servers[last.server])
        elif ask.verb in ("register", "password") and ask.nonce and done and chance > 0.4:
            if other := self.workload.other_secret(seat.person, ask):
                await self.once(seat, other)
        elif ask.verb in ("logout", "password") and chance < 0.5:
            if dead := self.workload.dead(seat.person):
                await self.once(seat, dead)
        elif ask.verb == "guess" and chance < 0.5:
            await self._at_once(seat, *[ask] * EQUAL)
        elif ask.nonce and chance < 0.01:
            await self._at_once(seat, ask, ask)
        elif ask.verb == "book" and chance < 0.03 and seat.person.tokens:
            # Half of them all for one slot, half of them up to the cap and beyond it.
            slots = self._random.choices(self.world.wide, k=1 if chance < 0.02 else EQUAL)
            equal = [self.workload.book(seat.person, slots[n % len(slots)]) for n in range(EQUAL)]
            await self._at_once(seat, *equal, server=self._random.choice(self._servers))
        elif ask.verb == "move" and chance < 0.04 and seat.person.tokens and not foreign:
            # To two places at once, from wherever it is now.
            number = ask.args["appointment"]
            moves = [self.workload.move(seat.person, number) for _ in range(2)]
            await self._at_once(seat, *filter(None, moves))
        elif ask.verb == "shift" and chance < 0.04 and seat.person.tokens and not foreign:
            shifts = [self.workload.shift(seat.person, ask.args["appointment"]) for _ in range(2)]
            await self._at_once(seat, *filter(None, shifts))
        elif ask.verb in ("book", "move") and chance < 0.07:
            await self._rush()
        elif ask.verb == "take" and chance < 0.07:
            await self._rush_for_time()
        elif ask.verb == "take" and done and self._wants_more(seat.person, ask, chance):
            # More of it, up to what one may have and beyond.
            more = [self.world.offers.blue(ask.args["service"]) for _ in range(MORE)]
            takes = [self.workload.take(seat.person, one) for one in more]
            await self._at_once(seat, *filter(None, takes), server=self.server(last.server))
        elif ask.verb in ("list", "get") and chance < 0.1 and seat.person.tokens and not foreign:
            number = ask.args.get("appointment", 0)
            change = self.workload.move(seat.person, number) or self.workload.book(seat.person)
            server = self._random.choice(self._servers)
            for one in (ask, change, ask):  # looks, changes what it sees, looks again
                await self.once(seat, one, server)

    async def _rush(self) -> None:
        """Some people want one slot at the same moment, and look at their lists meanwhile.

        Half of the time, at each server, it comes in one set with another slot that is before it in
        the order of locks.
        """
        servers, able = self._servers, self._some()
        *slots, last = sorted(self._random.sample(self.world.wide, len(able) + 1))
        # While the first of each server is decided, the others become a set.
        before = len(servers) * (A_SERVER - 1) if self._random.random() < 0.5 else 0
        wanted = slots[:before] + [last] * (len(able) - before)
        work, nth = self.workload, self._random.choice((1, 2))  # all of them move, or every other
        try:
            asked = [
                (
                    (n % nth == 0 and work.move(one.person, slot=slot))
                    or work.book(one.person, slot),
                    work.list(one.person),
                    servers[n % len(servers)],
                )
                for n, (one, slot) in enumerate(zip(able, wanted, strict=False))
            ]
            both = zip(able, asked, strict=False)
            await asyncio.gather(
                *(self._at_once(one, wish, look, server=at) for one, (wish, look, at) in both)
            )
        finally:
            self._free += able

    def _wants(self, person: Person) -> bool:
        """Whether this is a customer who can ask for more."""
        return bool(person.tokens) and not person.staff and not person.around

    def _wants_more(self, person: Person, ask: Ask, chance: float) -> bool:
        """Whether this customer asks for more of a service, most often where that is limited."""
        limited = self.world.offers.services[ask.args["service"]]["body"]["per_customer_open"]
        return chance < (0.6 if limited else 0.2) and self._wants(person)

    def _some(self) -> list[Seat]:
        """Some customers for each server, who are not free meanwhile."""
        able = [one for one in self._free if self._wants(one.person)]
        able = able[: A_SERVER * len(self._servers)]
        for one in able:
            self._free.remove(one)
        return able

    async def _rush_for_time(self) -> None:
        """Some people want one time at the same moment, or times that are side by side."""
        able, offers = self._some(), self.world.offers
        wanted, step = offers.blue(), 60 * self._random.choice((0, 0, 5, 15, 20))
        if self._random.random() < 0.6:
            wanted = wanted._replace(provider=ANYBODY)
        try:
            asked = [
                self.workload.take(one.person, wanted._replace(at=wanted.at + n % 3 * step))
                for n, one in enumerate(able)
            ]
            await asyncio.gather(
                *(
                    self.once(one, ask, self.server(n))
                    for n, (one, ask) in enumerate(zip(able, asked, strict=True))
                    if ask
                )
            )
        finally:
            self._free += able

    async def _at_once(self, seat: Seat, *asks: Ask, server: Where | None = None) -> None:
        """Requests of one person from several devices at the same moment."""
        seats = [seat, *(self.seat(seat.person) for _ in asks[1:])]
        both = zip(seats, asks, strict=True)
        await asyncio.gather(*(self.once(one, ask, server) for one, ask in both))

    async def once(self, seat: Seat, ask: Ask, server: Where | None = None) -> Operation:
        """Ask, record what came of it, and let people learn from it."""
        person = seat.person
        server, answer = await self._send(ask, server)
        self.count += 1
        operation = Operation(
            number=self.count,
            process=seat.process,
            server=server.number,
            user=person.name,
            token=ask.token.digest if ask.token else "",
            verb=ask.verb,
            args=ask.args,
            nonce=ask.nonce,
        )
        body = fill(operation, ask, answer, person, self.world.sheet)
        learn(self.world, person, ask, operation, body)
        remember(self.world, person, ask, answer, operation)
        self.record(operation)
        self.outcomes[ask.verb, operation.outcome] += 1
        self.statuses[ask.verb, operation.status] += 1
        if operation.outcome == "info":
            self._processes += 1
            seat.process = self._processes
        elif operation.status == 200 and ask.verb in PAGED:
            await self._turn(seat, ask, answer, body)
        elif operation.status in (429, 503):
            await asyncio.sleep(self._random.uniform(*TOLD_TO_WAIT))
        elif operation.status == 201 and ask.verb == "register" and not operation.replayed:
            self._welcome(Person(ask.args["username"]))
        return operation

    async def _turn(self, seat: Seat, ask: Ask, answer: Answer, body: Any) -> None:
        """Sometimes look at the next page too."""
        target, last = next_of(ask, answer, body)
        alive = ask.token is None or seat.person.tokens
        if target and alive and self._random.random() < TURNED:
            await self.once(seat, self.workload.following(seat.person, ask, target, last))

    async def _send(self, ask: Ask, wanted: Where | None) -> tuple[Where, Answer]:
        """One process that takes it; those that refuse the connection are asked a little later.

        Raises RuntimeError when none takes connections for long.
        """
        until = time.monotonic() + NOBODY
        while time.monotonic() < until:
            servers = [
                one
                for one in self._servers
                if self._client.waiting.get(one.number, 0) < LONGEST_QUEUE
            ]
            server = wanted or self._random.choice(servers or self._servers)
            try:
                if ask.verb == ABANDONED:
                    seconds, reset = self._random.uniform(0, STAYS), self._random.random() < 0.5
                    return server, await self._client.leave(server, ask.data, seconds, reset=reset)
                return server, await self._client.ask(server, ask.data, ask.source)
            except NotSent:
                wanted = None
                await asyncio.sleep(0.05)
        raise RuntimeError("none of the servers takes connections")

    def _welcome(self, person: Person) -> None:
        """A new account takes part; an older guest leaves for it, if one of them is not asking."""
        if len(self._guests) < GUESTS:
            seat = self.seat(person)
            self._guests.append(seat)
            self._free.append(seat)
        elif idle := [seat for seat in self._guests if seat in self._free]:
            self._random.choice(idle).person = person
