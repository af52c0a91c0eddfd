"""Logs: what a line says, what it never says, and which trace it belongs to."""

import asyncio
import json
import logging
import sys
from typing import Any

import pytest

from service.telemetry.logs import Coloured, Json, loop_trouble, told, trace_id

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TOKEN = "0123456789abcdef0123456789abcdef01234567"


def _record(message: str, *, level: int = logging.INFO, **more: Any) -> logging.LogRecord:
    record = logging.LogRecord("service", level, __file__, 1, message, (), None)
    vars(record).update(more)
    return record


def _failed(error: Exception) -> Any:
    """The exc_info of an error that was raised."""
    try:
        raise error
    except Exception:
        return sys.exc_info()


def _json(record: logging.LogRecord) -> dict[str, Any]:
    line = Json().format(record)
    assert "\n" not in line
    read: dict[str, Any] = json.loads(line)
    return read


def test_a_line_is_one_json_object_that_begins_with_when_and_what() -> None:
    line = _json(_record("slow query", fields={"query": "slot_get", "duration_ms": 7.5}))
    assert list(line) == ["time", "level", "message", "query", "duration_ms"]
    assert line["time"].endswith("Z")
    assert (line["level"], line["message"], line["query"]) == ("info", "slow query", "slot_get")


@pytest.mark.parametrize("odd", ["two\nlines", "\x1b[31mred", "\x00", "\ud800", 'a"quote', "é"])
def test_no_text_breaks_out_of_its_line(odd: str) -> None:
    line = _json(_record("request", fields={"path": odd}))
    assert line["path"] == odd


@pytest.mark.parametrize("formatter", [Json(), Coloured()])
def test_the_token_of_a_calendar_is_in_no_line(formatter: logging.Formatter) -> None:
    token = "aB3-_9" * 7 + "x"
    told = {"method": "GET", "path": f"/calendar/{token}.ics", "route": "", "status": 200}
    assert "/calendar/[token].ics" in formatter.format(_record("request", fields=told))
    failed = _failed(ValueError(f"GET http://host/calendar/{token}.ics"))
    assert token not in formatter.format(_record("bug", exc_info=failed))


def test_an_exception_is_one_line_with_its_traceback_in_a_field() -> None:
    line = _json(_record("bug", level=logging.ERROR, exc_info=_failed(KeyError("slot"))))
    assert line["exception"].endswith("builtins.KeyError: 'slot'")
    assert "test_logs.py" in line["exception"]


def test_an_exception_comes_with_what_led_to_it() -> None:
    try:
        try:
            raise ValueError("the first")
        except ValueError as first:
            raise RuntimeError("the second") from first
    except RuntimeError as second:
        text = told(second)
    assert text.index("ValueError: the first") < text.index("RuntimeError: the second")


def test_an_error_that_is_its_own_cause_ends() -> None:
    error = ValueError("round")
    error.__cause__ = error
    assert told(error).count("ValueError: round") == 1


def test_only_the_first_line_of_a_message_is_told() -> None:
    row = 'new row violates check "c"\nDETAIL:  Failing row contains (1, my notes).'
    assert "my notes" not in told(ValueError(row))
    assert 'violates check "c"' in told(ValueError(row))


def test_what_the_client_sent_is_cut_out_of_a_message() -> None:
    line = _json(
        _record(
            "bug", exc_info=_failed(ValueError("no 'my notes' here")), secrets=["my notes", "my"]
        )
    )
    assert line["exception"].endswith("ValueError: no '[redacted]' here")


@pytest.mark.parametrize("form", [Json(), Coloured()])
def test_tokens_and_passwords_of_urls_are_cut_out_wherever_they_are(form: Any) -> None:
    line = form.format(
        _record(
            f"using {TOKEN} at postgresql://ada:canary@host/db",
            fields={"path": f"/api/tokens/{TOKEN.upper()}/"},
            exc_info=_failed(ValueError(f"redis://:canary@host {TOKEN}")),
        )
    )
    assert TOKEN not in line.lower()
    assert "canary" not in line
    assert "postgresql://[redacted]@host/db" in line


def test_a_terminal_gets_colours_and_no_empty_fields() -> None:
    record = _record("slow query", level=logging.WARNING, fields={"query": "slot_get", "a": None})
    line = Coloured().format(record)
    assert "\x1b[33mslow query" in line
    assert "query=slot_get" in line
    assert "a=" not in line


def test_a_terminal_shows_a_request_by_its_status() -> None:
    fields = {"method": "GET", "route": "/a/", "path": "/a/", "status": 404, "user_id": 7}
    line = Coloured().format(_record("request", fields=fields))
    assert "\x1b[33m404 GET /a/\x1b[0m" in line
    assert "user_id=7" in line


@pytest.mark.parametrize("odd", ["\x1b[2J", "\x9b2J", "\r", "\n", "\x07"])
def test_a_client_can_not_steer_the_terminal(odd: str) -> None:
    request = {"method": "GET", "route": "none", "path": f"/a{odd}b", "status": 404}
    for fields in (request, {"address": odd}):
        assert odd not in Coloured().format(_record("request", fields=fields))


def test_what_nobody_awaited_is_told_without_the_objects(caplog: Any) -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    context = {"message": "Task exception was never retrieved", "exception": ValueError("x")}
    loop_trouble(loop, context | {"future": "<Task with a note in it>"})
    line = Json().format(caplog.records[0])
    assert "ValueError: x" in line
    assert "note" not in line


@pytest.mark.parametrize(
    "given",
    [
        f"00-{TRACE}-00f067aa0ba902b7-01",
        f"00-{TRACE}-00f067aa0ba902b7-00",
        f"cc-{TRACE}-00f067aa0ba902b7-01-what-comes-later",
    ],
)
def test_a_valid_traceparent_gives_its_trace(given: str) -> None:
    assert trace_id(given) == TRACE


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        TRACE,
        f"ff-{TRACE}-00f067aa0ba902b7-01",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-00f067aa0ba902b7-01",
        f"00-{TRACE}-00f067aa0ba902b7-01-more",
        f"00-{TRACE}-00f067aa0ba902b7-01\n",
        f"00-{TRACE}-00f067aa0ba902b7-01, 00-{TRACE}-00f067aa0ba902b7-01",
    ],
)
def test_any_other_is_ignored(given: str | None) -> None:
    assert trace_id(given) is None
