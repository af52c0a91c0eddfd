"""passwords.py: bcrypt at its edges, and off the loop."""

import asyncio
import dataclasses
import os
import platform
import signal
import subprocess
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Iterator
from pathlib import Path
from subprocess import PIPE
from typing import Any

import bcrypt
import pytest
from tornado.ioloop import IOLoop

from service.access.hasher import NICE, TURN
from service.access.hashers import HASHER
from service.access.passwords import LONGEST, Passwords
from service.errors import Unavailable
from service.settings import Settings

# A long deadline: the machine may be busy.
FAST = Settings(bcrypt_rounds=4, request_deadline=30.0, lock_ttl=40.0)


@pytest.fixture
def passwords(io_loop: IOLoop) -> Iterator[Passwords]:
    made = Passwords(FAST)
    yield made
    io_loop.run_sync(made.close)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Process]:
    """The processes that have been started to hash."""
    seen = []

    async def start(*words: Any, **options: Any) -> Process:
        seen.append(await really(*words, **options))
        return seen[-1]

    really = asyncio.create_subprocess_exec
    monkeypatch.setattr(asyncio, "create_subprocess_exec", start)
    return seen


@pytest.mark.parametrize(
    "password", ["x", 72 * "x", 36 * "é", 24 * "漢", 18 * "🩺", "a\0b", "  ", "päss"]
)
async def test_a_password_matches_its_own_hash_and_no_other(
    passwords: Passwords, password: str
) -> None:
    hashed = await passwords.hash(password)
    assert await passwords.matches(password, hashed)
    assert not await passwords.matches(password + " ", hashed)
    assert not await passwords.matches(password[:-1], hashed)
    assert hashed != await passwords.hash(password), "salted"


@pytest.mark.parametrize("password", [73 * "x", 36 * "é" + "x", 5000 * "x"])
async def test_beyond_72_bytes_nothing_matches_and_nothing_is_cut_off(
    passwords: Passwords, password: str
) -> None:
    hashed = await passwords.hash(password.encode()[:LONGEST].decode())
    assert not await passwords.matches(password, hashed)
    with pytest.raises(ValueError, match="72"):
        await passwords.hash(password)


@pytest.mark.parametrize("hashed", ["", "x", "$2b$", "plain text", "$2b$99$" + 53 * "u", 60 * "é"])
async def test_a_corrupt_hash_matches_nothing(passwords: Passwords, hashed: str) -> None:
    for password in ("", "x", hashed[:20]):
        assert not await passwords.matches(password, hashed)


@pytest.mark.parametrize("password", ["", "x", "u", 53 * "u", "\ud800", "a\0"])
async def test_nobody_has_no_password(passwords: Passwords, password: str) -> None:
    assert not await passwords.matches(password, None)


async def test_the_cost_is_the_settings(passwords: Passwords) -> None:
    assert (await passwords.hash("x")).startswith("$2b$04$")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no /proc")
@pytest.mark.parametrize("then", [8, 7, 4])
async def test_an_unknown_user_costs_as_much_as_a_known_one(
    started: list[Process], then: int
) -> None:
    """Also as one whose hash is from when there were fewer rounds."""
    passwords = Passwords(dataclasses.replace(FAST, bcrypt_rounds=8))
    try:
        hashed = bcrypt.hashpw(b"right", bcrypt.gensalt(then)).decode()
        await passwords.hash("x")
        known, unknown = [await _cost(passwords, started, one) for one in (hashed, None)]
        assert 0.8 < unknown / known < 1.25
    finally:
        await passwords.close()


async def _cost(passwords: Passwords, started: list[Process], hashed: str | None) -> int:
    """Nanoseconds on a core for three wrong passwords: a busy machine does not make them more."""
    before = sum(map(_cpu, started))
    for _ in range(3):
        assert not await passwords.matches("wrong", hashed)
    return sum(map(_cpu, started)) - before


def _cpu(process: Process) -> int:
    return int(Path(f"/proc/{process.pid}/schedstat").read_text().split()[0])


async def test_too_many_at_once_are_refused_and_the_rest_are_served() -> None:
    passwords = Passwords(dataclasses.replace(FAST, bcrypt_processes=1, bcrypt_queue=2))
    try:
        results = await asyncio.gather(
            *(passwords.hash("x") for _ in range(10)), return_exceptions=True
        )
        assert [type(one) for one in results] == 3 * [str] + 7 * [Unavailable]
        assert isinstance(await passwords.hash("x"), str), "there is room again"
    finally:
        await passwords.close()


async def test_who_waits_beyond_the_deadline_is_refused_and_leaves_the_queue() -> None:
    passwords = Passwords(
        dataclasses.replace(
            FAST,
            bcrypt_rounds=12,
            bcrypt_processes=1,
            lock_timeout=0.01,
            statement_timeout=0.02,
            request_deadline=0.05,
        )
    )
    try:
        began = time.perf_counter()
        results = await asyncio.gather(
            *(passwords.hash("x") for _ in range(5)), return_exceptions=True
        )
        assert [type(one) for one in results] == 5 * [Unavailable]
        assert time.perf_counter() - began < 1.0
        while passwords.running:
            await asyncio.sleep(0.01)
        assert passwords.waiting == 0
    finally:
        await passwords.close()


async def test_the_loop_goes_on_meanwhile() -> None:
    passwords = Passwords(dataclasses.replace(FAST, bcrypt_rounds=10))
    try:
        hashing = asyncio.ensure_future(passwords.hash("x"))
        turns = 0
        while not hashing.done():
            await asyncio.sleep(0.001)
            turns += 1
        assert turns > 5
        assert bcrypt.checkpw(b"x", hashing.result().encode())
    finally:
        await passwords.close()


