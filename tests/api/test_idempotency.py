"""Idempotency-Key on every write."""

import asyncio
from itertools import count
from typing import Any

import pytest

from service.deps import Deps
from tests.api.checks import check_problem
from tests.cast import Api, Given, Person, Reply

_KEYS = count(1)


def keyed(key: str | None = None) -> dict[str, str]:
    return {"Idempotency-Key": key or f"key-{next(_KEYS)}"}


async def test_a_booking_is_made_once_and_answered_twice(
    api: Api, given: Given, ada: Person, database: Any
) -> None:
    slot_id = (await given.make_slots(1, capacity=5))[0]
    headers = keyed()
    body = {"slot": slot_id, "notes": "once"}
    first = await api.post("/api/appointments/", body, who=ada, headers=headers)
    second = await api.post("/api/appointments/", body, who=ada, headers=headers)
    assert (first.status, second.status) == (201, 201)
    assert first.json == second.json
    assert first.headers["ETag"] == second.headers["ETag"]
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM appointment WHERE slot_id = %s", [slot_id])
        assert cursor.fetchone() == (1,)


async def test_quoted_and_bare_keys_are_the_same(api: Api, given: Given, ada: Person) -> None:
    body = {"slot": (await given.make_slots(1))[0]}
    for key in ("quoted-1", '"quoted-1"'):
        reply = await api.post("/api/appointments/", body, who=ada, headers=keyed(key))
        assert reply.status == 201


async def test_another_request_under_the_same_key_is_refused(
    api: Api, given: Given, ada: Person
) -> None:
    one, other = await given.make_slots(2)
    headers = keyed()
    assert (
        await api.post("/api/appointments/", {"slot": one}, who=ada, headers=headers)
    ).status == 201
    reply = await api.post("/api/appointments/", {"slot": other}, who=ada, headers=headers)
    assert (reply.status, reply.json["code"]) == (422, "idempotency_key_reused")


async def test_keys_belong_to_their_user(api: Api, given: Given, ada: Person, ben: Person) -> None:
    slot_id = (await given.make_slots(1, capacity=2))[0]
    headers = keyed()
    replies = [
        await api.post("/api/appointments/", {"slot": slot_id}, who=who, headers=headers)
        for who in (ada, ben)
    ]
    assert [reply.json["user"] for reply in replies] == ["ada", "ben"]


async def test_a_refused_request_leaves_no_key(
    api: Api, given: Given, ada: Person, ben: Person
) -> None:
    slot_id = (await given.make_slots(1))[0]
    taken = await given.make_appointment(ben, slot_id)
    headers = keyed()
    body = {"slot": slot_id}
    assert (await api.post("/api/appointments/", body, who=ada, headers=headers)).status == 409
    assert (await api.cancel(ben, taken)).status == 200
    assert (await api.post("/api/appointments/", body, who=ada, headers=headers)).status == 201


async def test_a_refusal_is_told_when_its_key_is_free_again(
    api: Api, given: Given, admin: Person, deps: Deps
) -> None:
    path = f"/api/slots/{(await given.make_slots(1))[0]}/"
    headers = keyed() | {"If-Match": '"99"'}
    opened = deps.postgres.pool.connects
    for _ in range(50):  # on one connection or another, which is kept
        reply = await api.call("PATCH", path, {"capacity": 2}, who=admin, headers=headers)
        assert (reply.status, reply.json["code"]) == (412, "precondition_failed")
    assert deps.postgres.pool.connects <= opened + 1


async def test_fifty_twins_at_once_make_one_booking(
    api: Api, given: Given, ada: Person, database: Any, unbroken: None
) -> None:
    slot_id = (await given.make_slots(1, capacity=100))[0]
    headers = keyed()
    replies = await asyncio.gather(
        *(
            api.post("/api/appointments/", {"slot": slot_id}, who=ada, headers=headers)
            for _ in range(50)
        )
    )
    assert {reply.status for reply in replies} <= {201, 409}
    assert {r.json["code"] for r in replies if r.status == 409} <= {"idempotency_in_flight", "busy"}
    assert len({r.json["id"] for r in replies if r.status == 201}) == 1
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM appointment WHERE slot_id = %s", [slot_id])
        assert cursor.fetchone() == (1,)


