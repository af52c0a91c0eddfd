"""Calendars that others subscribe to: what a full one costs, and one that has not changed."""

from service.settings import Settings
from tests.load.report.words import duration
from tests.load.scenarios.calendar_feed import EVENTS, KINDS
from tests.load.target import SERVER
from tests.load.targets.stand import Row, in_turn, stand
from tests.load.targets.times import cost

LONGEST = 10_000  # microseconds of the server for a full one


async def calendar_feed(settings: Settings, repeat: int, seconds: float, _: int) -> list[Row]:
    """a calendar of 500 events, and its 304"""
    async with stand(settings) as here:
        arms = {}
        for kind in KINDS:
            scenario = here.scenario("ics", only=kind)
            await scenario.prepare(0)
            arms[kind] = here.arm(scenario)
        found = await in_turn(arms, repeat, seconds)
    whole, known = (found[kind] for kind in KINDS)
    own = whole.cpu[SERVER]
    share = cost(known) / cost(whole)
    return [
        Row(f"CPU of a calendar of {EVENTS} events", "≤ 10 ms", duration(own), own <= LONGEST),
        Row("CPU of its 304", "", duration(known.cpu[SERVER])),
        Row("the same of all processes, by a full one", "< 1", f"{share:.2f}", share < 1),
    ]
