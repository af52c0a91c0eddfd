"""A small calendar to try things on: two providers, two weeks of slots from tomorrow."""

from datetime import date, time, timedelta

from service.booking.calendar import provider, publish, slot
from service.booking.calendar.schedule import Rule, intervals
from service.deps import Deps

WEEKDAYS = frozenset(range(5))
EVERY_DAY = frozenset(range(7))
PROVIDERS = (
    ("Dr Okafor", Rule(WEEKDAYS, time(9), time(17), timedelta(minutes=30), "Europe/Berlin")),
    ("Town Office", Rule(EVERY_DAY, time(8), time(12), timedelta(minutes=15), "UTC")),
)


async def fill(deps: Deps, today: date) -> None:
    """Fill an empty calendar; one that has a slot is left as it is."""
    if await slot.any_exist(deps):
        return
    first = today + timedelta(days=1)
    for name, rule in PROVIDERS:
        created = await provider.create(deps, name, rule.zone)
        two_weeks = list(intervals(rule, first, first + timedelta(days=13)))
        await publish.publish(deps, created.id, two_weeks)
