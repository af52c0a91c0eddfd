"""No body and no header ever shows a secret: every call is made, and every answer searched."""

import json

from tests.api.checks import send
from tests.cast import PASSWORD, Api, Given, Person, Reply

NOTE = "canary-note-8d1f"
REASON = "canary-reason-77aa"
SECRET = "canary-password-5c"
MAIL = "canary-mail-91@example.org"


def _text(reply: Reply) -> str:
    return json.dumps(reply.json) + str(list(reply.headers.get_all()))


async def _everything(api: Api, who: Person | None, appointment_id: int, slot_id: int) -> list[str]:
    """What all reads and some failing writes answer to this person."""
    one = f"/api/appointments/{appointment_id}/"
    replies = [
        await api.get(path, who=who)
        for path in (
            "/api/me/",
            "/api/tokens/",
            "/api/providers/?limit=500",
            f"/api/slots/{slot_id}/",
            f"/api/slots/{slot_id}/?expand=slot",
            "/api/slots/?limit=500",
            "/api/appointments/",
            "/api/appointments/?expand=slot&limit=500",
            "/api/appointments/?provider=1",
            one,
            f"{one}history/",
            "/healthz",
            "/readyz",
            "/nowhere",
        )
    ]
    replies += [
        await api.post("/api/appointments/", {"slot": slot_id}, who=who),
        await api.patch(f"{one}reschedule/", {"new_slot": slot_id}, who=who),
        await api.post(f"{one}cancel/", {"reason": 5}, who=who),
        await api.post("/api/login/", {"username": "canary", "password": "wrong"}),
        await api.post(
            "/api/register/", {"username": "canary", "email": "x@y", "password": "12345678"}
        ),
        await api.post("/api/password/", {"current_password": 5, "new_password": SECRET}, who=who),
    ]
    return [_text(reply) for reply in replies]


async def test_nobody_sees_what_is_not_his(
    api: Api, given: Given, stranger: Person, rival: Person
) -> None:
    body = {"username": "canary", "email": MAIL, "password": SECRET}
    made = await api.post("/api/register/", body)
    login = await api.post("/api/login/", {"username": "canary", "password": SECRET})
    assert SECRET not in _text(made) + _text(login)
    canary = stranger._replace(token=login.json["token"])
    (slot_id,) = await given.make_slots(1)
    booked = await api.book(canary, slot_id, NOTE)
    appointment_id = booked.json["id"]
    cancelled = f"/api/appointments/{appointment_id}/cancel/"
    await api.post(cancelled, {"reason": REASON}, who=canary)
    (again,) = await given.make_slots(1)
    await api.book(canary, again, NOTE)

    for who in (None, stranger, rival):
        for text in await _everything(api, who, appointment_id, again):
            for secret in (SECRET, canary.token, MAIL, NOTE, REASON, "$2b$"):
                assert secret not in text
    own = await _everything(api, canary, appointment_id, again)
    for text in own:
        for secret in (SECRET, canary.token, "$2b$", "password_hash", stranger.token):
            assert secret not in text
    shown = "".join(own)
    assert NOTE in shown, "its owner sees it: the search does find things"
    assert REASON in shown
    assert MAIL in shown


async def test_staff_see_notes_but_no_mail(
    api: Api, given: Given, keeper: Person, stranger: Person
) -> None:
    (slot_id,) = await given.make_slots(1, provider_id=keeper.session.provider_id)
    appointment_id = await given.make_appointment(stranger, slot_id, NOTE)
    provider_id = keeper.session.provider_id
    listed = await api.get(f"/api/appointments/?provider={provider_id}", who=keeper)
    assert NOTE in _text(listed)
    for text in [_text(listed), *await _everything(api, keeper, appointment_id, slot_id)]:
        assert f"{stranger.username}@example.org" not in text


async def test_an_error_repeats_no_password(api: Api) -> None:
    for body in ({"username": 5, "password": SECRET}, {"username": "x", "password": [SECRET]}):
        reply = await api.post("/api/register/", body)
        assert reply.status == 400
        assert SECRET not in _text(reply)


async def test_no_answer_names_its_software(api: Api, ada: Person) -> None:
    replies = [
        await api.get("/api/me/", who=ada),
        await api.get("/api/me/"),
        await api.get("/nowhere"),
        await api.call("BREW", "/api/me/"),
        await api.post("/api/login/", raw=b"{", headers={"Content-Type": "application/json"}),
        await send(api, b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n"),
    ]
    for reply in replies:
        assert "Server" not in reply.headers
        text = _text(reply).lower()
        for word in ("tornado", "psycopg", "postgres", "redis", "python", "traceback", PASSWORD):
            assert word not in text
