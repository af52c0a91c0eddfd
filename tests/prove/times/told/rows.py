"""The rows of PostgreSQL's log that are about services, hours, closures and times."""

import json
import re
from datetime import datetime
from typing import Any

_FIELD = re.compile(r"(\w+)\[((?:[^\[\]]|\[\])+)\]:(null|'(?:[^']|'')*'|\S+)")
_NO_SERVICE = "service_id[bigint]:null"
_EXPIRES = re.compile(r" expires_at\[timestamp with time zone\]:'([^']+)'$")
_SIZE = re.compile(r" size\[integer\]:(\d+)")

Fields = dict[str, Any]


def fields(text: str) -> Fields:
    """Each column of a row as text; None for null."""
    return {name: _plain(value) for name, _, value in _FIELD.findall(text)}


def _plain(value: str) -> str | None:
    if value == "null":
        return None
    return value[1:-1].replace("''", "'") if value[0] == "'" else value


def seconds(text: str | None) -> int | None:
    """An instant in seconds since 1970."""
    return None if text is None else int(datetime.fromisoformat(text).timestamp())


def instant(text: str | None) -> float:
    """The same, as exact as it is; 0 for none."""
    return 0.0 if text is None else datetime.fromisoformat(text).timestamp()


def _number(text: str | None) -> int:
    return 0 if text is None else int(text)


def _array(text: str | None) -> list[str] | None:
    return None if text is None else [one for one in text.strip("{}").split(",") if one]


def _numbers(text: str | None) -> list[int] | None:
    found = _array(text)
    return None if found is None else [int(one) for one in found]


def more_of(table: str, text: str) -> list[Any]:
    """What a row has besides, where it has to do with times.

    appointment: [size, when it runs out], the latter where it does; none of it for one who stays
    appointment_history: [names of overrides], where there are some
    slot, of a service: [[provider, starts, ends, service, its version, lead, from, until,
        overrides, chosen, deleted, reading]]
    """
    if table == "appointment":
        size, expires = int((_SIZE.findall(text) or ["1"])[-1]), _EXPIRES.findall(text)
        if expires:
            return [size, instant(expires[-1])]
        return [size] if size != 1 else []
    if table == "appointment_history" and "overrides[text[]]:'" in text:
        return [_array(fields(text)["overrides"])]
    if table == "slot" and "service_id[bigint]" in text and _NO_SERVICE not in text:
        return [_made(fields(text))]
    return []


def _made(row: Fields) -> list[Any]:
    return [
        int(row["provider_id"]),
        seconds(row["starts_at"]),
        seconds(row["ends_at"]),
        int(row["service_id"]),
        _number(row["service_version"]),
        _number(row["lead_slot_id"]),
        seconds(row["blocks_from"]),
        seconds(row["blocks_until"]),
        _array(row["overrides"]) or [],
        row["chosen"] == "true",
        row["deleted_at"] is not None,
        row["wall_at"] or "",
    ]


def row_of(table: str, verb: str, text: str) -> list[Any] | None:
    """A row of a table that only the calendar has; None for what proves nothing.

    ["closure", verb, id, provider or 0, first day, last day, starts, ends, reason]
    ["schedule_rule", verb, provider, weekdays, opens, closes, services, from, until]
    ["schedule_day", verb, provider, day, opens, closes, services, reason]
    ["service_version", verb, service, version, document]
    ["service_provider", verb, service, provider, weight, served, last]
    ["waiting", verb, id, account, slot, service, provider, from, until, size, hold, when it left]
    """
    if table not in _VALUES or (verb == "DELETE" and table != "closure"):
        return None
    row = fields(text)
    if verb == "DELETE":
        return [table, verb, int(row["id"])]
    return [table, verb, *_VALUES[table](row)]


_VALUES: dict[str, Any] = {
    "waiting": lambda row: [
        int(row["id"]),
        int(row["account_id"]),
        _number(row["slot_id"]),
        _number(row["service_id"]),
        _number(row["provider_id"]),
        instant(row["from_at"]),
        instant(row["until_at"]),
        int(row["size"]),
        _number(row["hold_id"]),
        instant(row["left_at"]),
    ],
    "closure": lambda row: [
        int(row["id"]),
        _number(row["provider_id"]),
        row["from_day"],
        row["until_day"],
        seconds(row["starts_at"]),
        seconds(row["ends_at"]),
        row["reason"],
    ],
    "schedule_rule": lambda row: [
        int(row["provider_id"]),
        _numbers(row["weekdays"]),
        row["opens"],
        row["closes"],
        _numbers(row["service_ids"]),
        row["from_day"],
        row["until_day"],
    ],
    "schedule_day": lambda row: [
        int(row["provider_id"]),
        row["day"],
        row["opens"],
        row["closes"],
        _numbers(row["service_ids"]),
        row["reason"],
    ],
    "service_version": lambda row: [
        int(row["service_id"]),
        int(row["version"]),
        json.loads(row["document"]),
    ],
    "service_provider": lambda row: [
        int(row["service_id"]),
        int(row["provider_id"]),
        int(row["weight"]),
        float(row["served"]),
        row["last_at"],
    ],
}
