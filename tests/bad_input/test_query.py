"""Query strings and ids: every parameter of every list, and every place for an id in a path."""

import base64
import itertools
import json
import random
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_from_bytes

import pytest

from service.handlers.routes import ROUTES
from tests.bad_input.targets import ID, PARAMETERS, WITH_QUERY, Target
from tests.bad_input.wire import request
from tests.bad_input.words import INSTANTS, NUMBERS, TEXTS, accidents, some
from tests.bad_input.world import World

QUERIES = [
    "?", "??", "?&", "?=", "?&&&", "?=&=", "?a", "?%", "?%zz", "?%00=%00", "?%ff=%ff", "?limit",
    "?limit=", "?limit=1&limit=x", "?limit[]=1", "?limit=1;cursor=2", "?limit=%31", "?limit=+1",
    "?limit=1%00", "?limit=%C0%AF", "?limit=%ED%A0%80", "?limit=%F4%90%80%80", "?limit=1#x",
    "?expand=", "?expand=slot&expand=x", "?expand=%73lot", "?expand=slot,provider", "?expand=%",
    "?" + "&".join(f"p{n}=" for n in range(900)), "?" + "a" * 8000, "?limit=" + "1" * 8000,
]  # fmt: skip

IDS = [
    "0", "00", "-1", "+1", "1.0", "1e3", "0x1", "1_0", " 1", "%20", "%00", "1%00", "1%0a",
    "2147483648", "9223372036854775807", "9223372036854775808", "9" * 18, "9" * 19, "9" * 4400,
    "%D9%A1", "%EF%BC%91", "null", "undefined", "NaN", "*", "me", "..", ".", "%2e%2e", "%2f", "%5c",
    "'", "%27", "1;2", "1,2", "1'--", "1%20OR%201=1", "{id}", "%", "%zz", "%ff", "\xb2", "\xff",
]  # fmt: skip

WITH_ID = [pattern for pattern, _ in ROUTES if ID in pattern]

WRITTEN = "2027-01-04 10:00:00+00"  # as version 0.1 wrote it
OURS = "2027-01-04T10:00:00Z"  # as we write it ourselves
CURSORS: list[Any] = [
    [], [1], ["x", 1], [None, None], {}, "x", 1, None, ["2027-01-04", 1], ["2027-01-04T10:00", 1],
    *([text, 1] for text in INSTANTS), *([WRITTEN, n] for n in NUMBERS), [WRITTEN.strip("+0"), 1],
    *([WRITTEN.replace(" ", between), 1] for between in "T\0'%"), ["x" * 3000, 1],
    *([WRITTEN.replace("2027", year), 1] for year in ("0000", "0001", "9999", "10000")),
    *([WRITTEN.replace("+00", zone), 1] for zone in ("", "+23:59", "-16", " BC")),
    [WRITTEN, 1, 2], [WRITTEN, "1"], [WRITTEN, 1.5], [OURS, 1, 2], [OURS, "1"], [OURS, 1.5],
    *([OURS, n] for n in NUMBERS), *([OURS.replace("Z", zone), 1] for zone in ("", "+23:59")),
    *([OURS.replace("2027", year), 1] for year in ("0000", "0001", "9999", "10000")), *NUMBERS,
]  # fmt: skip


def written(text: str) -> str:
    """Percent-encoded; lone surrogates as the bytes they would be."""
    return quote_from_bytes(text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(("target", "name"), PARAMETERS, ids=str)
def test_a_parameter_takes_or_refuses_every_value_we_know(
    world: World, target: Target, name: str
) -> None:
    values = [*TEXTS, *INSTANTS, *(str(number)[:100] for number in NUMBERS)]
    values = some(values, PARAMETERS.index((target, name)))
    raws = (target.ask(world, None, target.query(name, written(value))) for value in values)
    named = {"moving": [404], "after": [410]}  # a thing, or an event that may not be
    allowed = (200, 400, 414, *named.get(name, []))
    for raw, answer in world.ask_all(raws):
        assert answer.status in allowed, raw


@pytest.mark.parametrize("target", WITH_QUERY, ids=str)
def test_a_query_string_may_be_anything(world: World, target: Target) -> None:
    for raw, answer in world.ask_all(target.ask(world, None, query) for query in QUERIES):
        assert answer.status in (200, 400), raw


@pytest.mark.parametrize("target", WITH_QUERY, ids=str)
def test_accidents_in_a_query_string_do_no_harm(
    world: World, count: Callable[[float], int], chance: random.Random, target: Target
) -> None:
    seeds = [b"limit=2&cursor=1&from=2027-01-04T10%3A00%3A00Z&expand=slot", b"status=free&to=2027"]
    queries = itertools.islice(accidents(seeds, chance), count(0.2 / len(WITH_QUERY)))
    safe = "&=%+;:/?@!$'()*,[]\\{}|~`\"<>^"
    raws = (target.ask(world, None, f"?{quote_from_bytes(query, safe)}") for query in queries)
    for raw, answer in world.ask_all(raws):
        assert answer.status in (200, 400), raw


def test_a_cursor_that_we_did_not_write_is_refused(world: World) -> None:
    for cursor in CURSORS:
        text = base64.urlsafe_b64encode(json.dumps(cursor).encode()).decode()
        dense = json.dumps(cursor, separators=(",", ":")).encode()  # as we write it
        ours = base64.urlsafe_b64encode(dense).decode().rstrip("=")
        ways = (text, text[:-1], text.rstrip("="), text[1:], quote(json.dumps(cursor)[:500]), ours)
        for given in ways:
            answer = world.ask(request("GET", f"/api/slots/?cursor={given}"))
            assert answer.status in (200, 400), cursor


def placed(pattern: str, text: str) -> list[str]:
    """The path with this for each of its ids in turn, and good ones for the others."""
    parts = pattern.replace("/?", "/").replace("\\", "").split(ID)
    return [f"{'1'.join(parts[:n])}{text}{'1'.join(parts[n:])}" for n in range(1, len(parts))]


@pytest.mark.parametrize("pattern", WITH_ID)
def test_an_id_that_is_none_is_not_found(world: World, pattern: str) -> None:
    handler: Any = dict(ROUTES)[pattern]
    ids = some(IDS, WITH_ID.index(pattern))
    targets = [one for text in ids for one in placed(pattern, text)]
    raws = (
        request(method, target, b"{}", token=world.tokens["admin"])
        for method, target in itertools.product(handler.allowed.split(", "), targets)
    )
    for raw, answer in world.ask_all(raws):
        refused = 204 if raw.startswith(b"OPTIONS ") else 403
        assert answer.status in (refused, 400, 404), raw
