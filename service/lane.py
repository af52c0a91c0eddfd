"""The gatherer: requests that arrive while a connection is busy are decided together.

A lane hands a set of items to one coroutine, which answers each with its own result. A lone item
goes out at once; under load the sets grow by themselves, and with them the throughput.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import ContextVar
from typing import Any, Generic, Self, TypeVar

from service.deadline import share, until
from service.errors import Busy, OutcomeUnknown, Unavailable
from service.settings import Settings

Item = TypeVar("Item")
Result = TypeVar("Result")

GATHER = 0.004  # seconds that a set may wait to grow while another is being decided

READS = 32  # pages read in one set

AGAIN = object()  # the result of an item that only a neighbour was in the way of
LATER = object()  # the result of an item whose turn has not come yet: this was no try
LOCKED = object()  # the same where somebody else holds a row for so long that nothing can be said

PAUSE = 0.004  # seconds until LATER and LOCKED come again

# Seconds that the current request has spent in the queues of lanes so far.
waited: ContextVar[float] = ContextVar("waited", default=0.0)


class _Entry(Generic[Item, Result]):
    __slots__ = ("deadline", "future", "item", "locked", "tries", "until", "waited")

    def __init__(self, item: Item, future: "asyncio.Future[Result]", deadline: float) -> None:
        self.item = item
        self.future = future
        self.deadline = deadline  # of the wait in the queue
        self.until = until()  # of the request
        self.tries = self.locked = 0
        self.waited = 0.0


class Lane(Generic[Item, Result]):
    """Runs `decide` over sets of at most `batch` items, at most `width` sets at once.

    `decide` returns one result per item, in order; a result that is an exception is raised to
    whoever submitted that item. AGAIN puts the item back to the head of the queue, so many times;
    LATER and LOCKED put it to the end, after a pause, until its patience is over. It then hears
    Busy. What was LOCKED so many times is decided by `alone`, which waits for the lock: one item at
    a time, so that it has its turn and nobody else waits for it.
    """

    def __init__(
        self,
        decide: Callable[[list[Item]], Awaitable[Sequence[Any]]],
        *,
        width: int,
        batch: int,
        queue: int,
        patience: float,
        tries: int = 5,
        alone: Callable[[list[Item]], Awaitable[Sequence[Any]]] | None = None,
        owner: Callable[[Item], Hashable] | None = None,
    ) -> None:
        self._decide, self._alone = decide, alone or decide
        self._owner = owner  # whose an item is; None: nobody's
        self._width, self._batch, self._limit = width, batch, queue
        self._patience, self._tries = patience, tries
        self._waiting: deque[_Entry[Item, Result]] = deque()
        self._pausing: list[_Entry[Item, Result]] = []
        self._aside: deque[_Entry[Item, Result]] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._asides: set[asyncio.Task[None]] = set()
        self._scheduled = False
        self._gathering: asyncio.TimerHandle | None = None
        self._sweeper: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self.refused_full = self.refused_late = 0
        self.on_batch: Callable[[int, float], None] | None = None  # size, longest wait

    @property
    def waiting(self) -> int:
        """Items in the queue, those that come again a little later too."""
        return len(self._waiting) + len(self._pausing) + len(self._aside)

    @property
    def limit(self) -> int:
        """Items that may be in the queue."""
        return self._limit

    @property
    def running(self) -> int:
        """Batches being decided; whoever has an answer sees its own no longer."""
        return sum(not task.done() for task in self._running)

    def now(self) -> float:
        """The time by which items wait, in seconds."""
        return self._loop.time()

    @classmethod
    def of(
        cls,
        settings: Settings,
        decide: Callable[[list[Item]], Awaitable[Sequence[Any]]],
        **options: Any,
    ) -> Self:
        """A lane as wide, long and patient as the settings say, with other options of its own."""
        return cls(
            decide,
            **options,
            width=settings.lane_width,
            batch=settings.lane_batch,
            queue=settings.lane_queue,
            patience=settings.request_deadline / 2,  # the other half is for the decision
        )

    @classmethod
    def reading(
        cls,
        settings: Settings,
        read: Callable[[list[Item]], Awaitable[Sequence[Any]]],
        **options: Any,
    ) -> Self:
        """A lane for reads: smaller sets, since a long page holds up those beside it."""
        lane = cls.of(settings, read, **options)
        lane._batch = min(lane._batch, READS)
        return lane

    @classmethod
    def alone(
        cls,
        settings: Settings,
        decide: Callable[[list[Item]], Awaitable[Sequence[Any]]],
        **options: Any,
    ) -> Self:
        """A lane of sets of one, for what is too much to be done beside others."""
        lane = cls.of(settings, decide, **options)
        lane._batch = 1
        return lane

    async def submit(self, item: Item) -> Result:
        """The item's result. Raises Unavailable when the queue is full or the wait too long."""
        if self.waiting >= self._limit:
            self.refused_full += 1
            raise Unavailable
        future: asyncio.Future[Result] = self._loop.create_future()
        entry = _Entry(item, future, self._loop.time() + self._patience)
        self._waiting.append(entry)
        self._wake()
        try:
            return await future
        finally:
            waited.set(waited.get() + entry.waited)
            del future, entry  # an error in it has this frame in its traceback: no cycle

    async def close(self) -> None:
        """Wait for what is in flight or queued."""
        while self._running or self.waiting:
            await asyncio.wait(self._running) if self._running else await asyncio.sleep(PAUSE)

    def _wake(self) -> None:
        # Once per loop turn, so that everything that arrived in this turn goes out as one set.
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._start)

    def _start(self) -> None:
        self._scheduled = False
        while self._waiting and len(self._running) < self._width:
            if not self._worth_it():
                break
            entries = self._take()
            self._observe(entries)
            task = self._loop.create_task(self._run(entries))
            self._running.add(task)
            task.add_done_callback(self._finished)
        if self._waiting and self._sweeper is None:
            self._sweeper = self._loop.call_at(self._waiting[0].deadline, self._sweep)

    def _take(self) -> list[_Entry[Item, Result]]:
        """The next set: when more wait than it takes, one of each owner before seconds."""
        if self._owner and len(self._waiting) > self._batch:
            owners: set[Hashable] = set()
            first, then = deque[_Entry[Item, Result]](), deque[_Entry[Item, Result]]()
            for entry in self._waiting:
                owner = self._owner(entry.item)
                (then if owner in owners else first).append(entry)
                owners.add(owner)
            self._waiting = first + then
        size = min(self._batch, len(self._waiting))
        return [self._waiting.popleft() for _ in range(size)]

    def _worth_it(self) -> bool:
        """Whether to send what waits: beside another set only half a batch or what has waited."""
        if not self._running or 2 * len(self._waiting) >= self._batch:
            return True
        since = self._waiting[0].deadline - self._patience
        if self._loop.time() >= since + GATHER:
            return True
        if self._gathering is None:
            self._gathering = self._loop.call_at(since + GATHER, self._gathered)
        return False

    def _gathered(self) -> None:
        self._gathering = None
        self._start()

    def _observe(self, entries: list[_Entry[Item, Result]]) -> None:
        queued_by = self._loop.time() + self._patience
        for entry in entries:
            entry.waited = queued_by - entry.deadline
        if self.on_batch:
            self.on_batch(len(entries), entries[0].waited)

    def _finished(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        if self._waiting:
            self._start()

    def _sweep(self) -> None:
        """Refuse those who waited too long: work is shed before it starts, never after."""
        self._sweeper = None
        now = self._loop.time()
        while self._waiting and self._waiting[0].deadline <= now:
            self.refused_late += 1
            _settle(self._waiting.popleft(), Unavailable())
        if self._waiting:
            self._sweeper = self._loop.call_at(self._waiting[0].deadline, self._sweep)

    async def _run(
        self,
        entries: list[_Entry[Item, Result]],
        decide: Callable[[list[Item]], Awaitable[Sequence[Any]]] | None = None,
    ) -> None:
        share(min(entry.until for entry in entries))
        try:
            results = await (decide or self._decide)([entry.item for entry in entries])
            if len(results) != len(entries):  # done, but who could say for whom
                raise OutcomeUnknown
        except Exception as error:
            again = isinstance(error, Unavailable) and error.again
            shared = isinstance(error, Unavailable | OutcomeUnknown) and not error.of_one
            if len(entries) > 1 and not shared:  # one item may have spoiled it: decide each alone
                for entry in entries:
                    await self._run([entry])
                return
            results = [LATER if again else type(error)() for _ in entries] if shared else [error]
        at_once = []
        for entry, result in zip(entries, results, strict=True):
            entry.tries += result is AGAIN
            entry.locked += result is LOCKED
            if result not in (AGAIN, LATER, LOCKED):
                _settle(entry, result)
            elif entry.deadline <= self._loop.time():
                _settle(entry, Busy())
            elif result is LOCKED and entry.locked > self._tries:
                self._set_aside(entry)
            elif result is not AGAIN:
                self._pause(entry)
            elif entry.tries > self._tries:
                _settle(entry, Busy())
            else:
                at_once.append(entry)
        self._waiting.extendleft(reversed(at_once))

    def _pause(self, entry: _Entry[Item, Result]) -> None:
        if not self._pausing:
            self._loop.call_later(PAUSE, self._resume)
        self._pausing.append(entry)

    def _set_aside(self, entry: _Entry[Item, Result]) -> None:
        self._aside.append(entry)
        if len(self._aside) == 1:
            task = self._loop.create_task(self._run_aside())
            self._asides.add(task)
            task.add_done_callback(self._asides.discard)

    async def _run_aside(self) -> None:
        while self._aside:
            entry = self._aside[0]
            if entry.deadline <= self._loop.time():
                _settle(entry, Unavailable())
            else:
                await self._run([entry], self._alone)
            self._aside.popleft()

    def _resume(self) -> None:
        self._waiting.extend(self._pausing)
        self._pausing.clear()
        self._start()


def _settle(entry: _Entry[Any, Any], result: Any) -> None:
    if entry.future.done():
        return  # whoever asked has gone
    if isinstance(result, BaseException):
        entry.future.set_exception(result)
    else:
        entry.future.set_result(result)
