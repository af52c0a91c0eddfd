"""iCalendar text: what every reader of it understands, whatever people are called."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.booking import status
from service.booking.delivery import ics
from tests import rfc5545

HOUSE = "5f0a2d36-6a0e-4f55-8f0f-1f5a3a1f2b7c"
NOON = datetime(2027, 1, 4, 12, tzinfo=UTC)
ONE = ics.Event(7, 0, "booked", NOON, NOON + timedelta(hours=1), NOON, "Dr Grey")


def written(*events: ics.Event, name: str = "") -> bytes:
    return ics.calendar((ics.event(one, HOUSE) for one in events), name).encode()


def test_an_event_says_what_there_is_to_know_and_no_more() -> None:
    calendar, [event] = rfc5545.read(written(ONE))
    assert calendar.keys() == {"VERSION", "PRODID", "CALSCALE", "METHOD"}
    assert event == {
        "UID": f"appointment-7@{HOUSE}",
        "SEQUENCE": "0",
        "DTSTAMP": "20270104T120000Z",
        "LAST-MODIFIED": "20270104T120000Z",
        "DTSTART": "20270104T120000Z",
        "DTEND": "20270104T130000Z",
        "SUMMARY": "Dr Grey",
        "STATUS": "CONFIRMED",
        "CLASS": "PRIVATE",
        "TRANSP": "OPAQUE",
    }


def test_a_feed_has_a_name_and_says_when_to_come_back() -> None:
    calendar, events = rfc5545.read(written(name="Grey, House; & sons"))
    assert events == []
    assert calendar["NAME"] == calendar["X-WR-CALNAME"] == "Grey\\, House\\; & sons"
    assert calendar["REFRESH-INTERVAL"] == calendar["X-PUBLISHED-TTL"] == "PT1H"
    assert calendar["METHOD"] == "PUBLISH"


def test_every_status_that_clients_see_is_one_of_a_calendar() -> None:
    holds = {"held", "expired"}  # which are no appointments yet
    assert ics.STATUSES.keys() == set(status.APPOINTMENT_STATUSES) - holds
    for one, word in ics.STATUSES.items():
        _, [event] = rfc5545.read(written(ONE._replace(status=one)))
        assert event["STATUS"] == word
        assert event["TRANSP"] == ("TRANSPARENT" if word == "CANCELLED" else "OPAQUE")


@pytest.mark.parametrize(
    "name",
    [
        'Grey; House, "Jr" \\ Sons',
        "line\nline\\nno line",
        "É" * 500,
        "👩‍👩‍👧" * 100,
        "a" * 500,
        "x" + "👍🏽" * 60,
        "Grey\nEND:VEVENT\nBEGIN:VALARM",
        ":;,\\",
        "",
    ],
)
def test_a_name_comes_back_as_it_was(name: str) -> None:
    octets = written(ONE._replace(summary=name), name=name)
    rfc5545.read(octets)
    [event] = icalendar.Calendar.from_ical(octets).walk("VEVENT")
    assert str(event["SUMMARY"]) == name
    assert len(event) == 10


@pytest.mark.parametrize("mark", ["\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_whatever_breaks_a_line_somewhere_is_a_line_break(mark: str) -> None:
    octets = written(ONE._replace(summary=f"one{mark}two"))
    _, [event] = rfc5545.read(octets)
    assert event["SUMMARY"] == "one\\ntwo"


def test_a_control_character_is_left_out() -> None:
    _, [event] = rfc5545.read(written(ONE._replace(summary="a\x00b\x07c\x7fd\te")))
    assert event["SUMMARY"] == "abcd\te"


@given(st.text(max_size=400))
def test_any_text_is_one_property(text: str) -> None:
    octets = written(ONE._replace(summary=text), name=text)
    _, [event] = rfc5545.read(octets)
    assert len(event) == 10
    [read] = icalendar.Calendar.from_ical(octets).walk("VEVENT")
    assert len(read) == 10


@pytest.mark.parametrize(
    ("zone", "wall", "fold"),
    [
        ("America/New_York", "2027-03-14T03:00", 0),
        ("America/New_York", "2027-11-07T01:30", 0),
        ("America/New_York", "2027-11-07T01:30", 1),
        ("Australia/Lord_Howe", "2027-04-04T01:45", 0),
        ("Australia/Lord_Howe", "2027-04-04T01:45", 1),
        ("Pacific/Apia", "2011-12-31T00:00", 0),
        ("Africa/Casablanca", "2027-02-07T02:30", 1),
    ],
)
def test_an_instant_is_the_same_on_every_clock(zone: str, wall: str, fold: int) -> None:
    there = datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone), fold=fold)
    starts_at = there.astimezone(UTC)
    ends_at = starts_at + timedelta(minutes=45)
    octets = written(ONE._replace(starts_at=starts_at, ends_at=ends_at))
    [event] = icalendar.Calendar.from_ical(octets).walk("VEVENT")
    assert (event.start, event.end) == (starts_at, ends_at)


def test_an_instant_of_another_zone_is_written_in_utc() -> None:
    assert ics.stamp(datetime(2027, 1, 4, 12, tzinfo=timezone(timedelta(hours=5, minutes=45)))) == (
        "20270104T061500Z"
    )
