"""What a round of the sequencer makes of what was told, and who sees it."""

import json
from typing import Any

from tests.sql.desk import Desk

MOST = 2000


def alone(desk: Desk) -> None:
    """As if nobody heard of anything, and nothing had happened: other tests keep what they do."""
    desk.cursor.execute("UPDATE webhook SET status = 'disabled'")
    desk.cursor.execute("DELETE FROM outbox")
    desk.cursor.execute("DELETE FROM event")


def numbered(desk: Desk, *, full: bool = False, most: int = MOST) -> list[Any]:
    """The events that a round makes."""
    before = desk.one("SELECT position FROM event_head")
    desk.run("event_number", full=full, most=most)
    return desk.run("event_after", after_id=before, limit=MOST)


def seen(desk: Desk, account_id: int, staff_of: int = 0, *, after_id: int) -> list[Any]:
    """What somebody sees of the events after one, as (type, data)."""
    [row] = desk.run(
        "event_page",
        account_id=account_id,
        staff_of=staff_of,
        after_id=after_id,
        types=[],
        most_looks=MOST,
        limit=MOST,
    )
    return [(one["type"], one["data"]) for one in json.loads(row.body)]
