"""A strict reader of iCalendar: what RFC 5545 does not allow is an AssertionError."""

import re
from collections import Counter

LINE = re.compile(
    r'(?P<name>[A-Z0-9-]+)(?P<parameters>(;[A-Z0-9-]+=("[^"\x00-\x08\x0a-\x1f\x7f]*"|[^";:,\x00-\x1f\x7f]*))*)'
    r":(?P<value>[^\x00-\x08\x0a-\x1f\x7f]*)"
)
TEXT = re.compile(r"([^\\;,]|\\[\\;,nN])*")
INSTANT = re.compile(r"\d{8}T\d{6}Z")
TEXTS = {"SUMMARY", "NAME", "X-WR-CALNAME", "UID", "PRODID"}
INSTANTS = {"DTSTAMP", "DTSTART", "DTEND", "LAST-MODIFIED"}
ONCE = {"UID", "DTSTAMP", "DTSTART", "DTEND", "SEQUENCE", "STATUS", "SUMMARY", "CLASS", "TRANSP"}

Event = dict[str, str]


def unfolded(octets: bytes) -> list[str]:
    """The content lines: each ends with CRLF, is of 75 octets at most, and whole characters."""
    assert octets.endswith(b"\r\n")
    physical = octets.removesuffix(b"\r\n").split(b"\r\n")
    assert [line for line in physical if len(line) > 75] == []
    lines: list[str] = []
    for one in physical:
        text = one.decode()  # a character that is split is no UTF-8
        assert not set(text) & {"\r", "\n"}
        if text[0] in " \t":
            lines[-1] += text[1:]
        else:
            lines.append(text)
    return lines


def read(octets: bytes) -> tuple[Event, list[Event]]:
    """The properties of a calendar, and of each of its events: name to value."""
    calendar: Event = {}
    events: list[Event] = []
    inside: list[str] = []
    for line in unfolded(octets):
        found = LINE.fullmatch(line)
        assert found, f"no content line: {line!r}"
        name, value = found["name"], found["value"]
        if name == "BEGIN":
            assert inside == ([] if value == "VCALENDAR" else ["VCALENDAR"]), line
            inside.append(value)
            if value == "VEVENT":
                events.append({})
            continue
        if name == "END":
            assert inside.pop() == value
            continue
        if name in TEXTS:
            assert TEXT.fullmatch(value), line
        if name in INSTANTS:
            assert INSTANT.fullmatch(value), line
        where = events[-1] if inside[-1] == "VEVENT" else calendar
        assert name not in where, f"{name} comes twice"
        where[name] = value
    assert inside == []
    assert calendar["VERSION"] == "2.0"
    assert calendar["PRODID"]
    for event in events:
        assert event.keys() >= ONCE
        assert event["DTEND"] > event["DTSTART"]
        assert event["STATUS"] in ("CONFIRMED", "TENTATIVE", "CANCELLED")
    twice = [uid for uid, times in Counter(one["UID"] for one in events).items() if times > 1]
    assert twice == []
    return calendar, events
