"""The parts: what each target of the table means, and how it is measured."""

import statistics
from collections.abc import Awaitable, Callable
from typing import Any

from service.settings import Settings
from tests.load.measure import Load, measured
from tests.load.plan import OPEN_CONNECTIONS
from tests.load.ramp import ramp
from tests.load.report.words import duration, rate
from tests.load.session import HOLD
from tests.load.target import SERVER
from tests.load.targets.stand import CONNECTIONS, Row, in_turn, stand

Part = Callable[[Settings, int, float, int], Awaitable[list[Row]]]

LANES_OFF = {"LANE_BATCH": "1", "LANE_WIDTH": "8"}
WORDS = {
    "list": "own list of 20",
    "free": "free slots of a day",
    "list-304": "own list, 304",
    "free-304": "free slots, 304",
}
BOOKINGS = 300  # a second, while others log in
LOGINS = 100  # connections that log in: more than the queue of passwords holds
LONGEST = 50_000  # microseconds of p99 up to which a rate counts as held
MEGABYTE = 1_000_000


async def booking(settings: Settings, repeat: int, seconds: float, _: int) -> list[Row]:
    """bookings beside a bare handler, the other HTTP parser, and lanes off"""
    other = "tornado" if settings.wire == "llhttp" else "llhttp"
    async with stand(settings) as here:
        scenario = here.scenario("book")
        arms = {
            "bare": await here.bare(scenario),
            "server": here.arm(scenario),
            "other": here.arm(scenario, WIRE=other),
            "off": here.arm(scenario, **LANES_OFF),
        }
        found = await in_turn(arms, repeat, seconds)
        await here.check()
    cpu = {name: one.cpu[SERVER] for name, one in found.items()}
    own, lanes = cpu["server"] / cpu["bare"], found["server"].throughput / found["off"].throughput
    return [
        Row("bookings a second, 64 connections", "", rate(found["server"].throughput)),
        Row("CPU of a bare Tornado handler", "", f"{cpu['bare']:.0f} µs"),
        Row("CPU of a booking, in bare handlers", "≤ 1.5", f"{own:.2f}", own <= 1.5),
        Row(f"the same with WIRE={other}", "", f"{cpu['other'] / cpu['bare']:.2f}"),
        Row("bookings with lanes, by those without", "≥ 3", f"{lanes:.2f}", lanes >= 3),
    ]


async def moves(settings: Settings, repeat: int, seconds: float, _: int) -> list[Row]:
    """reschedules beside bookings, and sets of two beside two of them"""
    async with stand(settings) as here:
        arms = {name: here.arm(here.scenario(name)) for name in ("book", "move", "move-together")}
        arms["swap"] = here.arm(here.scenario("move-together", only="swap"))
        found = await in_turn(arms, repeat, seconds)
        await here.check()
    rates = {name: one.throughput for name, one in found.items()}
    share = rates["move"] / rates["book"]
    two, swap = (2 * rates[name] / rates["move"] for name in ("move-together", "swap"))
    return [
        Row("reschedules a second", "", rate(rates["move"])),
        Row("reschedules by bookings", "≥ 0.70", f"{share:.2f}", share >= 0.7),
        Row("sets of two moves, by two reschedules", "≥ 0.60", f"{two:.2f}", two >= 0.6),
        Row("two that change places, by two reschedules", "", f"{swap:.2f}"),
    ]


async def reads(settings: Settings, repeat: int, seconds: float, _: int) -> list[Row]:
    """lists and their 304s beside bare handlers with the same bytes"""
    async with stand(settings) as here:
        arms = {}
        for kind in WORDS:
            scenario = here.scenario("read", only=kind)
            await scenario.prepare(0)
            arms[f"bare {kind}"] = await here.bare(scenario, f"bare-{kind}")
            arms[kind] = here.arm(scenario)
        # There are twice as many arms as elsewhere: shorter turns, but more of them.
        found = await in_turn(arms, 2 * repeat, seconds / 2)
    rows = []
    for kind, words in WORDS.items():
        own = found[kind].cpu[SERVER]
        if kind.endswith("304"):
            full = found[kind.removesuffix("-304")].cpu[SERVER]
            rows.append(
                Row(f"CPU of {words}, by a full one", "< 1", f"{own / full:.2f}", own < full)
            )
        else:
            share = own / found[f"bare {kind}"].cpu[SERVER]
            rows.append(
                Row(f"CPU of {words}, in bare handlers", "≤ 1.4", f"{share:.2f}", share <= 1.4)
            )
    return rows


