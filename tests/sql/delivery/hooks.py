"""Webhooks by hand, and events that they hear of."""

from typing import Any

from tests.sql.desk import Desk

WORK = {"ahead": "0", "trouble": 5, "most": 100, "at_once": 20, "lease_seconds": 60}
MAKING = {"trouble": 5, "most_pending": 1000, "most_webhooks": 50, "most_events": 500}
JUDGING = {"trouble": 5, "probe_seconds": 300, "bad_days": 5, "bad_hours": 12}


def admin(desk: Desk) -> int:
    """An account that hears of everything."""
    account_id = desk.account()
    desk.run("account_set_role", account_id=account_id, role="admin", provider_id=0)
    return account_id


def webhook(desk: Desk, owner_id: int = 0, **said: Any) -> int:
    """A webhook, of an admin unless told otherwise."""
    usual = {"url": "https://example.org/", "types": [], "include": []}
    [made] = desk.run("webhook_create", owner_id=owner_id or admin(desk), most=10, **usual | said)
    return int(made.id)


def happens(desk: Desk, appointment_id: int | None = None, **said: Any) -> int:
    """An event; its id."""
    usual = {"type": "appointment.booked", "provider_id": None, "account_id": None, "data": "{}"}
    wanted = usual | said | {"appointment_id": appointment_id}
    desk.cursor.execute("UPDATE event_head SET position = position + 1 RETURNING position")
    [(event_id,)] = desk.cursor.fetchall()
    desk.cursor.execute(
        "INSERT INTO event (id, at, type, provider_id, account_id, appointment_id, data)"
        " VALUES (%(id)s, now(), %(type)s, %(provider_id)s, %(account_id)s, %(appointment_id)s,"
        " %(data)s)",
        wanted | {"id": event_id},
    )
    return int(event_id)


def make(desk: Desk, **said: Any) -> Any:
    [row] = desk.run("delivery_make", **MAKING | said)
    return row


def claim(desk: Desk, **said: Any) -> list[Any]:
    return desk.run("delivery_claim", **WORK | said)


def settle(
    desk: Desk,
    claimed: list[Any],
    outcome: str = "delivered",
    delay_ms: int | None = None,
    rest_ms: int | None = None,
    ahead: str = "0",
) -> list[int]:
    """Settle what was claimed, all with one outcome; the ids that were still ours."""
    count = len(claimed)
    rows = desk.run(
        "delivery_settle",
        id=[one.id for one in claimed],
        lease=[one.lease for one in claimed],
        webhook_id=[one.webhook_id for one in claimed],
        outcome=[outcome] * count,
        delay_ms=[delay_ms] * count,
        rest_ms=[rest_ms] * count,
        ms=[1] * count,
        status=[200 if outcome == "delivered" else 500] * count,
        error=[None if outcome == "delivered" else "server_error"] * count,
        detail=[None] * count,
        excerpt=[None] * count,
        ahead=ahead,
        **JUDGING,
    )
    return [delivery_id for (delivery_id,) in rows]


def deliveries(desk: Desk, webhook_id: int) -> list[tuple[Any, ...]]:
    """Event, status and attempts of all."""
    desk.cursor.execute(
        "SELECT event_id, status, attempts FROM delivery WHERE webhook_id = %s ORDER BY event_id",
        [webhook_id],
    )
    return [tuple(row) for row in desk.cursor.fetchall()]
