"""Tracing: what is said when its packages are missing, and what never leaves."""

import sys
from typing import Any

import pytest

from service.settings import Settings, SettingsError
from service.telemetry import tracing

DSN = "http://public@127.0.0.1:1/1"


@pytest.mark.parametrize(
    ("setting", "value", "module", "packages"),
    [
        ("sentry_dsn", DSN, "sentry_sdk", "sentry-sdk"),
        ("otel_exporter_otlp_endpoint", "http://127.0.0.1:1", "opentelemetry", tracing.OTEL),
    ],
)
def test_a_missing_package_is_said_in_one_sentence(
    monkeypatch: Any, caplog: Any, setting: str, value: str, module: str, packages: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    tracing.start(Settings(**{setting: value}))
    [said] = caplog.messages
    assert said.startswith(f"{setting.upper()} is set but does nothing: pip install {packages}")
    assert "public@" not in said


def test_nothing_is_started_that_is_not_asked_for(monkeypatch: Any, caplog: Any) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    tracing.start(Settings())
    assert caplog.messages == []


def test_a_dsn_is_a_url_and_a_secret() -> None:
    with pytest.raises(SettingsError, match=r"SENTRY_DSN must begin with"):
        Settings(sentry_dsn="public@host/1")
    assert "public" not in repr(Settings(sentry_dsn=DSN))


def test_what_a_client_sent_does_not_leave() -> None:
    event = {
        "request": {
            "url": "http://host/calendar/canary.ics",
            "method": "POST",
            "query_string": "canary",
            "headers": {"Authorization": "canary"},
            "cookies": "canary",
            "data": {"notes": "canary"},
        },
        "extra": {"fields": {"request_id": "1"}, "secrets": ["canary"]},
        "exception": {"values": [{"value": 'violates "c"\nDETAIL: (canary)'}, {"value": None}]},
    }
    left = tracing.without_private(event, {})
    assert "canary" not in str(left)
    assert left["request"] == {"url": "http://host/calendar/[token].ics", "method": "POST"}
    assert left["exception"]["values"] == [{"value": 'violates "c"'}, {"value": None}]
    assert left["extra"] == {"fields": {"request_id": "1"}}


def test_an_event_without_all_that_is_left_alone() -> None:
    assert tracing.without_private({"message": "x"}, {}) == {"message": "x"}
