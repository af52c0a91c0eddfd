"""Every JSON answer ends with a line break, so that a prompt has a line of its own."""

import json

import pytest

from tests.api.ops.test_front import fetch
from tests.cast import Api, Given, Person


@pytest.mark.parametrize(
    "path",
    ["/", "/api/", "/healthz", "/readyz", "/api/openapi.json", "/api/slots/", "/api/me/", "/none"],
)
async def test_answers_and_refusals_end_their_line(api: Api, path: str) -> None:
    reply = await fetch(api, path)
    assert reply.body.endswith(b"}\n") or reply.body.endswith(b"]\n")
    assert reply.body.count(b"\n\n") == 0
    assert int(reply.headers["Content-Length"]) == len(reply.body)
    json.loads(reply.body)


async def test_what_postgresql_wrote_ends_its_line_also_when_it_is_repeated(
    api: Api, given: Given, ada: Person
) -> None:
    (slot,) = await given.make_slots(1)
    headers = {"Authorization": f"Token {ada.token}", "Content-Type": "application/json"}
    first, again = [
        await fetch(
            api,
            "/api/appointments/",
            "POST",
            body=json.dumps({"slot": slot}),
            Idempotency_Key="line",
            **headers,
        )
        for _ in range(2)
    ]
    assert (first.code, again.code, again.body) == (201, 201, first.body)
    assert first.body.endswith(b"}\n")
    assert (await fetch(api, "/api/appointments/", **headers)).body.endswith(b"}]\n")


async def test_other_texts_end_as_they_are_written(api: Api) -> None:
    for path in ("/docs/", "/metrics"):
        reply = await fetch(api, path)
        assert reply.body.endswith(b"\n")
        assert not reply.body.endswith(b"\n\n")
