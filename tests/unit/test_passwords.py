"""passwords.py: bcrypt at its edges, and off the loop."""

import asyncio
import dataclasses
import os
import sys
import threading
import time
from collections.abc import Iterator

import bcrypt
import pytest

from service.errors import Unavailable
from service.passwords import LONGEST, NICE, Passwords
from service.settings import Settings

FAST = Settings(bcrypt_rounds=4)


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    made = Passwords(FAST)
    yield made
    made.close()


async def _seconds(passwords: Passwords, hashed: str | None) -> float:
    began = time.perf_counter()
    assert not await passwords.matches("wrong", hashed)
    return time.perf_counter() - began


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


async def test_an_unknown_user_takes_as_long_as_a_known_one() -> None:
    passwords = Passwords(dataclasses.replace(FAST, bcrypt_rounds=8))
    try:
        hashed = await passwords.hash("right")
        pairs = [
            (await _seconds(passwords, hashed), await _seconds(passwords, None)) for _ in range(15)
        ]
        known, unknown = map(min, zip(*pairs, strict=True))  # a busy machine lengthens the others
        assert 0.6 < unknown / known < 1.6
    finally:
        passwords.close()


async def test_too_many_at_once_are_refused_and_the_rest_are_served() -> None:
    passwords = Passwords(dataclasses.replace(FAST, bcrypt_threads=1, bcrypt_queue=2))
    try:
        results = await asyncio.gather(
            *(passwords.hash("x") for _ in range(10)), return_exceptions=True
        )
        assert [type(one) for one in results] == 3 * [str] + 7 * [Unavailable]
        assert isinstance(await passwords.hash("x"), str), "there is room again"
    finally:
        passwords.close()


async def test_who_waits_beyond_the_deadline_is_refused_and_leaves_the_queue() -> None:
    passwords = Passwords(
        dataclasses.replace(
            FAST,
            bcrypt_rounds=12,
            bcrypt_threads=1,
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
        passwords.close()


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
        passwords.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no nice of their own")
async def test_bookings_go_before_bcrypt(passwords: Passwords) -> None:
    seen: list[int] = []
    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    passwords.on_hash = lambda _: seen.append(
        os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    )
    await passwords.hash("correct horse")
    assert seen == [max(own, NICE)]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == own
