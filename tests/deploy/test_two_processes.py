"""Two processes behind nginx share nothing but PostgreSQL and Redis: nothing is lost, nor dearer.

With -s it prints the CPU of one booking with one process and with two; BOOKINGS makes it longer.
"""

import os
import random
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from service.settings import Settings
from tests.cast import Given, Person
from tests.deploy.nginx import NGINX, nginx
from tests.live import Live, served
from tests.races import witness
from tests.races.wire import Wire, at_once, tally

pytestmark = [
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed"),
    pytest.mark.usefixtures("unbroken"),
]
BOOKINGS = int(os.environ.get("BOOKINGS", "1000"))
TURNS = 5
FREELY = {
    "rate=100r/s": "rate=100000r/s",
    "keepalive_timeout 75s;": "keepalive_timeout 75s; keepalive_requests 10000000;",
}


def cpu(live: Live) -> float:
    """Seconds of CPU that a process has used, to the nanosecond: a tick is 60 bookings."""
    threads = Path(f"/proc/{live.process.pid}/task").glob("*/schedstat")
    return sum(int(one.read_text().split()[0]) for one in threads) / 1e9


async def dearness(url: str, processes: list[Live], who: list[Person], slots: list[int]) -> float:
    """Microseconds of CPU of all processes for one booking, each of another slot."""
    async with Wire(url, 64) as wire:
        before = sum(map(cpu, processes))
        answers = await at_once(
            wire.book(who[n % len(who)], slot_id) for n, slot_id in enumerate(slots)
        )
        assert tally(answers) == {201: len(slots)}
        return (sum(map(cpu, processes)) - before) / len(slots) * 1_000_000


async def test_two_race_on_the_same_slots_and_a_booking_costs_what_it_does_alone(
    tmp_path: Path, settings: Settings, given: Given, database: Any
) -> None:
    environment = {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "REDIS_TIMEOUT": "1",
        "RATE_LIMIT": "off",
        "XHEADERS": "on",
    }
    crowd = [await given.make_person(f"pair{number}") for number in range(30)]
    wanted = await given.make_slots(20)
    many = await given.make_slots(BOOKINGS * 2, minutes=5)
    with ExitStack() as stack:
        both = []
        for name in ("a", "b"):
            folder = tmp_path / name
            folder.mkdir()
            both.append(stack.enter_context(served(folder, environment)))
        ports = [live.port for live in both]
        port = stack.enter_context(nginx(tmp_path, "nginx-many.conf", ports, FREELY))
        url = f"http://127.0.0.1:{port}"
        async with Wire(url) as wire:
            wishes = [(slot_id, n) for slot_id in wanted for n in range(len(crowd))]
            random.Random(20).shuffle(wishes)
            answers = await at_once(wire.book(crowd[n], slot_id) for slot_id, n in wishes)
        assert tally(answers) == {201: 20, "slot_taken": 20 * (len(crowd) - 1)}
        won = Counter(answer.json["slot"]["id"] for answer in answers if answer.status == 201)
        assert won == dict.fromkeys(wanted, 1)
        assert {len(seated) for seated in witness.seats(database, wanted).values()} == {1}
        assert all(cpu(live) > 0 for live in both)
        folder = tmp_path / "alone"
        folder.mkdir()
        alone_port = stack.enter_context(nginx(folder, "nginx-many.conf", ports[:1], FREELY))
        ones, twos = [], []
        for _turn in range(TURNS):
            some, many = many[: BOOKINGS // TURNS], many[BOOKINGS // TURNS :]
            twos.append(await dearness(url, both, crowd, some))
            some, many = many[: BOOKINGS // TURNS], many[BOOKINGS // TURNS :]
            ones.append(await dearness(f"http://127.0.0.1:{alone_port}", both[:1], crowd, some))
    alone, together = median(ones), median(twos)
    print(f"\nCPU of a booking: one process {alone:.0f} us, two {together:.0f} us")
    assert together < alone * 2
