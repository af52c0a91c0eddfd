"""Header fields of requests by HTTP's grammar; each form is in tests/unit/http/test_headers.py."""

import gzip
import json
from typing import Any

import pytest

from tests.api.checks import check_problem
from tests.cast import Api, Given, Person

LOGIN = {"username": "nobody-by-this-name", "password": "a wrong one"}
RAW = json.dumps(LOGIN).encode()


async def login(api: Api, raw: bytes = RAW, **fields: str) -> Any:
    sent = {name.replace("_", "-"): value for name, value in fields.items()}
    return await api.post("/api/login/", raw=raw, headers=sent)


@pytest.mark.parametrize(
    "kind",
    ["application/json;", "application/json; charset=utf-8;", 'Application/JSON ;charset="UTF-8"'],
)
async def test_json_may_be_declared_in_many_ways(api: Api, kind: str) -> None:
    check_problem(await login(api, Content_Type=kind), 401, "wrong_credentials")


@pytest.mark.parametrize(
    "kind", ["application/merge-patch+json", "application/json; charset=latin-1", "text/json", ""]
)
async def test_another_type_is_refused_with_the_one_that_would_do(api: Api, kind: str) -> None:
    reply = await login(api, Content_Type=kind)
    check_problem(reply, 415, "unsupported_media_type")
    assert reply.headers["Accept"] == "application/json"


async def test_a_body_in_a_coding_is_refused_as_such(api: Api) -> None:
    for coding in ("gzip", "br, gzip", "x-unknown"):
        fields = {"Content_Type": "application/json", "Content_Encoding": coding}
        reply = await login(api, gzip.compress(RAW), **fields)
        check_problem(reply, 415, "unsupported_media_type")
        assert reply.headers["Accept-Encoding"] == "identity"
        assert "Content-Encoding" in reply.json["detail"]
    plain = await login(api, Content_Type="application/json", Content_Encoding="identity")
    check_problem(plain, 401, "wrong_credentials")


async def test_a_change_may_come_as_a_merge_patch(
    api: Api, given: Given, stranger: Person, admin: Person
) -> None:
    slot_id, other = await given.make_slots(2)
    appointment_id = await given.make_appointment(stranger, slot_id)
    merge = {"Content-Type": "application/merge-patch+json"}
    calls: list[tuple[str, Any, Person]] = [
        (f"/api/appointments/{appointment_id}/reschedule/", {"new_slot": other}, stranger),
        (f"/api/slots/{slot_id}/", {"capacity": 3}, admin),
    ]
    for path, body, who in calls:
        raw = json.dumps(body).encode()
        assert (await api.patch(path, who=who, raw=raw, headers=merge)).status == 200
        told = (await api.call("OPTIONS", path)).headers["Accept-Patch"]
        assert told == "application/json, application/merge-patch+json"


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("", 200),
        ("*", 200),
        ("text/html, image/gif, *; q=.2, */*; q=.2", 200),
        ("text/html, application/*;q=0.1", 200),
        ("application/json;charset=utf-8", 200),
        ("*/*, application/json;q=0", 406),
        ("text/html", 406),
    ],
)
async def test_accept_is_what_the_most_specific_range_says(
    api: Api, accept: str, status: int
) -> None:
    reply = await api.get("/api/providers/", headers={"Accept": accept})
    assert reply.status == status


@pytest.mark.parametrize("gap", [" ", "  ", "     "])
@pytest.mark.parametrize("scheme", ["Token", "Bearer", "token"])
async def test_spaces_before_a_token_are_not_of_it(
    api: Api, ada: Person, scheme: str, gap: str
) -> None:
    fields = {"Authorization": f"{scheme}{gap}{ada.token}"}
    assert (await api.get("/api/me/", headers=fields)).status == 200


async def test_a_key_is_the_same_quoted_and_bare(api: Api, given: Given, stranger: Person) -> None:
    [slot_id] = await given.make_slots(1)
    for written in (f"key-{slot_id}", f'"key-{slot_id}"', f'"key-{slot_id}";try=2'):
        reply = await api.post(
            "/api/appointments/",
            {"slot": slot_id},
            who=stranger,
            headers={"Idempotency-Key": written},
        )
        assert reply.status == 201


async def test_a_range_is_not_served_and_not_refused(api: Api) -> None:
    whole = await api.get("/api/providers/?limit=2")
    part = await api.get("/api/providers/?limit=2", headers={"Range": "bytes=0-1"})
    assert (part.status, part.json) == (200, whole.json)
