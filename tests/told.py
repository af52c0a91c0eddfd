"""Whether the log of events tells everything once, in an order that is a true history."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

HISTORY = """
SELECT change.appointment_id,
       row_number() OVER (PARTITION BY change.appointment_id ORDER BY change.id), change.id
  FROM appointment_history AS change
"""


def faults(events: Iterable[Mapping[str, Any]]) -> list[str]:
    """What is wrong with a run of events as an admin is shown them: ids that are not dense,
    appointments whose versions do not rise by one, slots whose versions fall."""
    found, last = [], 0
    versions: dict[int, int] = {}
    slots: dict[int, int] = {}
    for event in events:
        if last and event["id"] != last + 1:
            found.append(f"{event['id']} comes after {last}")
        last = event["id"]
        data = event["data"]
        if "appointment_id" in data and event["type"] != "appointment.conflict":
            before = versions.get(data["appointment_id"], data["version"] - 1)
            if data["version"] != before + 1:
                found.append(f"{event} comes after version {before}")
            versions[data["appointment_id"]] = data["version"]
        for slot in [*data.get("slots", []), *filter(None, [data.get("slot")])]:
            if slot["version"] < slots.get(slot["id"], 0):
                found.append(f"slot {slot['id']} goes back in {event}")
            slots[slot["id"]] = slot["version"]
    return found


def changes(events: Iterable[Mapping[str, Any]]) -> list[tuple[int, int]]:
    """The changes of appointments that events tell of, as (appointment, version)."""
    return [
        (event["data"]["appointment_id"], event["data"]["version"])
        for event in events
        if "appointment_id" in event["data"] and event["data"].get("conflict") in (None, "kept")
    ]


def history(database: Any, after: int = 0) -> list[tuple[int, int]]:
    """The changes of appointments that were made after a row of history, likewise."""
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT * FROM ({HISTORY}) AS change (id, version, n) WHERE n > %s", [after]
        )
        return [(row[0], row[1]) for row in cursor.fetchall()]


def last_change(database: Any) -> int:
    """The last row of history that there is."""
    with database.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM appointment_history")
        [(last,)] = cursor.fetchall()
        return int(last)


def stored(database: Any, after: int) -> list[dict[str, Any]]:
    """The events after one, as an admin is shown them."""
    with database.cursor() as cursor:
        cursor.execute("SELECT id, type, data FROM event WHERE id > %s ORDER BY id", [after])
        return [
            {"id": one, "type": kind, "data": json.loads(data)}
            for one, kind, data in cursor.fetchall()
        ]


def head(database: Any) -> int:
    """The last event there is."""
    with database.cursor() as cursor:
        cursor.execute("SELECT position FROM event_head")
        [(position,)] = cursor.fetchall()
        return int(position)
