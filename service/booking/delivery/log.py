"""What this process knows of the log of events: how far it has come, its end, and who listens.

A plain thing that deps can hold: the rules of the log are in event.py, the loops in workers/.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

RING = 10_000  # events that are kept at hand for who comes back
# What writes all the time and tells nothing, or hardly ever: by itself the sequencer looks, too.
QUIET = ("event_", "delivery_")


class Told(NamedTuple):
    """An event as Server-Sent Events: `whole` for its owner and its staff, `public` for everybody,
    where everybody hears of it."""

    id: int
    provider_ids: tuple[int | None, int | None]
    account_id: int | None
    of_all: bool  # of no calendar and nobody: for all staff
    whole: bytes
    public: bytes

    @property
    def document(self) -> str:
        """The event as its owner and its staff have it, as JSON."""
        return self.whole.decode().rpartition("\ndata: ")[2].strip()

    def to(self, account_id: int, staff_of: int) -> bytes:
        """What somebody is sent of it: as is_event_of() and event_shown() in SQL have it."""
        if staff_of == -1 or (staff_of > 0 and (self.of_all or staff_of in self.provider_ids)):
            return self.whole
        return self.whole if account_id and account_id == self.account_id else self.public


class Reader(Protocol):
    """Somebody who has a stream open; up to `position` all was sent."""

    account_id: int
    staff_of: int
    position: int

    def send(self, chunk: bytes, position: int) -> None: ...
    async def is_welcome(self) -> bool: ...
    def stop(self) -> None: ...


def chunk_of(events: Iterable[Told], account_id: int, staff_of: int) -> bytes:
    """What somebody is sent of events."""
    return b"".join(told.to(account_id, staff_of) for told in events)


class Log:
    """`position` is the last event that there is, as far as was heard; `read` the last one that is
    at hand; `settled` is set by whoever has written something that wants a number."""

    def __init__(self) -> None:
        self.written = asyncio.Event()
        self.position = self.read = 0
        self.ring: deque[Told] = deque(maxlen=RING)
        self.readers: set[Reader] = set()
        self.joining: set[asyncio.Task[None]] = set()  # of readers who are sent what is older
        self.closed = False
        self.losses = 0  # how often the log has lost its end
        self.cut = 0  # readers who were too slow
        self.backlog, self.lag = 0, 0.0  # what waits for its number, and for how many seconds
        self._moved: asyncio.Future[None] | None = None

    def wrote(self, query: str) -> None:
        """Something was committed: it may want a number."""
        if not query.startswith(QUIET):
            self.written.set()

    def reach(self, position: int) -> None:
        """There are events up to here; whoever waits for them is woken."""
        if position > self.position:
            self.position = position
            self._wake()

    @property
    def streams(self) -> int:
        """How many are open."""
        return len(self.readers) + len(self.joining)

    async def beyond(self, position: int, seconds: float) -> bool:
        """Wait for an event after this one, for so many seconds at most; whether there is one."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while self.position <= position and not self.closed and (left := until - loop.time()) > 0:
            if self._moved is None:
                self._moved = loop.create_future()
            await asyncio.wait([self._moved], timeout=left)
        return self.position > position

    def has_after(self, position: int) -> bool:
        """Whether all events after this one are at hand."""
        if self.ring:
            return self.ring[0].id <= position + 1
        return position >= self.read

    def after(self, position: int) -> Iterator[Told]:
        """The events at hand after this one."""
        return (told for told in self.ring if told.id > position)

    def forget(self, position: int) -> None:
        """Nobody listens: what comes next follows this one."""
        self.ring.clear()
        self.read = position

    def begin_anew(self, position: int) -> None:
        """The log ends here, before what was heard: a standby that was behind has taken over. All
        streams end, and who comes back hears whether its place is still there."""
        self.losses += 1
        self.position = position
        self.forget(position)
        self._stop_all()

    def close(self) -> None:
        """End all streams, and let nobody wait."""
        self.closed = True
        self._wake()
        self._stop_all()

    def _stop_all(self) -> None:
        for reader in list(self.readers):
            reader.stop()
        self.readers.clear()

    def _wake(self) -> None:
        if self._moved is not None:
            self._moved.set_result(None)
            self._moved = None
