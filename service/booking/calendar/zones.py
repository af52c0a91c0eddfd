"""The time zones to choose from, and what Python takes their clocks to show.

PostgreSQL, which shows every wall clock, has zone data of its own; wall.py compares the two.
"""

import functools
import itertools
import zoneinfo
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from importlib import resources
from pathlib import Path

from service.booking.calendar.hours.clock import SECOND, change
from service.errors import InvalidFields

YEARS = 10
WEEK = timedelta(weeks=1)


def system_version() -> str:
    """Which release of the zone data the system has, such as 2026c; empty if it has none."""
    for folder in zoneinfo.TZPATH:
        for name in ("tzdata.zi", "+VERSION"):
            path = Path(folder, name)
            if path.is_file():
                return _release(path.read_text())
    return ""


def package_version() -> str:
    """The same of the package tzdata."""
    return _release((resources.files("tzdata") / "zoneinfo" / "tzdata.zi").read_text())


def _release(text: str) -> str:
    return text.partition("\n")[0].removeprefix("# version ").strip()


# The system's come first in Python, however old they are: the newer of both shall.
if system_version() < package_version():
    zoneinfo.reset_tzpath(to=())


def version() -> str:
    """Which release of the zone data Python uses."""
    return system_version() or package_version()


@functools.cache
def names() -> frozenset[str]:
    """The IANA names of all time zones that Python knows."""
    return frozenset(zoneinfo.available_timezones() - {"localtime"})  # a file, not a zone


def known(name: str) -> zoneinfo.ZoneInfo:
    """The zone of a provider, or UTC where Python does not know it: PostgreSQL may know others."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")


def zone(name: str) -> zoneinfo.ZoneInfo:
    """The zone of this name. Raises InvalidFields where Python does not know it."""
    if name not in names():
        raise InvalidFields({"time_zone": [f'Python does not know "{name}".']})
    return zoneinfo.ZoneInfo(name)


def offsets(name: str, instants: Sequence[datetime]) -> list[int]:
    """By how many seconds a zone's clocks are ahead of UTC at each instant."""
    zone = zoneinfo.ZoneInfo(name)
    return [_offset(zone, at) for at in instants]


def instants(name: str, since: date) -> list[datetime]:
    """Once a week for some years, and the second before and of each change of the clocks.

    Whoever shows the same at all of them shows the same throughout.
    """
    zone = zoneinfo.ZoneInfo(name)
    first = datetime.combine(since, time(), UTC)
    weekly = [first + number * WEEK for number in range(52 * YEARS)]
    return sorted({*weekly, *_changes(zone, weekly)})


@functools.lru_cache(maxsize=1024)
def twins(name: str, since: date) -> list[str]:
    """The other zones whose clocks show the same for some years; reads all zones, so slow."""
    at = instants(name, since)
    wanted = offsets(name, at)
    return [other for other in sorted(names() - {name}) if _shows(other, at, wanted)]


def _shows(name: str, instants: Sequence[datetime], wanted: Sequence[int]) -> bool:
    zone = zoneinfo.ZoneInfo(name)
    return all(_offset(zone, at) == one for at, one in zip(instants, wanted, strict=True))


def _changes(zone: zoneinfo.ZoneInfo, weekly: Sequence[datetime]) -> Iterator[datetime]:
    for low, high in itertools.pairwise(weekly):
        if _offset(zone, low) != _offset(zone, high):
            changed = change(low, high, zone)
            yield from (changed - SECOND, changed)


def _offset(zone: zoneinfo.ZoneInfo, at: datetime) -> int:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())
