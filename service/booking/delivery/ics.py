"""iCalendar text (RFC 5545): appointments as other calendars read them.

All instants are in UTC, so that no zone has to be described. Nothing in it depends on when it is
written: the same appointments are the same bytes.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

LINE = 75  # octets of a line, its end not counted (section 3.1)
CONFIRMED, TENTATIVE, CANCELLED = "CONFIRMED", "TENTATIVE", "CANCELLED"
# What an appointment's status is to a calendar: what has been stays as it was.
STATUSES = {
    "pending": TENTATIVE,
    "booked": CONFIRMED,
    "fulfilled": CONFIRMED,
    "noshow": CONFIRMED,
    "cancelled": CANCELLED,
    "declined": CANCELLED,
}

BREAK = re.compile("\r\n?|[\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
ESCAPED = str.maketrans(
    {"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"}
    | {chr(code): None for code in (*range(0x20), 0x7F) if chr(code) not in "\t\n"}
)
PLAIN = re.compile(r"[ !-+\--:<-\[\]-~]*")  # nothing to escape, an octet each


class Event(NamedTuple):
    """An appointment in a calendar: `status` is one of an appointment, `sequence` rises with every
    change, and `changed_at` is when the last one was."""

    id: int
    sequence: int
    status: str
    starts_at: datetime
    ends_at: datetime
    changed_at: datetime
    summary: str


def calendar(events: Iterable[str], name: str = "") -> str:
    """A calendar of what event() wrote. One with a name is a feed that is read again and again; one
    without is an invitation, which would open a calendar of its own if it had one."""
    return f"{opening(name)}{''.join(events)}{CLOSING}"


def opening(name: str = "") -> str:
    """What comes before the events: of a feed, how often to come back (RFC 7986)."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//booking//appointments//EN"]
    lines += ["CALSCALE:GREGORIAN", "METHOD:PUBLISH"]
    if name:
        text = escaped(name)
        lines += [f"NAME:{text}", f"X-WR-CALNAME:{text}"]
        lines += ["REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H"]
    return "".join(map(folded, lines))


CLOSING = "END:VCALENDAR\r\n"


def event(one: Event, installation: str) -> str:
    """The lines of one event. Its UID stays, whatever becomes of the appointment, and no other
    installation has it."""
    status, changed = STATUSES[one.status], stamp(one.changed_at)
    uid = folded(f"UID:{uid_of(one.id, installation)}")
    summary = folded(f"SUMMARY:{escaped(one.summary)}")
    return (
        f"BEGIN:VEVENT\r\n{uid}SEQUENCE:{one.sequence}\r\n"
        f"DTSTAMP:{changed}\r\nLAST-MODIFIED:{changed}\r\n"
        f"DTSTART:{stamp(one.starts_at)}\r\nDTEND:{stamp(one.ends_at)}\r\n"
        f"{summary}STATUS:{status}\r\nCLASS:PRIVATE\r\n"
        f"TRANSP:{'TRANSPARENT' if status is CANCELLED else 'OPAQUE'}\r\nEND:VEVENT\r\n"
    )


def uid_of(appointment_id: int, installation: str) -> str:
    """What an appointment is called in every calendar."""
    return f"appointment-{appointment_id}@{installation}"


def stamp(at: datetime) -> str:
    """An instant in UTC, to the second."""
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return f"{at.year:04}{at.month:02}{at.day:02}T{at.hour:02}{at.minute:02}{at.second:02}Z"


def escaped(text: str) -> str:
    """A text as a value (section 3.3.11): whatever breaks lines anywhere is a line break in it, and
    what no value may have is left out."""
    return text if PLAIN.fullmatch(text) else BREAK.sub("\n", text).translate(ESCAPED)


def folded(line: str) -> str:
    """A content line with its end, broken where it is longer than 75 octets; never within a
    character."""
    if len(line) <= LINE and line.isascii():
        return f"{line}\r\n"
    octets, parts, begin, room = line.encode(), [], 0, LINE
    while len(octets) - begin > room:
        end = begin + room
        while octets[end] & 0xC0 == 0x80:  # in the middle of a character
            end -= 1
        parts.append(octets[begin:end])
        begin, room = end, LINE - 1  # each further line begins with a space
    return b"\r\n ".join([*parts, octets[begin:]]).decode() + "\r\n"
