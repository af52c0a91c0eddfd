"""What is written as a cursor, and what is read from one."""

import base64
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from service.booking.appointment import read
from service.booking.calendar import slot
from service.booking.people import tokens
from service.errors import InvalidFields
from service.http import cursor
from service.http.fields import INT64

TEN = datetime(2032, 3, 1, 10, tzinfo=UTC)
ENDS = [5, INT64, read.Cursor(0, 5), read.Cursor(7, 5), slot.Cursor(TEN, 5), tokens.Cursor(9, 5)]
KINDS = [int, read.Cursor, slot.Cursor, tokens.Cursor]


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize("end", [*ENDS, slot.Cursor(TEN + timedelta(microseconds=1), 5)], ids=str)
def test_what_was_written_is_read_again(end: Any) -> None:
    text = cursor.written(end)
    assert cursor.read(text, type(end)) == end
    assert text.replace("-", "").replace("_", "").isalnum(), "it is sent as it is"


@pytest.mark.parametrize("kind", KINDS)
def test_no_cursor_is_the_beginning(kind: Any) -> None:
    assert cursor.read("", kind) == kind()


@pytest.mark.parametrize(
    ("former", "end"),
    [
        ("5", 5),
        ("5", read.Cursor(0, 5)),
        ("7-5", read.Cursor(7, 5)),
        ("1795000000-5", tokens.Cursor(1795000000, 5)),
        (encoded('["2032-03-01 10:00:00+00",5]'), slot.Cursor(TEN, 5)),
        (
            encoded('["2032-03-01 10:00:00.25+00",5]'),
            slot.Cursor(TEN + timedelta(milliseconds=250), 5),
        ),
    ],
)
def test_a_cursor_of_the_version_before_is_read_too(former: str, end: Any) -> None:
    assert cursor.read(former, type(end)) == end


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "text",
    [
        "x", "%", "é", "٣", " ", "*", "5 ", "-5", "5-", "1-2-3", "=", 4000 * "A", "9" * 19,
        "9" * 4400, "NQ==", f"1-{INT64 + 1}", cursor.written(-1), cursor.written(INT64 + 1),
        cursor.written([]), cursor.written({}), cursor.written(None), cursor.written("5"),
        cursor.written([5]), cursor.written([1, 2, 3]), cursor.written([0, -5]),
        cursor.written([5, 1.0]), encoded("[5, 6]"), encoded("[5,1e400]"), encoded('["now",5]'),
        encoded('["2032-02-30 10:00:00+00",5]'), encoded('["2032-03-01 10:00:00+01",5]'),
        cursor.written([TEN, -5]), cursor.written([TEN.replace(tzinfo=None), 5]),
        cursor.written([TEN.astimezone(timezone(timedelta(hours=1))), 5]),
    ],
)  # fmt: skip
def test_a_cursor_that_we_did_not_write_is_refused(text: str, kind: Any) -> None:
    with pytest.raises(InvalidFields) as refused:
        cursor.read(text, kind)
    assert refused.value.errors == {"cursor": ["Invalid cursor."]}


@pytest.mark.parametrize("end", ENDS, ids=str)
def test_a_cursor_of_another_form_of_list_is_refused(end: Any) -> None:
    kind = slot.Cursor if isinstance(end, int) else int
    with pytest.raises(InvalidFields):
        cursor.read(cursor.written(end), kind)
