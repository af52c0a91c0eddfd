"""sql/queries/delivery/webhook.sql"""

import json

from tests.sql.delivery.hooks import admin, claim, deliveries, happens, make, settle, webhook
from tests.sql.desk import Desk


def test_webhook_create_begins_with_what_happens_next_up_to_so_many(desk: Desk) -> None:
    owner_id = admin(desk)
    happens(desk)
    ids = [webhook(desk, owner_id) for _ in range(10)]
    said = {"url": "https://example.org/", "types": [], "include": [], "most": 10}
    assert desk.run("webhook_create", owner_id=owner_id, **said) == []
    desk.send("webhook_delete", webhook_id=ids[0])
    assert len(desk.run("webhook_create", owner_id=owner_id, **said)) == 1
    head = desk.one("SELECT position FROM event_head")
    [row] = desk.run("webhook_get", webhook_id=ids[1], owner_id=owner_id)
    assert json.loads(row.body)["cursor"] == head


def test_webhook_get_and_lock_are_for_its_owner_and_the_operator(desk: Desk) -> None:
    owner_id, other = admin(desk), admin(desk)
    one = webhook(desk, owner_id)
    for query in ("webhook_get", "webhook_lock"):
        assert len(desk.run(query, webhook_id=one, owner_id=owner_id)) == 1
        assert len(desk.run(query, webhook_id=one, owner_id=0)) == 1
        assert desk.run(query, webhook_id=one, owner_id=other) == []


def test_webhook_lock_finds_nothing_that_is_deleted(desk: Desk) -> None:
    one = webhook(desk)
    desk.send("webhook_delete", webhook_id=one)
    assert desk.run("webhook_lock", webhook_id=one, owner_id=0) == []


def test_webhook_list_goes_by_id(desk: Desk) -> None:
    owner_id = admin(desk)
    first, second, third = (webhook(desk, owner_id) for _ in range(3))
    webhook(desk)
    rows = desk.run("webhook_list", owner_id=owner_id, after_id=first, limit=10)
    assert [row.id for row in rows] == [second, third]


def test_webhook_change_to_another_url_forgets_its_failures(desk: Desk) -> None:
    one = webhook(desk)
    for _ in range(5):
        happens(desk)
    make(desk)
    settle(desk, claim(desk), "failed", 5000)
    still = "SELECT failures, rests_until IS NULL FROM webhook WHERE id = %s"
    nothing = {"url": None, "types": None, "include": None, "status": None}
    desk.run("webhook_change", webhook_id=one, **nothing | {"types": ["slot.changed"]})
    desk.cursor.execute(still, [one])
    assert [tuple(row) for row in desk.cursor.fetchall()] == [(5, False)]
    desk.run("webhook_change", webhook_id=one, **nothing | {"url": "https://example.com/"})
    desk.cursor.execute(still, [one])
    assert [tuple(row) for row in desk.cursor.fetchall()] == [(0, True)]


def test_webhook_rotate_lets_the_old_secret_sign_for_a_while(desk: Desk) -> None:
    one = webhook(desk)
    [row] = desk.run("webhook_rotate", webhook_id=one, overlap_hours=1)
    assert (row.generation, row.old_until is not None) == (2, True)
    [row] = desk.run("webhook_rotate", webhook_id=one, overlap_hours=0)
    assert (row.generation, row.old_until) == (3, None)


def test_webhook_enable_makes_all_due_or_skips_it(desk: Desk) -> None:
    one = webhook(desk)
    event_id = happens(desk)
    make(desk)
    settle(desk, claim(desk), "failed", 3_600_000)
    assert claim(desk) == []
    desk.run("webhook_enable", webhook_id=one, from_now=False)
    assert [row.event_id for row in claim(desk)] == [event_id]
    happens(desk)
    desk.run("webhook_enable", webhook_id=one, from_now=True)
    make(desk)
    assert deliveries(desk, one) == [(event_id, "failed", 1)]


def test_webhook_delete_sends_nothing_any_more(desk: Desk) -> None:
    one = webhook(desk)
    happens(desk)
    make(desk)
    desk.send("webhook_delete", webhook_id=one)
    happens(desk)
    assert make(desk).made == 0
    assert claim(desk) == []


def test_webhook_test_is_a_delivery_of_no_event(desk: Desk) -> None:
    one = webhook(desk)
    [(delivery_id,)] = desk.run("webhook_test", webhook_id=one)
    [row] = claim(desk)
    assert (row.id, row.event_id, row.type) == (delivery_id, None, "webhook.test")
    assert json.loads(row.data) == {"webhook_id": one}


def test_webhook_replay_makes_what_has_failed_or_all_or_what_never_was(desk: Desk) -> None:
    one = webhook(desk)
    first, second = happens(desk), happens(desk)
    make(desk)
    failed, taken = claim(desk)
    settle(desk, [failed], "failed")
    settle(desk, [taken])
    said = {"webhook_id": one, "after_id": first - 1, "until_id": 10**9, "most": 100}
    [row] = desk.run("webhook_replay", **said, only_failed=True)
    assert (row.count, row.until) == (1, second)
    assert deliveries(desk, one) == [(first, "pending", 0), (second, "delivered", 1)]
    desk.cursor.execute("DELETE FROM attempt")
    desk.cursor.execute("DELETE FROM delivery WHERE event_id = %s", [first])
    [row] = desk.run("webhook_replay", **said, only_failed=False)
    assert row.count == 2
    assert [(row.event_id, row.manual) for row in claim(desk)] == [(first, True), (second, True)]
