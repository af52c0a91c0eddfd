"""/api/webhooks/: keeping them, each its owner's alone."""

from typing import Any

import pytest

from service.booking.delivery import send
from service.booking.delivery.webhook import MOST
from tests.api.webhooks.conftest import Clinic
from tests.cast import Api, Person
from tests.receiver import Receiver

URL = "https://example.org/in"
KEYS = {
    "id", "url", "types", "include", "status", "reason", "failing_since", "cursor", "created_at",
}  # fmt: skip


async def test_a_webhook_is_made_and_shown_with_its_secret_once(api: Api, clinic: Clinic) -> None:
    body = {"url": URL, "types": ["slot.changed", "appointment.booked"], "include": ["appointment"]}
    made = await api.post("/api/webhooks/", body, who=clinic.staff)
    assert made.status == 201
    assert made.json.keys() == KEYS | {"secret"}
    assert made.headers["Location"] == f"/api/webhooks/{made.json['id']}/"
    shown = await api.get(made.headers["Location"], who=clinic.staff)
    assert shown.json == {key: made.json[key] for key in KEYS}
    assert shown.json["types"] == sorted(body["types"])
    seen = {"If-None-Match": shown.headers["ETag"]}
    assert (await api.get(made.headers["Location"], who=clinic.staff, headers=seen)).status == 304
    listed = await api.get("/api/webhooks/", who=clinic.staff)
    assert shown.json in listed.json
    secret = await api.get(f"{made.headers['Location']}secret/", who=clinic.staff)
    assert secret.json == {"secret": made.json["secret"], "old_until": None}


async def test_the_same_key_brings_the_same_secret_which_is_kept_nowhere(
    api: Api, clinic: Clinic, database: Any
) -> None:
    headers = {"Idempotency-Key": "a-webhook"}
    first, again = [
        await api.post("/api/webhooks/", {"url": URL}, who=clinic.staff, headers=headers)
        for _ in range(2)
    ]
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    path = f"/api/webhooks/{first.json['id']}/rotate/"
    rotated, once = [
        await api.post(path, who=clinic.staff, headers={"Idempotency-Key": "rotate"})
        for _ in range(2)
    ]
    assert once.json == rotated.json
    assert rotated.json["secret"] != first.json["secret"]
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM idempotency WHERE body LIKE '%%whsec%%' OR body LIKE '%%secret%%'"
        )
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": "ftp://example.org/"}, "url"),
        ({"url": "https://user:pass@example.org/"}, "url"),
        ({"url": "https://example.org/ x"}, "url"),
        ({"url": "x" * 2001}, "url"),
        ({"url": URL, "types": ["appointment.eaten"]}, "types"),
        ({"url": URL, "include": ["notes"]}, "include"),
        ({"url": URL, "secret": "mine"}, "secret"),
    ],
)
async def test_what_cannot_be_a_webhook_is_refused(
    api: Api, clinic: Clinic, body: Any, field: str
) -> None:
    refused = await api.post("/api/webhooks/", body, who=clinic.staff)
    assert (refused.status, list(refused.json["errors"])) == (400, [field])


async def test_customers_have_none_and_nobody_sees_another_s(
    api: Api, clinic: Clinic, ada: Person, admin: Person, okafor: Person
) -> None:
    assert (await api.post("/api/webhooks/", {"url": URL}, who=ada)).status == 403
    for who in (admin, okafor):
        assert clinic.id not in [
            one["id"] for one in (await api.get("/api/webhooks/", who=who)).json
        ]
        calls = [
            await api.get(f"{clinic.path}/", who=who),
            await api.patch(f"{clinic.path}/", {"url": URL}, who=who),
            await api.delete(f"{clinic.path}/", who=who),
            await api.get(f"{clinic.path}/secret/", who=who),
            await api.post(f"{clinic.path}/rotate/", who=who),
            await api.post(f"{clinic.path}/test/", who=who),
            await api.post(f"{clinic.path}/enable/", who=who),
            await api.post(f"{clinic.path}/replay/", {"after": 0}, who=who),
            await api.get(f"{clinic.path}/deliveries/", who=who),
            await api.get(f"{clinic.path}/deliveries/1/", who=who),
            await api.post(f"{clinic.path}/deliveries/1/replay/", who=who),
        ]
        assert {call.status for call in calls} == {404}
    assert (await clinic.shown())["status"] == "enabled"