async def test_a_key_that_another_session_works_under_is_in_flight(
    api: Api, given: Given, ada: Person, database: Any
) -> None:
    slot_id = (await given.make_slots(1))[0]
    with database.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT idempotency_lock(%s, 'held')", [ada.id])
        reply = await api.post(
            "/api/appointments/", {"slot": slot_id}, who=ada, headers=keyed("held")
        )
        cursor.execute("ROLLBACK")
    assert (reply.status, reply.json["code"]) == (409, "idempotency_in_flight")
    assert reply.headers["Retry-After"] == "1"


async def test_moves_and_cancellations_are_replayed(api: Api, given: Given, ada: Person) -> None:
    one, other = await given.make_slots(2)
    appointment_id = await given.make_appointment(ada, one)
    path = f"/api/appointments/{appointment_id}"
    calls = (("PATCH", f"{path}/reschedule/", {"new_slot": other}), ("POST", f"{path}/cancel/", {}))
    for method, url, body in calls:
        headers = keyed()
        first = await api.call(method, url, body, who=ada, headers=headers)
        again = await api.call(method, url, body, who=ada, headers=headers)
        assert (first.status, again.status) == (200, 200)
        assert first.json == again.json
        assert again.headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there", "ünicode", '"'])
async def test_a_key_that_is_none_is_refused(api: Api, given: Given, ada: Person, key: str) -> None:
    slot_id = (await given.make_slots(1))[0]
    reply = await api.post(
        "/api/appointments/",
        {"slot": slot_id},
        who=ada,
        headers={"Idempotency-Key": key},
    )
    assert reply.status == 400
    assert list(reply.json["errors"]) == ["Idempotency-Key"]


