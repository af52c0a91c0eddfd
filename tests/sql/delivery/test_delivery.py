"""sql/queries/delivery/: make, claim, settle, and what is shown of deliveries."""

import json

import pytest

from tests.sql.delivery.hooks import admin, claim, deliveries, happens, make, settle, webhook
from tests.sql.desk import Desk


def test_delivery_make_tells_each_webhook_what_its_owner_sees(desk: Desk) -> None:
    here, there = desk.provider(), desk.provider()
    staff = desk.account()
    desk.run("account_set_role", account_id=staff, role="provider", provider_id=here)
    all_of_it, some = webhook(desk), webhook(desk, staff, types=["slot.changed"])
    mine = webhook(desk, staff)
    ids = [
        happens(desk, provider_id=here),
        happens(desk, provider_id=there),
        happens(desk, provider_id=here, type="slot.changed"),
        happens(desk, type="service.changed"),
        happens(desk, account_id=admin(desk), type="account.erased"),
    ]
    make(desk)
    told = {one: [row[0] for row in deliveries(desk, one)] for one in (all_of_it, some, mine)}
    assert told == {all_of_it: ids, some: [ids[2]], mine: [ids[0], ids[2], ids[3]]}
    assert (make(desk).made, make(desk).more) == (0, False)


def test_delivery_make_keeps_a_window_and_leaves_the_rest_in_the_log(desk: Desk) -> None:
    one = webhook(desk)
    ids = [happens(desk) for _ in range(6)]
    for _ in range(5):
        make(desk, most_events=2, most_pending=3)
    assert [row[0] for row in deliveries(desk, one)] == ids[:4]
    settle(desk, claim(desk))
    make(desk, most_events=2, most_pending=3)
    assert [row[0] for row in deliveries(desk, one)] == ids


def test_delivery_claim_takes_the_oldest_of_each_appointment(desk: Desk) -> None:
    webhook(desk)
    ids = [happens(desk, appointment_id) for appointment_id in (1, 1, 2, None, None)]
    make(desk)
    first = claim(desk)
    assert [row.event_id for row in first] == [ids[0], ids[2], ids[3], ids[4]]
    assert claim(desk) == []
    settle(desk, first)
    assert [row.event_id for row in claim(desk)] == [ids[1]]


def test_delivery_claim_leaves_what_is_leased_until_its_minute_is_over(desk: Desk) -> None:
    webhook(desk)
    happens(desk)
    make(desk)
    [mine] = claim(desk)
    assert claim(desk, ahead="59 seconds") == []
    [theirs] = claim(desk, ahead="61 seconds")
    assert (theirs.id, theirs.lease) == (mine.id, mine.lease + 1)
    assert settle(desk, [mine]) == []
    assert settle(desk, [theirs]) == [theirs.id]


def test_delivery_claim_is_bounded_for_each_webhook_and_for_all(desk: Desk) -> None:
    one, other = webhook(desk), webhook(desk)
    for _ in range(4):
        happens(desk)
    make(desk)
    assert [row.webhook_id for row in claim(desk, most=3, at_once=2)] == [one, other, one]
    assert [row.webhook_id for row in claim(desk, at_once=2)] == [other]
    assert claim(desk, at_once=2) == []


@pytest.mark.parametrize("others", [0, 3])
def test_delivery_claim_of_one_in_trouble_takes_one(desk: Desk, others: int) -> None:
    webhook(desk)
    for _ in range(5 + others):
        happens(desk)
    make(desk)
    settle(desk, claim(desk, most=5), "failed", 1000)
    assert claim(desk, ahead="4 minutes") == []
    assert len(claim(desk, ahead="6 minutes")) == 1
    assert claim(desk, ahead="6 minutes") == []


def test_delivery_settle_says_what_came_of_each(desk: Desk) -> None:
    one = webhook(desk)
    events = [happens(desk) for _ in range(3)]
    make(desk)
    taken, later, never = claim(desk)
    settle(desk, [taken])
    settle(desk, [later], "failed", 5000)
    settle(desk, [never], "failed", None)
    assert deliveries(desk, one) == [
        (events[0], "delivered", 1),
        (events[1], "pending", 1),
        (events[2], "failed", 1),
    ]
    ids = [row.id for row in (taken, later, never)]
    assert desk.one("SELECT count(*) FROM attempt WHERE delivery_id = ANY (%s)", ids) == 3
    assert claim(desk, ahead="4 seconds") == []
    assert len(claim(desk, ahead="6 seconds")) == 1


