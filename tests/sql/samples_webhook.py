"""One sensible set of parameters for every query about webhooks."""

from typing import Any

from tests.sql.desk import Desk

Parameters = dict[str, Any]


def webhook_samples(desk: Desk, owner_id: int) -> dict[str, Parameters]:
    """Of a webhook with a delivery that has failed once, one that is leased, one that is due, and
    an event that it has not heard of."""
    desk.run("account_set_role", account_id=owner_id, role="admin", provider_id=0)
    said = {"url": "https://example.org/", "types": [], "include": ["appointment"]}
    [made] = desk.run("webhook_create", owner_id=owner_id, **said, most=10)
    work = {"ahead": "1 second", "trouble": 5, "most": 10}
    claiming = work | {"at_once": 20, "lease_seconds": 60}
    [(tried,)] = desk.run("webhook_test", webhook_id=made.id)
    desk.run("delivery_claim", **claiming)
    settling = {
        "lease": [1],
        "webhook_id": [made.id],
        "rest_ms": [None],
        "ms": [31],
        "detail": [None],
        "excerpt": ["Try later."],
        "ahead": "0 seconds",
        "trouble": 5,
        "probe_seconds": 300,
        "bad_days": 5,
        "bad_hours": 12,
    }
    failed = {"outcome": ["failed"], "delay_ms": [5000], "status": [500], "error": ["server_error"]}
    gone = {"outcome": ["gone"], "delay_ms": [None], "status": [410], "error": ["client_error"]}
    desk.run("delivery_settle", id=[tried], **settling, **failed)
    [(leased,)] = desk.run("webhook_test", webhook_id=made.id)
    desk.run("delivery_claim", **claiming)
    [(again,)] = desk.run("webhook_test", webhook_id=made.id)
    desk.cursor.execute("UPDATE webhook SET position = position - 1 WHERE id = %s", [made.id])
    one, whose = {"webhook_id": made.id}, {"webhook_id": made.id, "owner_id": owner_id}
    of_delivery = one | {"delivery_id": again}
    return {
        "webhook_create": said | {"owner_id": owner_id, "most": 10},
        "webhook_get": whose,
        "webhook_lock": whose,
        "webhook_list": {"owner_id": owner_id, "after_id": 0, "limit": 10},
        "webhook_change": one | {"url": None, "types": [], "include": None, "status": "disabled"},
        "webhook_rotate": one | {"overlap_hours": 24},
        "webhook_enable": one | {"from_now": False},
        "webhook_delete": one,
        "webhook_test": one,
        "webhook_replay": one
        | {"after_id": 0, "until_id": 10**9, "only_failed": False, "most": 10},
        "delivery_make": {
            "trouble": 5,
            "most_pending": 1000,
            "most_webhooks": 50,
            "most_events": 500,
        },
        "delivery_claim": claiming,
        "delivery_settle": settling | gone | {"id": [leased]},
        "delivery_list": one | {"before_id": 10**9, "status": "", "limit": 10},
        "delivery_get": of_delivery,
        "delivery_attempts": {"delivery_id": tried, "most": 100},
        "delivery_replay": of_delivery,
        "delivery_prune": {"days": 30, "most": 1000},
    }
