"""Numbers that SQL, nginx and the pages have to say for themselves are those of the code."""

import re
from datetime import UTC, datetime

import msgspec
import pytest

from service.booking.calendar import bounds
from service.handlers.appointment.appointments import BookBody
from service.handlers.appointment.end import CancelBody
from service.handlers.calendar import slots
from service.http.headers.grammar import LONGEST_KEY
from service.http.wire.limits import LIMITS
from service.settings import ROOT, Settings
from service.values.names import LONGEST_TITLE
from tests.contract.pages import README, table
from tests.contract.source import schema

KIB = 1024
SCHEMA = schema()
NGINX = (ROOT / "deploy" / "nginx-common.conf").read_text()


def constraint(name: str) -> str:
    found = re.search(rf"CONSTRAINT {name} CHECK \((.*?)\)[,\n]", SCHEMA, re.DOTALL)
    assert found, name
    return found[1]


def longest(body: type[msgspec.Struct]) -> int:
    """The most characters that the longest text of a body may have."""
    found = re.findall(rb'"maxLength":(\d+)', msgspec.json.encode(msgspec.json.schema(body)))
    return max(map(int, found))


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("appointment_history_reason_length", longest(CancelBody)),
        ("appointment_notes_length", longest(BookBody)),
        ("idempotency_key_length", LONGEST_KEY),
        ("provider_name_length", LONGEST_TITLE),
        ("slot_capacity_sane", bounds.MOST_PLACES),
        ("slot_per_person_sane", bounds.MOST_PLACES),
    ],
)
def test_postgres_allows_as_much_as_the_api(name: str, most: int) -> None:
    assert re.findall(r"\d+", constraint(name))[-1] == str(most)


def test_postgres_allows_slots_when_the_api_does() -> None:
    first, end = map(
        datetime.fromisoformat, re.findall(r"'([^']+)'", constraint("slot_within_calendar"))
    )
    assert first == bounds.FIRST
    assert end == datetime(bounds.LAST.year + 1, 1, 1, tzinfo=UTC)


def test_nginx_refuses_what_is_too_large_before_we_do() -> None:
    [line] = re.findall(r"large_client_header_buffers 4 (\d+)k;", NGINX)
    [body] = re.findall(r"client_max_body_size (\d+)k;", NGINX)
    assert int(line) * KIB == LIMITS.target
    assert 4 * int(line) * KIB == LIMITS.head
    assert int(body) * KIB < Settings().max_body


def test_the_page_says_how_large_requests_may_be() -> None:
    told = {row[0].strip("`"): row[2] for row in table("Errors")}
    assert f"{LIMITS.target // KIB} KiB" in told["uri_too_long"]
    assert f"{LIMITS.head // KIB} KiB" in told["headers_too_large"]
    [most] = re.findall(r"Create one slot, or up to ([\d,]+) at once", README.read_text())
    assert most == f"{slots.MOST:,}"
    assert f"up to {most} at once" in (slots.Slots.post.__doc__ or "")