async def latency(settings: Settings, repeat: int, seconds: float, _: int) -> list[Row]:
    """p99 at 70 % of the highest rate, beside a lone client's median and a bare handler's p99"""
    async with stand(settings) as here:
        scenario = here.scenario("book")
        found = await ramp(
            here.target, scenario, p99=LONGEST, seconds=seconds, connections=CONNECTIONS
        )
        held = round(found["highest"] * HOLD, 1)
        arms = {
            "lone": here.lone(scenario),
            "held": here.held(scenario, held),
            "bare": await here.bare(scenario, rate=held),
        }
        turns = await in_turn(arms, repeat, 2 * seconds)
        await here.check()
    lone, p99, bare = turns["lone"].p50, turns["held"].p99, turns["bare"].p99
    return [
        Row(f"highest rate with p99 up to {duration(LONGEST)}", "", rate(found["highest"])),
        Row("median of a lone client", "", duration(lone)),
        Row("p99 at 70 % of that, in such medians", "≤ 5", f"{p99 / lone:.1f}", p99 <= 5 * lone),
        Row("p99 of a bare handler at that rate, in such medians", "", f"{bare / lone:.1f}"),
    ]


async def logins(settings: Settings, repeat: int, seconds: float, _: int) -> list[Row]:
    """bookings while logins keep bcrypt busy at its real cost"""
    quiet, storm, refused = [], [], 0
    async with stand(settings, {"BCRYPT_ROUNDS": "12"}) as here:
        scenario = here.scenario("book")
        scenario.eager = True  # without logins too, so that nothing else differs
        load = Load(OPEN_CONNECTIONS, 2 * seconds, rate=BOOKINGS)
        for _round in range(repeat):
            for number, p99s in ((0, quiet), (LOGINS, storm)):
                await scenario.prepare(load.most)
                title = f"{number} log in"
                run = await measured(here.target, scenario, load, title, logins=number)
                p99s.append(of_kind(run, "book")["p99"])
                refused += sum(
                    one["count"] for one in run["outcomes"]
                    if (one["kind"], one["status"]) == ("login", 503)
                )  # fmt: skip
        await here.check()
    calm, busy = statistics.median(quiet), statistics.median(storm)
    times = f"{busy / calm:.2f}"
    return [
        Row(f"p99 of {BOOKINGS} bookings a second", "", duration(calm)),
        Row("the same while bcrypt is full, by that", "≤ 2", times, busy <= 2 * calm),
        Row("logins refused with 503 beyond the queue", "> 0", f"{refused:,}", refused > 0),
    ]


async def hot(settings: Settings, repeat: int, seconds: float, _: int) -> list[Row]:
    """5,000 callers on one slot over 500 connections"""
    async with stand(settings) as here:
        scenario = here.scenario("hot", people=5000, slots=1)
        load = Load(500, 30.0, warm_up=0.0, requests=5000)
        await scenario.prepare(load.most)
        before = here.memory()
        run = await measured(here.target, scenario, load, "hot slot")
        grown = (here.memory() - before) / MEGABYTE
        await here.check()
    won = sum(one["count"] for one in run["outcomes"] if one["status"] == 201)
    slowest = run["latency"]["max"]
    return [
        Row("5,000 callers on one slot: how many got it", "1", f"{won}", won == 1),
        Row("their slowest answer", "< 1 s", duration(slowest), slowest < 1_000_000),
        Row("memory that they left behind", "≤ 30 MB", f"{grown:.0f} MB", grown <= 30),
    ]


async def idle(settings: Settings, repeat: int, seconds: float, _: int) -> list[Row]:
    """the memory of 10,000 idle connections"""
    async with stand(settings) as here:
        scenario = here.scenario("book")
        load = Load(OPEN_CONNECTIONS, 2 * seconds, rate=100)
        await scenario.prepare(load.most)
        run = await measured(here.target, scenario, load, "10,000 idle", idle=10_000)
        await here.check()
    memory = max(one["memory"][SERVER] for one in run["cpu_over_time"]) / MEGABYTE
    return [
        Row("memory with 10,000 idle connections", "< 150 MB", f"{memory:.0f} MB", memory < 150)
    ]


def of_kind(run: dict[str, Any], kind: str) -> dict[str, Any]:
    """The percentiles of one kind of request."""
    found: dict[str, Any] = run["kinds"][kind]
    return found