async def test_those_refused_together_are_not_told_to_come_back_together() -> None:
    passwords = Passwords(dataclasses.replace(FAST, bcrypt_rounds=10, bcrypt_processes=1))
    try:
        await passwords.hash("x")
        waiting = [asyncio.ensure_future(passwords.hash("x")) for _ in range(65)]
        await asyncio.sleep(0)
        refusals = []
        for _ in range(50):
            with pytest.raises(Unavailable) as refused:
                passwords.check_room()
            refusals.append(refused.value.retry_after)
        assert min(refusals) >= 1
        assert len(set(refusals)) > 1
        for one in waiting:
            one.cancel()
    finally:
        await passwords.close()


async def test_who_comes_just_when_the_last_is_done_is_hashed_too() -> None:
    passwords = Passwords(dataclasses.replace(FAST, bcrypt_processes=1))
    done = asyncio.Event()

    async def come() -> str:
        await done.wait()
        return await passwords.hash("x")

    try:
        coming = asyncio.ensure_future(come())
        await asyncio.sleep(0)
        passwords.on_hash = lambda _: done.set()
        await passwords.hash("x")
        assert isinstance(await asyncio.wait_for(coming, 1), str), "before its deadline"
    finally:
        await passwords.close()


async def test_a_process_that_dies_costs_one_answer_and_is_replaced(
    passwords: Passwords, started: list[Process]
) -> None:
    hashed = await passwords.hash("x")
    started[0].kill()
    await started[0].wait()
    results = [await outcome(passwords.hash("x")) for _ in range(3)]
    assert [type(one) for one in results] == [Unavailable, str, str]
    assert await passwords.matches("x", hashed)
    assert passwords.running == passwords.waiting == 0


async def test_closing_ends_the_processes_even_at_work(started: list[Process]) -> None:
    passwords = Passwords(dataclasses.replace(FAST, bcrypt_rounds=16))
    hashing = asyncio.ensure_future(passwords.hash("x"))
    while not started:
        await asyncio.sleep(0.01)
    assert started[0].returncode is None
    await passwords.close()
    assert started[0].returncode is not None
    hashing.cancel()


def test_a_hasher_ends_with_its_input() -> None:
    words = [sys.executable, "-P", HASHER]
    with subprocess.Popen(words, stdin=PIPE, stdout=PIPE, start_new_session=True) as process:
        salt = bcrypt.gensalt(4)
        out, _ = process.communicate(f"{b'x'.hex()} {salt.hex()}\n".encode(), timeout=10)
    refused, hashed = out.splitlines()
    assert refused == b""
    assert hashed == bcrypt.hashpw(b"x", salt)
    assert process.returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no /proc")
async def test_bookings_go_before_bcrypt(passwords: Passwords, started: list[Process]) -> None:
    own = os.getpriority(os.PRIO_PROCESS, 0)
    await passwords.hash("correct horse")
    (process,) = started
    assert os.getsid(process.pid) == process.pid, "or our own session would step back with it"
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == NICE
    assert os.getpriority(os.PRIO_PROCESS, 0) == own
    assert group_nice(process.pid) in (NICE, None)
    assert turn(process.pid) == TURN or kernel() < (6, 12)


def group_nice(pid: int) -> int | None:
    """The nice of a process's session; None where the kernel knows no such thing."""
    path = Path(f"/proc/{pid}/autogroup")
    return int(path.read_text().split()[-1]) if path.exists() else None


def turn(pid: int) -> int | None:
    """The nanoseconds that a process gets on a core at a time; None where that is not told."""
    lines = Path(f"/proc/{pid}/sched").read_text().splitlines()
    return next((int(line.split()[-1]) for line in lines if line.startswith("se.slice")), None)


def kernel() -> tuple[int, ...]:
    """Its version."""
    return tuple(map(int, platform.release().split(".")[:2]))


async def outcome(hashing: Awaitable[str]) -> str | Unavailable:
    """The hash, or the refusal."""
    try:
        return await hashing
    except Unavailable as refused:
        return refused


async def test_it_is_proven_by_one_hash_and_again_after_a_process_has_died(
    passwords: Passwords, started: list[Process]
) -> None:
    hashed: list[float] = []
    passwords.on_hash = hashed.append
    await asyncio.gather(passwords.prove(), passwords.prove())
    await passwords.prove()
    assert len(hashed) == 1, "not with each probe"
    assert len(started) == 2, "the one that steps back and the one at hand"
    for process in started:
        process.kill()
        await process.wait()
    assert isinstance(await outcome(passwords.hash("x")), Unavailable)
    await passwords.prove()
    assert len(hashed) == 2


async def test_it_is_not_proven_while_no_process_starts(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", "/nowhere/python")
        with pytest.raises(Unavailable):
            await passwords.prove()
    await passwords.prove()


async def test_who_gets_too_little_of_the_cores_is_hashed_by_one_that_keeps_up(
    started: list[Process],
) -> None:
    """A process that is stopped is one that gets nothing at all."""
    passwords = Passwords(dataclasses.replace(FAST, bcrypt_processes=1, request_deadline=3.0))
    try:
        hashed = await passwords.hash("x")
        started[0].send_signal(signal.SIGSTOP)
        assert await passwords.matches("x", hashed)
        began = time.perf_counter()
        assert await passwords.matches("x", hashed), "at once: the first has not come back"
        assert time.perf_counter() - began < 0.5
        assert os.getpriority(os.PRIO_PROCESS, started[1].pid) == os.getpriority(os.PRIO_PROCESS, 0)
        started[0].send_signal(signal.SIGCONT)
        while not passwords._idle:
            await asyncio.sleep(0.01)
        assert await passwords.matches("x", hashed)
        assert len(started) == 2
    finally:
        await passwords.close()
