"""bcrypt in processes of its own, with a bounded queue: logins can't starve bookings."""

import asyncio
import contextlib
import hmac
import logging
import math
import random
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import bcrypt

from service.deadline import left
from service.errors import Unavailable
from service.settings import Settings

log = logging.getLogger(__name__)

LONGEST = 72  # bytes; bcrypt knows no more and must not be fed more
HASHER = str(Path(__file__).with_name("hasher.py"))


class _Job(NamedTuple):
    password: bytes
    salt: bytes
    hashed: "asyncio.Future[bytes]"


class Passwords:
    """Hashes and checks passwords. Raises Unavailable when too many are waiting, or too long."""

    def __init__(self, settings: Settings) -> None:
        self._rounds = settings.bcrypt_rounds
        self._at_once, self.limit = settings.bcrypt_threads, settings.bcrypt_queue
        self._patience = settings.request_deadline
        self._waiting: deque[_Job] = deque()
        self._working: set[asyncio.Task[None]] = set()  # each has a job
        self._processes: list[Process] = []
        self._idle: list[Process] = []
        self.refused = 0
        self._took = 0.0  # seconds, the last time
        self.on_hash: Callable[[float], None] | None = None  # seconds, without the queue
        # Compared when there is no such user, so that both take the same time.
        self._nobody = f"$2b${self._rounds:02}$" + 53 * "u"

    async def hash(self, password: str) -> str:
        """The bcrypt hash of a password. Raises ValueError for one of more than 72 bytes."""
        raw = password.encode()
        if len(raw) > LONGEST:
            raise ValueError(f"a password has at most {LONGEST} bytes")
        return (await self._run(raw, bcrypt.gensalt(self._rounds))).decode()

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Whether the password has this hash; None costs as much time and is never true."""
        raw, against = password.encode(errors="replace"), (hashed or self._nobody).encode()
        found = await self._run(raw[:LONGEST], against)
        return hmac.compare_digest(found, against) and len(raw) <= LONGEST and bool(hashed)

    def check_room(self) -> None:
        """Raise Unavailable when there is no room: for whoever would do other things first."""
        if self.running == self._at_once and self.waiting >= self.limit:
            raise self._refusal()

    def _refusal(self) -> Unavailable:
        self.refused += 1
        # About as long as those who wait will take. Spread, or all would be back at once.
        most = math.ceil((self.running + self.waiting) * self._took / self._at_once)
        return Unavailable(retry_after=random.randint(1, max(1, most)))

    async def _run(self, password: bytes, salt: bytes) -> bytes:
        self.check_room()
        patience = left(self._patience)
        job = _Job(password, salt, asyncio.get_running_loop().create_future())
        if self.running < self._at_once:
            self._working.add(asyncio.create_task(self._work(job)))
        else:
            self._waiting.append(job)
        try:
            return await asyncio.wait_for(job.hashed, patience)
        except TimeoutError:
            raise self._refusal() from None
        finally:
            with contextlib.suppress(ValueError):  # what has been begun ends unheard
                self._waiting.remove(job)

    async def _work(self, job: _Job) -> None:
        """Hash this, then what waits."""
        try:
            await self._settle(job)
            while self._waiting:
                await self._settle(self._waiting.popleft())
        finally:  # at once: whoever comes next must not count on this task
            task = asyncio.current_task()
            assert task
            self._working.discard(task)

    async def _settle(self, job: _Job) -> None:
        try:
            hashed = await self._hashed(job)
            if not job.hashed.done():
                job.hashed.set_result(hashed)
        except OSError:
            log.warning("bcrypt's process has ended or could not be started")
            if not job.hashed.done():
                job.hashed.set_exception(Unavailable())

    async def _hashed(self, job: _Job) -> bytes:
        process = self._idle.pop() if self._idle else await self._start()
        assert process.stdin
        assert process.stdout
        began = time.perf_counter()
        process.stdin.write(f"{job.password.hex()} {job.salt.hex()}\n".encode())
        line = await process.stdout.readline()
        if not line:
            self._processes.remove(process)
            await _end(process)
            raise ConnectionResetError
        self._idle.append(process)
        self._took = time.perf_counter() - began
        if self.on_hash:
            self.on_hash(self._took)
        return line[:-1]

    async def _start(self) -> Process:
        # In a session of its own: for Ctrl-C, which is not for it, and for step_back().
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", HASHER, stdin=PIPE, stdout=PIPE, start_new_session=True
        )
        self._processes.append(process)
        return process

    @property
    def running(self) -> int:
        """Passwords being hashed."""
        return len(self._working)

    @property
    def waiting(self) -> int:
        """Passwords that wait for their turn."""
        return len(self._waiting)

    async def close(self) -> None:
        """End the processes; what they are at is not waited for."""
        working = list(self._working)
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        await asyncio.gather(*map(_end, self._processes))


async def _end(process: Process) -> None:
    assert process.stdin
    assert process.stdout
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    process.stdin.close()
    await process.stdout.read()
    await process.wait()


def cost(rounds: int) -> float:
    """How many seconds one password takes here, with this many rounds."""
    salt = bcrypt.gensalt(rounds)
    began = time.perf_counter()
    bcrypt.hashpw(b"correct horse", salt)
    return time.perf_counter() - began
