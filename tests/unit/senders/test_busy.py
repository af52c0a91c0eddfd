"""senders/busy.py: when a calendar of somebody else is busy."""

from datetime import UTC, datetime

import pytest

from service.senders import busy
from tests.calendars import calendar

FIRST, LAST = datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 6, 30, tzinfo=UTC)
ASKED = busy.Asked(int(FIRST.timestamp()), int(LAST.timestamp()), zone="Europe/Berlin", own="@ours")
TEN, ELEVEN = "DTSTART:20270105T100000Z", "DTEND:20270105T110000Z"
IN_NEW_YORK = ("X-WR-TIMEZONE:America/New_York",)
WEEKLY = (
    "DTSTART;TZID=Europe/Berlin:20270105T100000",
    "DTEND;TZID=Europe/Berlin:20270105T110000",
    "RRULE:FREQ=WEEKLY;COUNT=3",
)
MOVED = (
    "RECURRENCE-ID;TZID=Europe/Berlin:20270112T100000",
    "DTSTART;TZID=Europe/Berlin:20270112T150000",
    "DTEND;TZID=Europe/Berlin:20270112T160000",
)
OWN_ZONE = (
    "BEGIN:VTIMEZONE", "TZID:Somewhere", "BEGIN:STANDARD", "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0500", "TZOFFSETTO:+0500", "END:STANDARD", "END:VTIMEZONE",
)  # fmt: skip


def times(text: bytes) -> list[str]:
    """When it is busy: from so many hours since the year began, for so many hours."""
    found, unread = busy.busy(text, ASKED)
    assert unread == 0
    return [
        f"{datetime.fromtimestamp(begin, UTC):%m-%d %H:%M}+{(end - begin) / 3600:g}"
        for begin, end in found
    ]


@pytest.mark.parametrize(
    ("event", "found"),
    [
        ((TEN, ELEVEN), ["01-05 10:00+1"]),
        ((TEN, ELEVEN, "TRANSP:TRANSPARENT"), []),
        ((TEN, ELEVEN, "STATUS:CANCELLED"), []),
        ((TEN, ELEVEN, "STATUS:TENTATIVE"), ["01-05 10:00+1"]),
        ((TEN, ELEVEN, "UID:appointment-7@ours"), []),
        ((TEN, ELEVEN, "UID:appointment-7@theirs"), ["01-05 10:00+1"]),
        ((TEN, "DTEND:20270105T100000Z"), []),
        ((TEN,), []),
        ((TEN, "DURATION:PT1H30M"), ["01-05 10:00+1.5"]),
        ((TEN, ELEVEN, "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20270106T100000Z"),
         ["01-05 10:00+1", "01-07 10:00+1"]),
        ((TEN, ELEVEN, "RDATE:20270107T120000Z"), ["01-05 10:00+1", "01-07 12:00+1"]),
        ((TEN, ELEVEN, "RDATE;VALUE=PERIOD:20270107T120000Z/PT3H"),
         ["01-05 10:00+1", "01-07 12:00+3"]),
        (("DTSTART:20261231T100000Z", "DTEND:20261231T110000Z"), []),
        (("DTSTART:20261231T100000Z", "DTEND:20270101T110000Z"), ["12-31 10:00+25"]),
    ],
)  # fmt: skip
def test_an_event_is_busy_unless_it_says_otherwise(
    event: tuple[str, ...], found: list[str]
) -> None:
    assert times(calendar(event)) == found


@pytest.mark.filterwarnings("ignore")  # that a name of a zone was guessed
@pytest.mark.parametrize(
    ("event", "head", "found"),
    [
        (("DTSTART;VALUE=DATE:20270105",), (), ["01-04 23:00+24"]),
        (("DTSTART;VALUE=DATE:20270105",), IN_NEW_YORK, ["01-05 05:00+24"]),
        (("DTSTART:20270105T100000", "DURATION:PT1H"), (), ["01-05 09:00+1"]),
        (("DTSTART:20270105T100000", "DURATION:PT1H"), IN_NEW_YORK, ["01-05 15:00+1"]),
        (("DTSTART;TZID=W. Europe Standard Time:20270105T100000", "DURATION:PT1H"), (),
         ["01-05 09:00+1"]),
        (("DTSTART;TZID=/vendor/Europe/London:20270105T100000", "DURATION:PT1H"), (),
         ["01-05 10:00+1"]),
        (("DTSTART;TZID=Somewhere:20270105T100000", "DURATION:PT1H"), OWN_ZONE, ["01-05 05:00+1"]),
        (("DTSTART;TZID=Nowhere:20270105T100000", "DURATION:PT1H"), (), ["01-05 09:00+1"]),
        (("DTSTART;TZID=America/New_York:20270314T000000",
          "DTEND;TZID=America/New_York:20270315T000000"), (), ["03-14 05:00+23"]),
    ],
)  # fmt: skip
def test_each_time_is_on_its_own_clock(
    event: tuple[str, ...], head: tuple[str, ...], found: list[str]
) -> None:
    assert times(calendar(event, head=head)) == found


