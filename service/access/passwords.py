"""bcrypt in processes of its own, with a bounded queue: logins can't starve bookings."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import logging
import math
import random
import re
import time
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

import bcrypt

from service.access.hashers import Hasher
from service.deadline import left
from service.errors import Unavailable
from service.settings import Settings

log = logging.getLogger(__name__)

GRACE = 3  # part of the deadline after which a second process is asked
ROUNDS_MAX = 31
LONGEST = 72  # bytes; bcrypt knows no more and must not be fed more


class _Job(NamedTuple):
    password: bytes
    salt: bytes
    hashed: "asyncio.Future[bytes]"


class Passwords:
    """Hashes and checks passwords. Raises Unavailable when too many are waiting, or too long."""

    def __init__(self, settings: Settings) -> None:
        self._rounds = settings.bcrypt_rounds
        self._at_once, self.limit = settings.bcrypt_processes, settings.bcrypt_queue
        self._patience = settings.request_deadline
        self._waiting: deque[_Job] = deque()
        self._working: set[asyncio.Task[None]] = set()  # each has a job
        self._begun: set[asyncio.Task[bytes]] = set()  # two for a job that took too long
        self._hashers = [Hasher(self._refused) for _ in range(self._at_once)]
        self._idle = list(self._hashers)
        self._second = Hasher(self._refused, "--keeps-up")
        self._one_by_one, self._proving = asyncio.Lock(), asyncio.Lock()
        self._grace = self._patience / GRACE
        self.proven = False  # whether the last hash came
        self.refusals: set[str] = set()  # what the system does not let the processes do
        self.refused = 0
        self._took = 0.0  # seconds, the last time
        self.on_hash: Callable[[float], None] | None = None  # seconds, without the queue
        # Compared when there is no such user, so that it takes as long as when there is one.
        self._nobody = f"$2b${self._rounds:02}$" + 53 * "u"

    async def hash(self, password: str) -> str:
        """The bcrypt hash of a password. Raises ValueError for one of more than 72 bytes."""
        raw = password.encode()
        if len(raw) > LONGEST:
            raise ValueError(f"a password has at most {LONGEST} bytes")
        return (await self._run(raw, bcrypt.gensalt(self._rounds))).decode()

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Whether the password has this hash. None takes as much time and is never right."""
        raw, against = password.encode(errors="replace"), (hashed or self._nobody).encode()
        found = await self._run(raw[:LONGEST], against)
        if hmac.compare_digest(found, against) and len(raw) <= LONGEST and bool(hashed):
            return True
        # Of fewer rounds than a hash has today: the rest, so that this is no sign of an account.
        for rounds in range(_rounds(against.decode()), self._rounds):
            await self._run(raw[:LONGEST], bcrypt.gensalt(rounds))
        return False

    def outdated(self, hashed: str) -> bool:
        """Whether a hash has other rounds than the settings want."""
        return _rounds(hashed) != self._rounds

    async def seal(self, secret: str, name: str) -> str:
        """A digest of a secret, always the same under one name; guessing from it costs as much as
        from the hash of a password."""
        salt = base64.b64encode(hashlib.sha256(name.encode()).digest(), b"./")[:21]
        raw = base64.b64encode(hashlib.sha256(secret.encode()).digest())
        return (await self._run(raw, b"$2b$%02d$%b." % (self._rounds, salt))).decode()

    async def prove(self) -> None:
        """Raise Unavailable unless the last hash came; hashes once after a start or a failure."""
        async with self._proving:
            if not self.proven:
                await self.hash("correct horse")
                await self._reserve()

    async def _reserve(self) -> None:
        """Start the second process now: it would take long when all are short of time."""
        try:
            async with self._one_by_one:
                await self._second.started()
        except OSError:
            self._failed()
            raise Unavailable from None

    def check_room(self) -> None:
        """Raise Unavailable when there is no room, before the caller does other things first."""
        if self.running == self._at_once and self.waiting >= self.limit:
            raise self._refusal()

    def _refusal(self) -> Unavailable:
        self.refused += 1
        # About as long as those who wait will take; spread out, or all would come back together.
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
        began = time.perf_counter()
        try:
            hashed = await self._hashed(job)
        except OSError:
            self._failed()
            if not job.hashed.done():
                job.hashed.set_exception(Unavailable())
            return
        self.proven = self.proven or bool(hashed)
        self._took = time.perf_counter() - began
        if self.on_hash:
            self.on_hash(self._took)
        if not job.hashed.done():
            job.hashed.set_result(hashed)

    async def _hashed(self, job: _Job) -> bytes:
        """Hash it in a process that steps back for others. If they leave it too little of the
        cores, the process that does not step back hashes it as well; the first result counts."""
        tries = set()
        if self._idle:
            tries.add(self._begin(self._stepping_back(self._idle.pop(), job)))
            await asyncio.wait(tries, timeout=self._grace)
        if not any(one.done() for one in tries):
            tries.add(self._begin(self._keeping_up(job)))
            await asyncio.wait(tries, return_when=asyncio.FIRST_COMPLETED)
        return next(one for one in tries if one.done()).result()

    def _begin(self, hashing: Coroutine[Any, Any, bytes]) -> "asyncio.Task[bytes]":
        task = asyncio.create_task(hashing)
        self._begun.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[bytes]") -> None:
        self._begun.discard(task)
        if not task.cancelled():
            task.exception()  # has been heard, even if nobody waits for this one any more

    async def _stepping_back(self, hasher: Hasher, job: _Job) -> bytes:
        try:
            return await hasher.hash(job.password, job.salt)
        finally:
            self._idle.append(hasher)

    async def _keeping_up(self, job: _Job) -> bytes:
        async with self._one_by_one:
            if job.hashed.done():  # given up, or the other one was faster
                return b""
            return await self._second.hash(job.password, job.salt)

    def _failed(self) -> None:
        self.proven = False
        log.warning("bcrypt's process has ended or could not be started")

    def _refused(self, steps: list[str]) -> None:
        """The system did not let a process step back."""
        if not self.refusals.issuperset(steps):
            self.refusals.update(steps)
            log.warning("bookings may wait for bcrypt, refused %s", "; ".join(steps))

    @property
    def running(self) -> int:
        """Passwords being hashed."""
        return len(self._working)

    @property
    def waiting(self) -> int:
        """Passwords that wait for their turn."""
        return len(self._waiting)

    async def close(self) -> None:
        """End the processes, without waiting for what they are doing."""
        tasks = [*self._working, *self._begun]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(hasher.close() for hasher in [*self._hashers, self._second]))


def _rounds(hashed: str) -> int:
    """How many rounds a hash has; for what is no hash, the most there can be."""
    match = re.fullmatch(r"\$2[aby]\$([0-9]{2})\$.{53}", hashed, re.ASCII)
    return int(match[1]) if match else ROUNDS_MAX
