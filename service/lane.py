"""The gatherer: requests that arrive while a connection is busy are decided together.

A lane hands a set of items to one coroutine, which answers each with its own result. A lone item
goes out at once; under load the sets grow by themselves, and with them the throughput.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, Self, TypeVar

from service.errors import Busy, OutcomeUnknown, Unavailable
from service.settings import Settings

Item = TypeVar("Item")
Result = TypeVar("Result")

AGAIN = object()  # the result of an item that only a neighbour was in the way of


class _Entry(Generic[Item, Result]):
    __slots__ = ("deadline", "future", "item", "tries")

    def __init__(self, item: Item, future: "asyncio.Future[Result]", deadline: float) -> None:
        self.item = item
        self.future = future
        self.deadline = deadline
        self.tries = 0


class Lane(Generic[Item, Result]):
    """Runs `decide` over sets of at most `batch` items, at most `width` sets at once.

    `decide` returns one result per item, in order; a result that is an exception is raised to
    whoever submitted that item, and AGAIN puts the item back into the queue.
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
    ) -> None:
        self._decide = decide
        self._width, self._batch, self._limit = width, batch, queue
        self._patience, self._tries = patience, tries
        self._waiting: deque[_Entry[Item, Result]] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._scheduled = False
        self._sweeper: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    @classmethod
    def of(
        cls, settings: Settings, decide: Callable[[list[Item]], Awaitable[Sequence[Any]]]
    ) -> Self:
        """A lane as wide, long and patient as the settings say."""
        return cls(
            decide,
            width=settings.lane_width,
            batch=settings.lane_batch,
            queue=settings.lane_queue,
            patience=settings.statement_timeout,
        )

    async def submit(self, item: Item) -> Result:
        """The item's result. Raises Unavailable when the queue is full or the wait too long."""
        if len(self._waiting) >= self._limit:
            raise Unavailable
        future: asyncio.Future[Result] = self._loop.create_future()
        self._waiting.append(_Entry(item, future, self._loop.time() + self._patience))
        self._wake()
        return await future

    async def close(self) -> None:
        """Wait for what is in flight or queued."""
        while self._running or self._waiting:
            await asyncio.wait(self._running) if self._running else await asyncio.sleep(0)

    def _wake(self) -> None:
        # Once per loop turn, so that everything that arrived in this turn goes out as one set.
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._start)

    def _start(self) -> None:
        self._scheduled = False
        while self._waiting and len(self._running) < self._width:
            size = min(self._batch, len(self._waiting))
            entries = [self._waiting.popleft() for _ in range(size)]
            task = self._loop.create_task(self._run(entries))
            self._running.add(task)
            task.add_done_callback(self._finished)
        if self._waiting and self._sweeper is None:
            self._sweeper = self._loop.call_at(self._waiting[0].deadline, self._sweep)

    def _finished(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        if self._waiting:
            self._start()

    def _sweep(self) -> None:
        """Refuse those who waited too long: work is shed before it starts, never after."""
        self._sweeper = None
        now = self._loop.time()
        while self._waiting and self._waiting[0].deadline <= now:
            _settle(self._waiting.popleft(), Unavailable())
        if self._waiting:
            self._sweeper = self._loop.call_at(self._waiting[0].deadline, self._sweep)

    async def _run(self, entries: list[_Entry[Item, Result]]) -> None:
        try:
            results = await self._decide([entry.item for entry in entries])
        except (Unavailable, OutcomeUnknown) as error:
            results = [type(error)() for _ in entries]
        except Exception as error:
            if len(entries) > 1:  # one item may have spoiled the set: decide each alone
                for entry in entries:
                    await self._run([entry])
                return
            results = [error]
        for entry, result in zip(entries, results, strict=True):
            if result is not AGAIN:
                _settle(entry, result)
            elif entry.tries == self._tries:
                _settle(entry, Busy())
            else:
                entry.tries += 1
                self._waiting.appendleft(entry)


def _settle(entry: _Entry[Any, Any], result: Any) -> None:
    if entry.future.done():
        return  # whoever asked has gone
    if isinstance(result, BaseException):
        entry.future.set_exception(result)
    else:
        entry.future.set_result(result)