async def test_one_has_so_many_and_no_more(api: Api, clinic: Clinic) -> None:
    made = [
        await api.post("/api/webhooks/", {"url": URL}, who=clinic.staff) for _ in range(MOST + 1)
    ]
    assert [one.status for one in made] == [201] * (MOST - 1) + [422] * 2
    assert (made[-1].json["code"], made[-1].json["limit"]) == ("limit_reached", "webhooks")
    await api.delete(made[0].headers["Location"], who=clinic.staff)
    assert (await api.post("/api/webhooks/", {"url": URL}, who=clinic.staff)).status == 201


async def test_a_webhook_is_changed_where_the_version_is_the_current_one(
    api: Api, clinic: Clinic
) -> None:
    path = f"{clinic.path}/"
    seen = (await api.get(path, who=clinic.staff)).headers["ETag"]
    changed = await api.patch(path, {"url": URL}, who=clinic.staff, headers={"If-Match": seen})
    assert (changed.status, changed.json["url"]) == (200, URL)
    for late in (
        await api.patch(path, {"url": URL}, who=clinic.staff, headers={"If-Match": seen}),
        await api.delete(path, who=clinic.staff, headers={"If-Match": seen}),
    ):
        assert late.status == 412
    now = {"If-Match": changed.headers["ETag"]}
    assert (await api.delete(path, who=clinic.staff, headers=now)).status == 204
    assert (await api.get(path, who=clinic.staff)).status == 404


async def test_what_is_shown_changes_its_tag_though_nobody_changed_it(
    api: Api, clinic: Clinic, receiver: Receiver, ada: Person
) -> None:
    seen = {"If-None-Match": (await api.get(f"{clinic.path}/", who=clinic.staff)).headers["ETag"]}
    await clinic.appointment(ada)
    await clinic.make()
    shown = await api.get(f"{clinic.path}/", who=clinic.staff, headers=seen)
    assert shown.status == 200
    still = {"If-Match": shown.headers["ETag"]}
    await clinic.go_on()
    changed = await api.patch(f"{clinic.path}/", {"url": URL}, who=clinic.staff, headers=still)
    assert changed.status == 200


async def test_its_owner_stops_it_and_goes_on_from_now(
    api: Api, clinic: Clinic, receiver: Receiver, ada: Person
) -> None:
    await clinic.change(status="disabled", types=["appointment.booked"])
    shown = await clinic.shown()
    assert (shown["status"], shown["reason"]) == ("disabled", "owner")
    await clinic.appointment(ada)
    await clinic.go_on()
    for path in ("test/", "deliveries/1/replay/"):
        refused = await api.post(f"{clinic.path}/{path}", who=clinic.staff)
        assert (refused.status, refused.json["code"]) == (409, "not_active")
    await api.post(f"{clinic.path}/enable/", {"from": "now"}, who=clinic.staff)
    await clinic.go_on()
    assert receiver.got == []
    later = await clinic.appointment(ada)
    await clinic.go_on()
    assert [got.json["data"]["appointment_id"] for got in receiver.got] == [later]


async def test_a_test_goes_out_under_an_id_of_its_own(
    api: Api, clinic: Clinic, receiver: Receiver
) -> None:
    tested = await api.post(f"{clinic.path}/test/", who=clinic.staff)
    assert tested.status == 202
    await clinic.go_on()
    [got] = receiver.got
    assert got.id == f"evt_test_{tested.json['delivery']}"
    assert got.verified(clinic.secret)["type"] == "webhook.test"
    assert got.json["data"] == {"webhook_id": clinic.id}


async def test_both_secrets_sign_for_so_many_hours_then_one(
    api: Api, clinic: Clinic, receiver: Receiver, database: Any
) -> None:
    rotated = await api.post(f"{clinic.path}/rotate/", {"overlap_hours": 1}, who=clinic.staff)
    new = rotated.json["secret"]
    assert (rotated.status, new != clinic.secret) == (200, True)
    assert rotated.json["old_until"] is not None
    await api.post(f"{clinic.path}/test/", who=clinic.staff)
    await clinic.go_on()
    with database.cursor() as cursor:
        cursor.execute("UPDATE webhook SET old_until = now() WHERE id = %s", [clinic.id])
    await api.post(f"{clinic.path}/test/", who=clinic.staff)
    await clinic.go_on()
    both, one = receiver.got
    assert both.verified(new) == both.verified(clinic.secret)
    assert len(both.headers["webhook-signature"].split()) == 2
    assert one.verified(new)
    with pytest.raises(Exception, match="No matching signature"):
        one.verified(clinic.secret)
    secret = await api.get(f"{clinic.path}/secret/", who=clinic.staff)
    assert secret.json == {"secret": new, "old_until": None}


