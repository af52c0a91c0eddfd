"""Starts around every change of any clock are those that a walk finds, minute by minute.

WALKS says how many of the changes of 2026 to 2030 are walked, drawn by WALK_SEED; `all` for each.
"""

import itertools
import os
import random
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from service.booking.calendar import zones
from service.booking.calendar.hours.clock import ONE_DAY, SECOND, ahead
from service.booking.calendar.hours.windows import Hours
from tests.unit.booking.hours.walk import opened, walked, wall_of

WALKS, SEED = os.environ.get("WALKS", "6"), int(os.environ.get("WALK_SEED", "1"))
HOURS = [
    Hours(time(0), time(6)), Hours(time(0, 30), time(1, 30)), Hours(time(2, 30), time(6)),
    Hours(time(0), time(2, 30)), Hours(time(22), time(6)), Hours(time(9), time(17)),
    Hours(time(0), time(0)), Hours(time(18), time(0)), Hours(time(1, 45), time(1, 45)),
]  # fmt: skip
GRIDS = [(60, 60), (45, 45), (30, 15), (20, 50), (7, 5)]


def changes() -> list[tuple[str, date]]:
    """Each zone with each day on which its clocks change, one for all zones that change alike."""
    alike: dict[tuple[tuple[datetime, timedelta], ...], str] = {}
    for name in sorted(zones.names()):
        zone = ZoneInfo(name)
        looks = itertools.pairwise(zones.instants(name, date(2026, 1, 1)))
        changed = [at for before, at in looks if at - before == SECOND and at.year <= 2030]
        alike.setdefault(tuple((at, ahead(at, zone)) for at in changed), name)
    return [
        (name, at.astimezone(ZoneInfo(name)).date())
        for found, name in alike.items()
        for at, _ in found
    ]


def test_openings_start_what_a_walk_along_the_clock_finds() -> None:
    found = changes()
    assert len(found) > 200
    if WALKS != "all":
        found = random.Random(SEED).sample(found, int(WALKS))
    compared = 0
    for name, changed in found:
        for day in (changed - ONE_DAY, changed, changed + ONE_DAY):
            wall = wall_of(ZoneInfo(name), day)
            for hours, (minutes, step) in itertools.product(HOURS, GRIDS):
                ours = opened(hours, name, day, minutes, step)
                asked = (name, day, hours, minutes, step)
                assert ours == walked(wall, hours, day, minutes, step), asked
                compared += len(ours)
    print(f"{len(found)} changes of clocks, {compared} starts compared")
    assert compared > 1000
