"""run.py events ..."""

import json

from service.store.queries import load_queries
from tests.command.conftest import Booking
from tests.live import connected


def test_the_log_is_a_line_of_json_for_each_event(booking: Booking) -> None:
    """It is numbered by servers, so here by hand."""
    assert booking("provider create --name New --zone UTC").code == 0
    with connected(booking.environment["DATABASE_URL"]) as database, database.cursor() as cursor:
        cursor.execute(load_queries()["event_number"].text, {"full": True, "most": 100})
    said = booking("events tail --after 0")
    assert (said.code, said.err) == (0, "")
    events = [json.loads(line) for line in said.out.splitlines()]
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["type"] == "provider.changed"
    lines = said.out.splitlines(keepends=True)
    assert booking(f"events tail --after {len(events) - 1}").out == lines[-1]
    assert booking("events tail").out == "".join(lines[-10:])


def test_what_is_not_kept_is_refused(booking: Booking) -> None:
    said = booking("events tail --after 1000")
    assert (said.code, said.out) == (1, "")
    assert "not kept any more" in said.err
