"""An open loop has its own idea of time, whatever the server does."""

import asyncio

import pytest

from tests.load.arrivals import Alarm, Timetable


def test_times_are_even_and_counted_from_the_start() -> None:
    table = Timetable(start=100.0, rate=4.0, end=102.0)
    assert table.take(100.6) == [100.0, 100.25, 100.5]
    assert table.next == 100.75


def test_what_was_late_keeps_its_time() -> None:
    table = Timetable(start=0.0, rate=10.0, end=1.0)
    assert table.take(5.0) == pytest.approx([n / 10 for n in range(10)])
    assert table.over
    assert table.take(6.0) == []


def test_a_rate_that_no_float_divides_well_still_sends_every_request() -> None:
    table = Timetable(start=12345.678, rate=333.3, end=12355.678)
    sent = [due for now in range(12346, 12357) for due in table.take(now)]
    assert len(sent) == 3333
    assert len(set(sent)) == 3333


async def test_the_alarm_rings_once_and_not_before_its_time() -> None:
    loop = asyncio.get_running_loop()
    rung: list[float] = []
    alarm = Alarm(lambda: rung.append(loop.time()))
    wanted = loop.time() + 0.02
    alarm.at(wanted)
    await asyncio.sleep(0.1)
    alarm.close()
    assert len(rung) == 1
    assert rung[0] >= wanted


async def test_the_alarm_rings_for_what_is_past() -> None:
    loop = asyncio.get_running_loop()
    rung = asyncio.Event()
    alarm = Alarm(rung.set)
    alarm.at(loop.time() - 1)
    async with asyncio.timeout(5):
        await rung.wait()
    alarm.close()
