"""bcrypt in threads of its own, with a bounded queue: logins can't starve bookings."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import bcrypt

from service.deadline import left
from service.errors import Unavailable
from service.settings import Settings

LONGEST = 72  # bytes; bcrypt knows no more and must not be fed more
NICE = 10  # a tenth of the share of whoever else wants the core
T = TypeVar("T")


class Passwords:
    """Hashes and checks passwords. Raises Unavailable when too many are waiting, or too long."""

    def __init__(self, settings: Settings) -> None:
        self._rounds = settings.bcrypt_rounds
        self._room = settings.bcrypt_queue + settings.bcrypt_threads
        self._threads = ThreadPoolExecutor(settings.bcrypt_threads, "bcrypt", _step_back)
        self._at_once, self.limit = settings.bcrypt_threads, settings.bcrypt_queue
        self._patience = settings.request_deadline
        self._busy = self.refused = 0
        self.on_hash: Callable[[float], None] | None = None  # seconds; called in the thread
        # Compared when there is no such user, so that both take the same time.
        self._nobody = f"$2b${self._rounds:02}$" + 53 * "u"

    async def hash(self, password: str) -> str:
        """The bcrypt hash of a password of at most 72 bytes."""
        raw, salt = password.encode(), bcrypt.gensalt(self._rounds)
        return (await self._run(lambda: bcrypt.hashpw(raw, salt))).decode()

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Whether the password has this hash; None costs as much time and is never true."""
        raw, against = password.encode(errors="replace"), (hashed or self._nobody).encode()
        fits = len(raw) <= LONGEST
        return (await self._run(lambda: _check(raw[:LONGEST], against))) and fits and bool(hashed)

    async def _run(self, work: Callable[[], T]) -> T:
        if self._busy >= self._room:
            self.refused += 1
            raise Unavailable
        patience = left(self._patience)
        self._busy += 1
        loop = asyncio.get_running_loop()
        future = self._threads.submit(self._timed, work)
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._left))
        try:
            # What has not begun by then never will; what has, ends unheard.
            return await asyncio.wait_for(asyncio.wrap_future(future), patience)
        except TimeoutError:
            self.refused += 1
            raise Unavailable from None

    def _left(self) -> None:
        self._busy -= 1

    def _timed(self, work: Callable[[], T]) -> T:
        began = time.perf_counter()
        try:
            return work()
        finally:
            if self.on_hash:
                self.on_hash(time.perf_counter() - began)

    @property
    def running(self) -> int:
        """Passwords being hashed."""
        return min(self._busy, self._at_once)

    @property
    def waiting(self) -> int:
        """Passwords that wait for a thread."""
        return self._busy - self.running

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _step_back() -> None:
    """Let everything else go first, PostgreSQL too: on Linux a thread has a nice of its own."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        nice = max(NICE, os.getpriority(os.PRIO_PROCESS, thread))
        os.setpriority(os.PRIO_PROCESS, thread, nice)


def _check(raw: bytes, hashed: bytes) -> bool:
    try:
        return bcrypt.checkpw(raw, hashed)
    except ValueError:  # what is stored is no bcrypt hash
        return False


def cost(rounds: int) -> float:
    """How many seconds one password takes here, with this many rounds."""
    salt = bcrypt.gensalt(rounds)
    began = time.perf_counter()
    bcrypt.hashpw(b"correct horse", salt)
    return time.perf_counter() - began