async def test_the_calendar_is_kept_once(api: Api, given: Given, admin: Person) -> None:
    headers = keyed()
    body = {"name": "Twice", "time_zone": "UTC"}
    first = await api.post("/api/providers/", body, who=admin, headers=headers)
    again = await api.post("/api/providers/", body, who=admin, headers=headers)
    assert (first.status, first.json) == (again.status, again.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    slot_id = (await given.make_slots(1))[0]
    for method, path, change, status in (
        ("PATCH", f"/api/providers/{first.json['id']}/", {"name": "Thrice"}, 200),
        ("PATCH", f"/api/slots/{slot_id}/", {"capacity": 3}, 200),
        ("DELETE", f"/api/slots/{slot_id}/", None, 204),
    ):
        headers = keyed()
        one = await api.call(method, path, change, who=admin, headers=headers)
        two = await api.call(method, path, change, who=admin, headers=headers)
        assert (one.status, one.json) == (two.status, two.json) == (status, one.json)
        assert two.headers["Idempotency-Replayed"] == "true"


async def test_registering_and_changing_the_password_can_be_repeated(api: Api) -> None:
    headers = keyed()
    body = {"username": "carol", "email": "carol@example.org", "password": "correct horse"}
    first = await api.post("/api/register/", body, headers=headers)
    again = await api.post("/api/register/", body, headers=headers)
    assert (first.status, again.status) == (201, 201)
    assert first.json == again.json
    login = {"username": "carol", "password": "correct horse"}
    token = (await api.post("/api/login/", login)).json["token"]
    headers = keyed() | {"Authorization": f"Token {token}"}
    change = {"current_password": "correct horse", "new_password": "battery staple"}
    first = await api.post("/api/password/", change, headers=headers)
    again = await api.post("/api/password/", change, headers=headers)
    assert (first.status, again.status) == (200, 200)
    assert first.json == again.json == {"message": "Password changed successfully"}
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_another_password_under_the_same_key_is_another_request(
    api: Api, database: Any
) -> None:
    headers = keyed()
    body = {"username": "dave", "email": "dave@example.org", "password": "correct horse"}
    assert (await api.post("/api/register/", body, headers=headers)).status == 201
    other = body | {"password": "another horse"}
    check_problem(
        await api.post("/api/register/", other, headers=headers), 422, "idempotency_key_reused"
    )
    login = {"username": "dave", "password": "correct horse"}
    token = (await api.post("/api/login/", login)).json["token"]
    headers = keyed() | {"Authorization": f"Token {token}"}
    change = {"current_password": "correct horse", "new_password": "battery staple"}
    assert (await api.post("/api/password/", change, headers=headers)).status == 200
    for other in (
        {"current_password": "battery staple", "new_password": "third secret"},
        {"current_password": "not even right", "new_password": "battery staple"},
    ):
        reply = await api.post("/api/password/", other, headers=headers)
        check_problem(reply, 422, "idempotency_key_reused")
    assert (await api.post("/api/login/", login | {"password": "battery staple"})).status == 200
    with database.cursor() as cursor:
        cursor.execute("SELECT string_agg(key || fingerprint || body, '') FROM idempotency")
        assert "correct horse" not in cursor.fetchone()[0]


async def test_strangers_may_choose_the_same_key(api: Api) -> None:
    headers = keyed()
    for name in ("first", "second"):
        body = {"username": name, "email": "a@example.org", "password": "correct horse"}
        assert (await api.post("/api/register/", body, headers=headers)).status == 201


@pytest.mark.parametrize(
    ("target", "raw"),
    [
        ("", b'{"notes": "n", "slot": %d}'),
        ("", b'{"slot":%d,"notes":"n"}'),
        ("", b'\n{ "slot" : %d.0, "notes": "\\u006e" }\n'),
        ("no slash", b'{"slot": %d, "notes": "n"}'),
    ],
)
async def test_a_request_is_what_it_means_not_how_it_is_written(
    api: Api, given: Given, ada: Person, target: str, raw: bytes
) -> None:
    (slot_id,) = await given.make_slots(1)
    headers = keyed() | {"Content-Type": "application/json"}
    body = {"slot": slot_id, "notes": "n"}
    first = await api.post("/api/appointments/", body, who=ada, headers=headers)
    path = "/api/appointments" if target else "/api/appointments/"
    again = await api.call("POST", path, raw=raw % slot_id, who=ada, headers=headers)
    assert (again.status, again.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("query", ["?expand=slot", "?expand=%73lot"])
async def test_what_is_asked_for_besides_makes_another_request(
    api: Api, given: Given, ada: Person, query: str
) -> None:
    body, headers = {"slot": (await given.make_slots(1))[0]}, keyed()
    assert (await api.post("/api/appointments/", body, who=ada, headers=headers)).status == 201
    reply = await api.post(f"/api/appointments/{query}", body, who=ada, headers=headers)
    assert (reply.status, reply.json["code"]) == (422, "idempotency_key_reused")


async def test_an_instant_is_the_same_in_every_zone(api: Api, given: Given, admin: Person) -> None:
    provider_id, headers = await given.make_provider(), keyed()
    ends = {"provider": provider_id, "ends_at": "2031-01-01T13:00:00Z"}
    replies = [
        await api.post("/api/slots/", ends | {"starts_at": at}, who=admin, headers=headers)
        for at in ("2031-01-01T12:00:00Z", "2031-01-01T13:00:00+01:00")
    ]
    assert [reply.status for reply in replies] == [201, 201]
    assert replies[0].json == replies[1].json


async def test_a_move_is_answered_again_when_the_appointment_has_gone_elsewhere(
    api: Api, given: Given, keeper: Person, stranger: Person
) -> None:
    first, second = await given.make_slots(2, provider_id=keeper.session.provider_id)
    (elsewhere,) = await given.make_slots(1)
    appointment_id = await given.make_appointment(stranger, first)
    path, headers = f"/api/appointments/{appointment_id}/reschedule/", keyed()

    async def move(slot_id: int, key: dict[str, str]) -> Reply:
        return await api.patch(path, {"new_slot": slot_id}, who=keeper, headers=key)

    moved = await move(second, headers)
    assert (await api.reschedule(stranger, appointment_id, elsewhere)).status == 200
    again = await move(second, headers)
    assert (moved.status, again.status, again.json) == (200, 200, moved.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (await move(first, headers)).json["code"] == "idempotency_key_reused"
    assert (await move(second, keyed())).status == 404, "it is not theirs any more"
