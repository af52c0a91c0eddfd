"""Whether Python and PostgreSQL, each with its own zone data, agree on the providers' clocks."""

import importlib.metadata
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from service.booking.provider import zones as known_zones
from service.diagnosis.finding import Finding, fail, ok, warn
from service.store.probe import PostgresFacts

ZONES = "time zones"
YEARS = 3
MEND = "update tzdata where it is older: this system's, or PostgreSQL's"


def instants(now: datetime) -> list[datetime]:
    """Noon of the first and the fifteenth of each month, for some years from now on."""
    return [
        datetime(year, month, day, 12, tzinfo=UTC)
        for year in range(now.year, now.year + YEARS + 1)
        for month in range(1, 13)
        for day in (1, 15)
    ]


def of_zones(facts: PostgresFacts) -> Iterator[Finding]:
    """What each side does not know, and where they differ."""
    for name, in_postgres in facts.zones.items():
        here = name in known_zones()
        if not here or not in_postgres:
            who = "PostgreSQL" if here else "Python"
            yield fail(ZONES, f"{who} does not know {name}, which a provider has", MEND)
    agreed = {name for name, known in facts.zones.items() if known and name in known_zones()}
    for name, at, shown in facts.shown:
        if name in agreed and f"{at.astimezone(zoneinfo.ZoneInfo(name)):%H:%M}" != shown:
            agreed.remove(name)
            yield warn(ZONES, f"Python and PostgreSQL differ on {name} from {at:%Y-%m}", MEND)
    yield ok(ZONES, f"{version()}; PostgreSQL agrees on {len(agreed)} of {len(facts.zones)} in use")


def version() -> str:
    """Which zone data Python uses: the system's if it has any, else that of the package."""
    for folder in zoneinfo.TZPATH:
        for path in (Path(folder, "tzdata.zi"), Path(folder, "+VERSION")):
            if path.is_file():
                with path.open() as file:
                    return f"tzdata {file.readline().removeprefix('# version ').strip()}"
        if Path(folder, "UTC").exists():
            return "the system's tzdata"
    return f"tzdata {importlib.metadata.version('tzdata')}"
