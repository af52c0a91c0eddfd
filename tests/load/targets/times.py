"""Times of services: what lists and bookings of them cost, and hours that are written anew."""

import asyncio
import statistics
import time
from datetime import time as clock
from itertools import count

from service.booking.calendar.hours.document import shown
from service.booking.calendar.hours.windows import Hours, Schedule, Weekly
from service.settings import Settings
from tests.load.caller import Caller
from tests.load.clinic import Clinic
from tests.load.limits import Measure
from tests.load.measure import Load, measured
from tests.load.plan import OPEN_CONNECTIONS
from tests.load.report.words import duration, rate
from tests.load.scenarios.take import BookTime
from tests.load.scenarios.times import KINDS
from tests.load.target import POSTGRES, SERVER
from tests.load.targets.stand import Row, Stand, in_turn, stand

BOOKINGS = 300  # a second, while hours change
WRITING = 50_000  # microseconds that it may take
PAUSE = 0.05  # seconds between two changes
# Twice as many windows as there are days, in which all can be booked that could be before.
HALVES = Schedule(
    tuple(
        Weekly(frozenset(range(7)), Hours(*both))
        for both in ((clock(), clock(12)), (clock(12), clock()))
    )
)


async def times(settings: Settings, repeat: int, seconds: float, _: int) -> list[Row]:
    """free times beside bare handlers with the same bytes, and their 304"""
    async with stand(settings) as here:
        arms = {}
        for kind in KINDS:
            scenario = here.scenario("times", only=kind, people=5)
            await scenario.prepare(0)
            if not kind.endswith("304"):
                arms[f"bare {kind}"] = await here.bare(scenario, f"bare-{kind}")
            arms[kind] = here.arm(scenario)
        found = await in_turn(arms, repeat, seconds)
    known = found["week-304"].cpu[SERVER] / found["week"].cpu[SERVER]
    known_of_all = cost(found["week-304"]) / cost(found["week"])
    return [
        bare_row("free week of one provider", found["week"], found["bare week"], 1.6),
        bare_row("free week of any of 20", found["any"], found["bare any"]),
        bare_row("next free time", found["next"], found["bare next"]),
        Row("CPU of a free week, 304, by a full one", "< 1", f"{known:.2f}", known < 1),
        Row("the same of all processes", "< 1", f"{known_of_all:.2f}", known_of_all < 1),
    ]


def cost(one: Measure) -> float:
    """Microseconds of CPU of all processes for an answer."""
    return sum(one.cpu.values())


def bare_row(words: str, own: Measure, bare: Measure, most: float = 0) -> Row:
    """The server's CPU for something in bare handlers, which may be bounded."""
    share = own.cpu[SERVER] / bare.cpu[SERVER]
    wanted, reached = (f"≤ {most}", share <= most) if most else ("", None)
    return Row(f"CPU of {words}, in bare handlers", wanted, f"{share:.2f}", reached)


async def book_time(settings: Settings, repeat: int, seconds: float, _: int) -> list[Row]:
    """bookings of times beside bookings of slots"""
    async with stand(settings) as here:
        arms = {"slots": here.arm(here.scenario("book"))}
        for only in ("many", "two", "any"):
            arms[only] = here.arm(here.scenario("book-time", only=only))
        found = await in_turn(arms, repeat, seconds)
        await here.check()
    share = found["many"].throughput / found["slots"].throughput
    hot = found["two"].throughput
    in_sql = found["many"].cpu[POSTGRES] / found["slots"].cpu[POSTGRES]
    return [
        Row("times booked a second, 100 providers", "", rate(found["many"].throughput)),
        Row("the same by bookings of slots", "≥ 0.70", f"{share:.2f}", share >= 0.7),
        Row("their CPU in PostgreSQL, by bookings of slots", "", f"{in_sql:.2f}"),
        Row("times booked a second, two providers", "≥ 1,000", rate(hot), hot >= 1000),
        Row("times booked a second, any of 20", "", rate(found["any"].throughput)),
    ]


async def hours(settings: Settings, repeat: int, seconds: float, _: int) -> list[Row]:
    """a year of hours written anew while times are booked"""
    taken, p99s = [], []
    async with stand(settings) as here:
        scenario = here.scenario("book-time")
        assert isinstance(scenario, BookTime)
        load = Load(OPEN_CONNECTIONS, seconds, rate=BOOKINGS)
        for _round in range(repeat):
            await scenario.prepare(load.most)
            assert scenario.clinic
            running = asyncio.ensure_future(measured(here.target, scenario, load, "hours"))
            taken += await written(here, scenario.clinic, running)
            p99s.append((await running)["latency"]["p99"])
        await here.check()
    usual, late = statistics.median(taken), statistics.median(p99s)
    most, words = (
        f"≤ {duration(WRITING)}",
        f"p99 of {BOOKINGS} bookings a second with those providers",
    )
    return [
        Row("a year of hours written anew", most, duration(usual), usual <= WRITING),
        Row(words, "", duration(late)),
    ]


async def written(here: Stand, clinic: Clinic, until: "asyncio.Future[object]") -> list[float]:
    """The microseconds that each change of the hours of one provider after the other takes."""
    found = []
    async with Caller(*here.target.address) as caller:
        for number in count():
            provider_id = clinic.provider_ids[number % len(clinic.provider_ids)]
            staff = await here.stage.add_staff(provider_id)
            began = time.perf_counter()
            path = f"/api/providers/{provider_id}/schedule/"
            await caller.wanted(200, "PUT", path, shown(HALVES), token=staff.token)
            found.append(1e6 * (time.perf_counter() - began))
            await asyncio.sleep(PAUSE)
            if until.done():
                return found
    raise AssertionError("unreachable")
