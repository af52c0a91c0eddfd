"""A small calendar to try things on: two providers, two weeks of slots from tomorrow, and in the
evening a service of each."""

from datetime import date, time, timedelta

from service.booking.calendar import provider, publish, service, slot
from service.booking.calendar.hours import change
from service.booking.calendar.hours.windows import Hours, Schedule, Weekly
from service.booking.calendar.schedule import Rule, intervals
from service.booking.people.operator import OPERATOR
from service.deps import Deps

WEEKDAYS = frozenset(range(5))
EVERY_DAY = frozenset(range(7))
EVENING = Hours(time(17), time(20))  # after the slots
PROVIDERS = (
    ("Dr Okafor", Rule(WEEKDAYS, time(9), time(17), timedelta(minutes=30), "Europe/Berlin")),
    ("Town Office", Rule(EVERY_DAY, time(8), time(12), timedelta(minutes=15), "UTC")),
)
SERVICES = (
    ("Consultation", {"duration_minutes": 30, "buffer_after_minutes": 10, "lead_minutes": 60}),
    ("Passport application", {"duration_minutes": 15, "per_customer_day": 1}),
)


async def fill(deps: Deps, today: date) -> None:
    """Fill an empty calendar; one that has a slot is left as it is."""
    if await slot.any_exist(deps):
        return
    first = today + timedelta(days=1)
    for (name, rule), (title, terms) in zip(PROVIDERS, SERVICES, strict=True):
        created = await provider.create(deps, name, rule.zone)
        two_weeks = list(intervals(rule, first, first + timedelta(days=13)))
        await publish.publish(deps, created.id, two_weeks)
        offered = {"name": title, "providers": [{"provider": created.id, "weight": 100}]}
        await service.create(deps, OPERATOR, terms | offered)
        evenings = Schedule((Weekly(rule.days, EVENING),), ())
        await change.replace(deps, OPERATOR, created.id, evenings)
