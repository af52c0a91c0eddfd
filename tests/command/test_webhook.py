"""run.py webhook ..."""

import json
from typing import Any

import pytest

from tests.command.conftest import Booking

GROUND = """
WITH owner AS (
    INSERT INTO account (username, email, password_hash, role)
    VALUES ('owner' || random(), '', '', 'admin')
    RETURNING id
)
INSERT INTO webhook (owner_id, url, position)
SELECT owner.id, 'https://example.org/in', head.position FROM owner, event_head AS head
RETURNING id
"""


@pytest.fixture
def webhook_id(booking: Booking, rows: Any) -> int:
    rows.execute(GROUND)
    [(found,)] = rows.fetchall()
    return int(found)


def test_webhooks_of_all_staff_are_listed(booking: Booking, webhook_id: int) -> None:
    (found,) = [
        one for one in json.loads(booking("webhook list --json").out) if one["id"] == webhook_id
    ]
    assert (found["url"], found["status"]) == ("https://example.org/in", "enabled")
    assert "https://example.org/in  enabled" in booking("webhook list").out


def test_a_test_waits_for_the_server(booking: Booking, webhook_id: int, rows: Any) -> None:
    said = booking(f"webhook test {webhook_id}")
    assert (said.code, said.err) == (0, "")
    delivery_id = int(said.out.split()[1])
    rows.execute("SELECT webhook_id, type FROM delivery WHERE id = %s", [delivery_id])
    assert rows.fetchall() == [(webhook_id, "webhook.test")]


def test_what_has_failed_goes_out_again_or_all(
    booking: Booking, webhook_id: int, rows: Any
) -> None:
    rows.execute("UPDATE event_head SET position = position + 1 RETURNING position")
    [(event_id,)] = rows.fetchall()
    rows.execute(
        "INSERT INTO event (id, at, type, data) VALUES (%s, now(), 'service.changed', '{}')",
        [event_id],
    )
    rows.execute("UPDATE webhook SET position = %s WHERE id = %s", [event_id, webhook_id])
    line = f"webhook replay {webhook_id} --after {event_id - 1}"
    assert booking(line).out == f"0 deliveries up to event {event_id} go out again\n"
    assert booking(f"{line} --all").out == f"1 deliveries up to event {event_id} go out again\n"
    assert booking(f"{line} --until {event_id - 1} --all").out.startswith("0 ")


def test_what_is_wrong_is_one_sentence(booking: Booking, webhook_id: int, rows: Any) -> None:
    rows.execute("UPDATE webhook SET status = 'disabled' WHERE id = %s", [webhook_id])
    for line, code, word in (
        ("webhook test 999", 1, "There is no such webhook."),
        (f"webhook test {webhook_id}", 1, "This webhook is disabled"),
        ("webhook replay 1", 2, "--after"),
    ):
        said = booking(line)
        assert (said.code, said.out, said.err.count("\n")) == (code, "", 1), said
        assert word in said.err