def test_delivery_settle_disables_after_days_and_tells_of_it_once(desk: Desk) -> None:
    one = webhook(desk)
    happens(desk)
    make(desk)
    for ahead, status in (("6 days", "enabled"), ("6 days 11 hours", "enabled"),
                          ("6 days 13 hours", "disabled")):  # fmt: skip
        settle(desk, claim(desk, ahead=ahead), "failed", 1000, ahead=ahead)
        assert desk.one("SELECT status FROM webhook WHERE id = %s", one) == status
    told = "SELECT count(*) FROM outbox WHERE type = 'webhook.disabled' AND subject_id = %s"
    assert desk.one(told, one) == 1


def test_delivery_settle_leaves_the_receiver_alone_for_as_long_as_it_wants(desk: Desk) -> None:
    webhook(desk)
    happens(desk)
    make(desk)
    settle(desk, claim(desk), "failed", 7_200_000, 7_200_000)
    happens(desk)
    make(desk)
    assert claim(desk, ahead="119 minutes") == []
    assert len(claim(desk, ahead="121 minutes")) == 2


def test_delivery_list_shows_what_became_of_each(desk: Desk) -> None:
    one = webhook(desk)
    ids = [happens(desk) for _ in range(3)]
    make(desk)
    settle(desk, claim(desk, most=1), "failed")
    said = {"webhook_id": one, "before_id": 10**9, "limit": 2}
    rows = desk.run("delivery_list", **said, status="")
    assert [json.loads(row.body)["event"] for row in rows] == [ids[2], ids[1]]
    [row] = desk.run("delivery_list", **said, status="failed")
    shown = json.loads(row.body)
    assert (shown["event"], shown["last_error"]) == (ids[0], "server_error")
    [found] = desk.run("delivery_get", webhook_id=one, delivery_id=row.id)
    assert json.loads(found.body) == shown


def test_delivery_get_is_of_that_webhook(desk: Desk) -> None:
    one, other = webhook(desk), webhook(desk)
    [(delivery_id,)] = desk.run("webhook_test", webhook_id=one)
    assert len(desk.run("delivery_get", webhook_id=one, delivery_id=delivery_id)) == 1
    assert desk.run("delivery_get", webhook_id=other, delivery_id=delivery_id) == []


def test_delivery_attempts_are_the_last_ones_in_order(desk: Desk) -> None:
    webhook(desk)
    happens(desk)
    make(desk)
    for ahead in ("1 minute", "2 minutes", "3 minutes"):
        claimed = claim(desk, ahead=ahead)
        settle(desk, claimed, "failed", 1, ahead=ahead)
    rows = desk.run("delivery_attempts", delivery_id=claimed[0].id, most=2)
    assert [row.trigger for row in rows] == ["auto", "auto"]
    assert rows[0].at < rows[1].at


def test_delivery_replay_is_pending_again_as_if_it_were_new(desk: Desk) -> None:
    one = webhook(desk)
    event_id = happens(desk)
    make(desk)
    claimed = claim(desk)
    settle(desk, claimed)
    said = {"webhook_id": one, "delivery_id": claimed[0].id}
    assert len(desk.run("delivery_replay", **said)) == 1
    assert deliveries(desk, one) == [(event_id, "pending", 0)]
    assert [row.id for row in claim(desk)] == [claimed[0].id]
    assert desk.run("delivery_replay", webhook_id=webhook(desk), delivery_id=claimed[0].id) == []


def test_delivery_prune_forgets_what_is_old_and_what_is_deleted(desk: Desk) -> None:
    one, gone = webhook(desk), webhook(desk)
    happens(desk), happens(desk)
    make(desk)
    settle(desk, claim(desk))
    desk.cursor.execute(
        "UPDATE delivery SET settled_at = now() - interval '31 days'"
        " WHERE id = (SELECT min(id) FROM delivery WHERE webhook_id = %s)",
        [one],
    )
    desk.send("webhook_delete", webhook_id=gone)
    for went in [(3, 0), (0, 1), (0, 0)]:
        assert desk.run("delivery_prune", days=30, most=2) == [went]
    assert len(deliveries(desk, one)) == 1
    assert desk.one("SELECT count(*) FROM webhook WHERE id = %s", gone) == 0
