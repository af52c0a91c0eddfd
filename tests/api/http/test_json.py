"""Bodies that are almost JSON, or more JSON than can be good: 400, never 500."""

import pytest

from tests.api.checks import PROBLEM, check_problem
from tests.api.conftest import Served
from tests.cast import Api, Given, Person, Reply

JSON = {"Content-Type": "application/json"}
DEEP = 100_000


async def _book(api: Api, who: Person, raw: bytes) -> Reply:
    return await api.post("/api/appointments/", who=who, raw=raw, headers=JSON)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"{",
        b"{}}",
        b"{} {}",
        b"{'slot': 1}",
        b'{"slot": 1,}',
        b'{"slot": 01}',
        b'{"slot": +1}',
        b'{"slot": .5}',
        b'{"slot": 0x1}',
        b'{"slot": 1} // one',
        b'{"slot": 1 "notes": ""}',
        b"{slot: 1}",
        b'{"slot": NaN}',
        b'{"slot": Infinity}',
        b'{"slot": -Infinity}',
        b'{"slot": 1, "notes": nan}',
        b'{"slot": 1, "slot": 2}',
        b'{"slot": 1, "notes": "", "\\u0073lot": 2}',
        b'{"slot": 1, "x": {"a": 1, "a": 2}}',
        b'{"slot": 1, "notes": "\\u0000"}',
        b'{"slot": 1, "notes": "a\0b"}',
        b'{"slot": 1, "notes": "a\nb"}',
        b'{"slot": 1, "notes": "\\ud800"}',
        b'{"slot": 1, "notes": "\\udc00\\ud800"}',
        b'{"slot": 1, "x": ["\\udfff"]}',
        b'{"slot": 1, "\\u0000": 1}',
        b'{"slot": 1, "notes": "\\x41"}',
        b'{"slot": 1, "notes": "\\u12"}',
        b'{"slot": 1, "notes": "\xff"}',
        b'{"slot": 1, "notes": "\xed\xa0\x80"}',
        b'{"slot": 1, "notes": "\xc0\xaf"}',
        '\ufeff{"slot": 1}'.encode(),
        '{"slot": 1}'.encode("utf-16"),
        '{"slot": 1}'.encode("utf-16-le"),
        '{"slot": 1}'.encode("utf-32"),
        b"slot=1",
        b"<slot>1</slot>",
        b"\x1f\x8b\x08\x00",
        b'{"slot": ' + 5000 * b"9" + b"}",
        b'{"slot": -' + 900_000 * b"9" + b"}",
        DEEP * b"[",
        DEEP * b'{"slot":',
        b'{"slot": 1, "x": ' + DEEP * b"[" + DEEP * b"]" + b"}",
    ],
    ids=lambda raw: repr(raw[:40]),
)
async def test_what_is_not_json_is_malformed(api: Api, ada: Person, raw: bytes) -> None:
    reply = await _book(api, ada, raw)
    check_problem(reply, 400, "invalid")
    assert len(reply.json["detail"]) < 200, "it need not be read back"


@pytest.mark.parametrize(
    "raw", [b"[]", b'[{"slot": 1}]', b'"slot"', b"5", b"null", b"true", b"1.5"]
)
async def test_json_that_is_no_object_is_refused(api: Api, ada: Person, raw: bytes) -> None:
    reply = await _book(api, ada, raw)
    check_problem(reply, 400, "invalid")
    assert reply.json["detail"] == "A JSON object was expected."


@pytest.mark.parametrize(
    "number", [b"1e999", b"-1e999", b"1e400", b"1.0000000001", b"1e-5", b"9223372036854775808"]
)
async def test_a_number_that_is_no_id_is_no_integer(api: Api, ada: Person, number: bytes) -> None:
    reply = await _book(api, ada, b'{"slot": ' + number + b"}")
    assert set(reply.json) == PROBLEM | {"errors"}
    assert reply.json["errors"] == {"slot": ["A valid integer is required."]}


@pytest.mark.parametrize(
    "form",
    [
        '\r\n\t {"slot" : %d , "notes":"\\u00e9\\ud83e\\ude7a"} \n',
        '{"sl\\u006ft":%d,"notes":"é\U0001fa7a"}',
        '{"notes":"\\u00e9\\uD83E\\uDE7A","slot":%d}',
    ],
)
async def test_json_may_be_written_in_many_ways(
    api: Api, given: Given, ada: Person, form: str
) -> None:
    (slot_id,) = await given.make_slots(1)
    reply = await _book(api, ada, (form % slot_id).encode())
    assert reply.status == 201, reply.json
    assert reply.json["notes"] == "é\U0001fa7a"


@pytest.mark.parametrize(
    "more", ['"more":[1e999,{"deep":null}],"":0', f'"x":{100 * "[" + 100 * "]"}']
)
async def test_what_is_ignored_may_be_any_json(
    served: Served, given: Given, ada: Person, more: str
) -> None:
    (slot_id,) = await given.make_slots(1)
    raw = f'{{"slot":{slot_id},"notes":"é",{more}}}'.encode()
    async with served(unknown_fields="ignore") as api:
        reply = await _book(api, ada, raw)
    assert reply.status == 201, reply.json
    assert reply.json["notes"] == "é"


@pytest.mark.parametrize(
    "path", ["/api/register/", "/api/login/", "/api/password/", "/api/appointments/1/cancel/"]
)
async def test_all_bodies_are_read_the_same_way(api: Api, ada: Person, path: str) -> None:
    for raw in (b"{", b'{"a":1,"a":2}', b'{"a":"\\u0000"}', DEEP * b"[", b"\xff"):
        check_problem(await api.post(path, who=ada, raw=raw, headers=JSON), 400, "invalid")


async def test_a_list_of_slots_is_read_the_same_way(api: Api, admin: Person) -> None:
    for raw in (b"[", b'[{"a":1,"a":2}]', b'[{"a":"\\ud800"}]', DEEP * b"["):
        reply = await api.post("/api/slots/", who=admin, raw=raw, headers=JSON)
        check_problem(reply, 400, "invalid")
    for raw in (b'["x"]', b"[[]]"):
        reply = await api.post("/api/slots/", who=admin, raw=raw, headers=JSON)
        check_problem(reply, 400, "invalid", "errors")