def test_a_day_that_is_longer_is_busy_for_longer() -> None:
    autumn = ASKED._replace(last=int(datetime(2027, 12, 1, tzinfo=UTC).timestamp()))
    day = calendar(
        ("DTSTART;TZID=Europe/Berlin:20271031T000000", "DTEND;TZID=Europe/Berlin:20271101T000000")
    )
    [(begin, end)], _ = busy.busy(day, autumn)
    assert end - begin == 25 * 3600


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ((WEEKLY,), ["01-05 09:00+1", "01-12 09:00+1", "01-19 09:00+1"]),
        ((WEEKLY, MOVED), ["01-05 09:00+1", "01-12 14:00+1", "01-19 09:00+1"]),
        ((WEEKLY, (*MOVED, "STATUS:CANCELLED")), ["01-05 09:00+1", "01-19 09:00+1"]),
        ((MOVED,), ["01-12 14:00+1"]),  # as in what Google calls free/busy
    ],
)
def test_what_repeats_is_busy_each_time(
    events: tuple[tuple[str, ...], ...], found: list[str]
) -> None:
    assert times(calendar(*events)) == found


def test_lists_of_busy_times_count_as_well() -> None:
    text = calendar().replace(
        b"END:VCALENDAR",
        b"BEGIN:VFREEBUSY\r\nUID:x\r\nDTSTAMP:20270101T000000Z\r\n"
        b"FREEBUSY;FBTYPE=BUSY:20270105T100000Z/PT1H,20270106T100000Z/20270106T120000Z\r\n"
        b"FREEBUSY;FBTYPE=FREE:20270107T100000Z/PT1H\r\nEND:VFREEBUSY\r\nEND:VCALENDAR",
    )
    assert times(text) == ["01-05 10:00+1", "01-06 10:00+2"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "not_a_calendar"),
        (b"<!doctype html><title>Sign in</title>", "not_a_calendar"),
        (calendar((TEN, ELEVEN))[:-20], "not_a_calendar"),
        (calendar((TEN, ELEVEN, "RRULE:FREQ=SECONDLY")), "too_often"),
        (calendar((TEN, ELEVEN, "rrule:freq=minutely")), "too_often"),
        (calendar((TEN, ELEVEN, "RRULE:FREQ=HOURLY;BYMINUTE=0,20,40")), "too_many"),
    ],
)
def test_what_is_of_no_use_is_refused(text: bytes, why: str) -> None:
    with pytest.raises(busy.Refused, match=why):
        busy.busy(text, ASKED)


@pytest.mark.parametrize("line", ["DTSTART:tomorrow", "RRULE:FREQ=NEVER", "DTEND:20279999T100000Z"])
def test_what_can_not_be_read_is_counted_and_the_rest_is_taken(line: str) -> None:
    odd = (TEN, ELEVEN, line) if not line.startswith("DTSTART") else (line, ELEVEN)
    good = ("UID:good", "DTSTART:20270106T100000Z", "DTEND:20270106T110000Z")
    found, unread = busy.busy(calendar(odd, good), ASKED)
    assert unread == 1
    assert (1799229600, 1799233200) in found


def test_what_is_written_anew_each_time_does_not_count() -> None:
    one = calendar((TEN, ELEVEN))
    later = one.replace(b"DTSTAMP:20270101", b"DTSTAMP:20270102")
    assert one != later
    assert busy.digest(one, "UTC") == busy.digest(later, "UTC")
    assert busy.digest(one, "UTC") != busy.digest(one, "Europe/Berlin")
    assert busy.digest(one, "UTC") != busy.digest(one.replace(b"T10", b"T09"), "UTC")
