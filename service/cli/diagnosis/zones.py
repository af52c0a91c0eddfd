"""Whether Python and PostgreSQL, each with its own zone data, agree on the providers' clocks."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from service.booking.calendar.zones import instants, names, offsets, version
from service.cli.diagnosis.finding import Finding, fail, ok, warn
from service.store.checks.probe import PostgresFacts, ZoneFacts

ZONES, PROMISES = "time zones", "promises"
SHOWN = 5  # providers
MEND = "update the older zone data, PostgreSQL's or the package tzdata, and restart"
MOVE = "give its providers another: run.py provider zone"


def compared_at(name: str) -> list[datetime]:
    """The instants at which to compare a zone, known here or not."""
    return instants(name if name in names() else "UTC", datetime.now(UTC).date())


def of_zones(facts: PostgresFacts) -> Iterator[Finding]:
    """What one side does not know, and where they differ."""
    found = [one for one in map(_of_zone, facts.zones) if one]
    yield from found
    agreed = len(facts.zones) - sum(one.state == "fail" for one in found)
    yield ok(
        ZONES, f"tzdata {version()}; PostgreSQL agrees on {agreed} of {len(facts.zones)} in use"
    )


def of_promises(off_wall: Mapping[int, int]) -> Finding:
    """Whether coming slots begin at the readings that were promised."""
    if not off_wall:
        return ok(PROMISES, "all coming slots begin at the time of day that was promised")
    whose = ", ".join(f"{slots} of provider {one}" for one, slots in list(off_wall.items())[:SHOWN])
    more = f" and of {len(off_wall) - SHOWN} more" if len(off_wall) > SHOWN else ""
    said = f"slots that begin at another time of day than was promised: {whose}{more}"
    return warn(PROMISES, said, "the law of a zone has changed: move them, or tell who is in them")


def _of_zone(zone: ZoneFacts) -> Finding | None:
    if zone.name not in names():
        return fail(ZONES, f"Python does not know {zone.name}, which a provider has", MOVE)
    if zone.offsets is None:
        return fail(ZONES, f"PostgreSQL does not know {zone.clock}, which a provider has", MOVE)
    at = compared_at(zone.name)
    for instant, here, there in zip(at, offsets(zone.name, at), zone.offsets, strict=True):
        if here != there:
            told = f"Python and PostgreSQL differ on {zone.name} from {instant:%Y-%m-%d}"
            return fail(ZONES, told, MEND)
    if zone.clock != zone.name:
        said = f"PostgreSQL shows {zone.name} by the clock of {zone.clock}, which is the same"
        return ok(ZONES, said)
    return None