def number_of(message_id: str) -> int:
    return int(message_id.rpartition("_")[2])


async def test_events_are_sent_again_under_the_same_ids(
    api: Api, clinic: Clinic, receiver: Receiver, ada: Person
) -> None:
    await clinic.change(types=["appointment.booked"])
    for _ in range(3):
        await clinic.appointment(ada)
    await clinic.go_on()
    ids = sorted((got.id for got in receiver.got), key=number_of)
    before = number_of(ids[0])
    path = f"{clinic.path}/replay/"
    none = await api.post(path, {"after": before - 1}, who=clinic.staff)
    assert (none.status, none.json["count"]) == (202, 0)
    again = await api.post(path, {"after": before, "only_failed": False}, who=clinic.staff)
    assert again.json["count"] == 2
    await clinic.go_on()
    assert {got.id for got in receiver.got[3:]} == set(ids[1:])
    wrong = await api.post(path, {"after": 2, "until": 1}, who=clinic.staff)
    assert (wrong.status, list(wrong.json["errors"])) == (400, ["until"])
    [delivery, *_] = await clinic.deliveries()
    one = await api.post(f"{clinic.path}/deliveries/{delivery['id']}/replay/", who=clinic.staff)
    assert (one.status, one.json) == (202, {"count": 1})
    await clinic.go_on()
    assert receiver.got[-1].id == ids[-1]
    triggers = [attempt["trigger"] for attempt in await clinic.attempts(delivery["id"])]
    assert triggers == ["auto", "manual", "manual"]


async def test_deliveries_are_listed_page_by_page(
    api: Api, clinic: Clinic, receiver: Receiver, ada: Person
) -> None:
    for _ in range(5):
        await api.post(f"{clinic.path}/test/", who=clinic.staff)
    await clinic.go_on()
    found, path = [], f"{clinic.path}/deliveries/?limit=2"
    while path:
        page = await api.get(path, who=clinic.staff)
        found += [one["id"] for one in page.json]
        link = page.headers.get("Link", "")
        path = link[1 : link.index(">")] if link else ""
    assert len(found) == 5
    assert found == sorted(found, reverse=True)
    assert await clinic.deliveries("?status=failed") == []
    missing = await api.get(f"{clinic.path}/deliveries/{found[0] + 99}/", who=clinic.staff)
    assert missing.status == 404


async def test_an_address_of_our_own_is_no_webhook_unless_it_is_meant(
    api: Api, clinic: Clinic, monkeypatch: pytest.MonkeyPatch, deps: Any
) -> None:
    object.__setattr__(deps.settings, "webhook_private_addresses", False)
    try:
        for host in ("127.0.0.1", "[::1]", "10.0.0.1", "169.254.169.254"):
            refused = await api.post("/api/webhooks/", {"url": f"http://{host}/"}, who=clinic.staff)
            assert (refused.status, list(refused.json["errors"])) == (400, ["url"])
    finally:
        object.__setattr__(deps.settings, "webhook_private_addresses", True)


async def test_what_is_deleted_is_forgotten_little_by_little(
    api: Api, clinic: Clinic, receiver: Receiver, database: Any
) -> None:

    await api.post(f"{clinic.path}/test/", who=clinic.staff)
    await clinic.go_on()
    await api.delete(f"{clinic.path}/", who=clinic.staff)
    for _ in range(2):
        await send.prune(clinic.deps)
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM delivery WHERE webhook_id = %s", [clinic.id])
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM webhook WHERE id = %s", [clinic.id])
        assert cursor.fetchone() == (0,)


async def test_what_became_of_deliveries_is_kept_for_thirty_days(
    api: Api, clinic: Clinic, receiver: Receiver, database: Any
) -> None:

    for _ in range(2):
        await api.post(f"{clinic.path}/test/", who=clinic.staff)
    await clinic.go_on()
    [kept, old] = [one["id"] for one in await clinic.deliveries()]
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE delivery SET settled_at = now() - interval '31 days' WHERE id = %s", [old]
        )
    await send.prune(clinic.deps)
    assert [one["id"] for one in await clinic.deliveries()] == [kept]
