"""A process that reads one calendar of somebody else and says when it is busy, then ends.

What it reads was written by strangers: an event that comes every second, or a rule that looks for
its next day for ever. So it has limits, which the system keeps, and nothing else runs in it. The
first line that it takes says what is asked (see Asked), the rest is the calendar. Its answer is a
line of JSON: `digest` of all that counts in it; unless that is known, `busy`, a list of pairs of
seconds since 1970, and `unread`, how many events could not be read; or `refused`, what is wrong.
"""

import contextlib
import hashlib
import json
import re
import resource
import sys
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple

SECONDS = 5  # of a processor
MEMORY = 256 * 2**20  # bytes
MOST = 5000  # busy times
FLEETING = re.compile(rb"^(?:DTSTAMP|LAST-MODIFIED|CREATED)[:;].*\n", re.MULTILINE)
TOO_OFTEN = {"SECONDLY", "MINUTELY"}
WHEN = {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"}
BEGIN, END = b"BEGIN:VCALENDAR", b"END:VCALENDAR"


class Refused(Exception):
    """The calendar says nothing that could be used; the message is a kind of failure."""


class Asked(NamedTuple):
    """When: busy from `first` to before `last`, seconds since 1970. What floats, and whole days,
    are in `zone` unless the calendar names one. `own` is what UIDs of ours end with, and `known`
    the digest of what was read before."""

    first: int
    last: int
    zone: str
    own: str
    known: str = ""


def main() -> None:
    """Answer one question."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    asked = Asked(**json.loads(sys.stdin.buffer.readline()))
    text = sys.stdin.buffer.read()
    answer: dict[str, Any] = {"digest": digest(text, asked.zone)}
    try:
        if answer["digest"] != asked.known:
            answer["busy"], answer["unread"] = busy(text, asked)
    except Refused as error:
        answer["refused"] = str(error)
    except (MemoryError, RecursionError):
        answer["refused"] = "too_large"
    sys.stdout.write(json.dumps(answer))


def digest(text: bytes, zone: str) -> str:
    """Of a calendar, without what some write anew each time, whatever has changed."""
    return hashlib.sha256(zone.encode() + FLEETING.sub(b"", text)).hexdigest()


def busy(text: bytes, asked: Asked) -> tuple[list[tuple[int, int]], int]:
    """The busy times of a calendar, each once, in order; and how many of its events are unreadable.
    Raises Refused."""
    import x_wr_timezone  # these libraries take longer than all else: not if nothing has changed

    found: set[tuple[int, int]] = set()
    unread = 0
    for calendar in calendars(text):
        whole = [one for one in calendar.subcomponents if not is_unreadable(one)]
        unread += len(calendar.subcomponents) - len(whole)
        calendar.subcomponents = whole
        zone = zone_of(calendar, asked.zone)
        for begin, end in times(x_wr_timezone.to_standard(calendar), asked, zone):
            if begin < end and begin < asked.last and end > asked.first:
                found.add((begin, end))
    if len(found) > MOST:
        raise Refused("too_many")
    return sorted(found), unread


def calendars(text: bytes) -> list[Any]:
    """What is read from a whole file. Raises Refused."""
    import icalendar

    text = text.removeprefix(b"\xef\xbb\xbf").strip()
    if text[: len(BEGIN)].upper() != BEGIN or text[-len(END) :].upper() != END:
        raise Refused("not_a_calendar")  # or only the beginning of one
    try:
        return list(icalendar.Calendar.from_ical(text, multiple=True))
    except (ValueError, KeyError, IndexError):
        raise Refused("not_a_calendar") from None


def zone_of(calendar: Any, otherwise: str) -> zoneinfo.ZoneInfo:
    """The zone of what names none."""
    for name in (str(calendar.get("X-WR-TIMEZONE", "")), otherwise):
        try:
            return zoneinfo.ZoneInfo(name)
        except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
            continue
    return zoneinfo.ZoneInfo("UTC")


def times(calendar: Any, asked: Asked, zone: zoneinfo.ZoneInfo) -> Iterator[tuple[int, int]]:
    """When its events and its lists of busy times begin and end. Raises Refused."""
    import recurring_ical_events

    for event in calendar.walk("VEVENT"):
        rules = event.get("RRULE") or []
        for rule in rules if isinstance(rules, list) else [rules]:
            if TOO_OFTEN & {str(one).upper() for one in rule.get("FREQ", [])}:
                raise Refused("too_often")
    first, last = (datetime.fromtimestamp(at, zone) for at in (asked.first, asked.last))
    query = recurring_ical_events.of(calendar, skip_bad_series=True, components=["VEVENT"])
    for event in query.between(first, last):
        if is_busy(event, asked.own):
            yield from span(event, zone)
    for listed in calendar.walk("VFREEBUSY"):
        periods = listed.get("FREEBUSY") or []
        for one in periods if isinstance(periods, list) else [periods]:
            if one.params.get("FBTYPE", "BUSY").upper() != "FREE":
                yield from span(one, zone)


def is_unreadable(one: Any) -> bool:
    """Whether it is an event of which some of what says when it is could not be read."""
    told = WHEN & {name for name, _ in one.errors}
    return one.name == "VEVENT" and (bool(told) or "DTSTART" not in one)


def is_busy(event: Any, own: str) -> bool:
    """Whether somebody is taken by an event: a tentative one counts, one of ours does not."""
    return (
        str(event.get("STATUS", "")).upper() != "CANCELLED"
        and str(event.get("TRANSP", "")).upper() != "TRANSPARENT"
        and not str(event.get("UID", "")).endswith(own)
    )


def span(what: Any, zone: zoneinfo.ZoneInfo) -> Iterator[tuple[int, int]]:
    """From when until when it is, unless that makes no sense."""
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        yield seconds(what.start, zone), seconds(what.end, zone)


def seconds(at: date, zone: zoneinfo.ZoneInfo) -> int:
    """An instant, or the beginning of a day; of a clock in `zone` where it names none."""
    there = at if isinstance(at, datetime) else datetime.combine(at, time(), zone)
    there = there if there.tzinfo else there.replace(tzinfo=zone)
    return int(there.astimezone(UTC).timestamp())


if __name__ == "__main__":
    main()
