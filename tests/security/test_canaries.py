"""A3: whoever asks, no body and no header field shows what belongs to somebody else.

Everybody has a secret of each kind; everybody makes every call; every answer is searched.
"""

import json
import secrets

from tests.cast import Api, Given, Person, Reply
from tests.security.calls import CALLS, Things

NEVER_SHOWN = ("$2b$", "password_hash", "token:")


def _text(reply: Reply) -> str:
    return json.dumps(reply.json) + str(list(reply.headers.get_all()))


class Secretive:
    """Somebody with a canary in whatever is his."""

    def __init__(self, name: str) -> None:
        self.name, mark = name, secrets.token_hex(8)
        self.mail, self.note, self.reason = f"{mark}@mail.example", f"note {mark}", f"why {mark}"
        self.password = f"{mark} password"
        self.things = Things()
        self.person: Person

    @property
    def secrets(self) -> tuple[str, ...]:
        return self.mail, self.note, self.reason, self.password, self.person.token

    async def settle(self, api: Api, stranger: Person) -> "Secretive":
        """Register, log in, book twice, cancel one of them."""
        name, password = self.name, self.password
        account = {"username": name, "email": self.mail, "password": password}
        made = await api.post("/api/register/", account)
        login = await api.post("/api/login/", {"username": name, "password": password})
        token = login.json["token"]
        self.person = stranger._replace(id=made.json["id"], username=name, token=token)
        return self

    async def book(self, api: Api, slots: list[int], provider_id: int) -> None:
        for slot_id in slots[:2]:
            booked = await api.book(self.person, slot_id, self.note)
            assert booked.status == 201
        one = booked.json["id"]
        cancelled = f"/api/appointments/{one}/cancel/"
        await api.post(cancelled, {"reason": self.reason}, who=self.person)
        self.things = Things(provider=provider_id, slot=slots[2], appointment=one)


async def test_no_answer_to_anybody_has_a_secret_of_somebody_else(
    api: Api, given: Given, stranger: Person
) -> None:
    people = [await Secretive(f"secretive{n}").settle(api, stranger) for n in range(2)]
    for one in people:
        provider_id = await given.make_provider()
        await one.book(api, await given.make_slots(3, provider_id=provider_id), provider_id)
    found = 0
    for asking in (None, *people):
        for call in CALLS:
            if (call.verb, call.path) in (("POST", "/api/logout/"), ("DELETE", "/api/tokens/")):
                continue
            for about in people:
                who = asking.person if asking else None
                for query in ("", "?expand=slot&limit=500") if call.verb == "GET" else ("",):
                    target = call.target(about.things)
                    target += query.replace("?", "&") if "?" in target else query
                    reply = await api.call(call.verb, target, call.body(about.things), who=who)
                    text = _text(reply)
                    for owner in people:
                        seen = [one for one in owner.secrets if one in text]
                        assert owner is asking or not seen, (str(call), reply)
                        found += len(seen)
                    if call.path not in ("/docs/", "/api/openapi.json"):
                        assert not [word for word in NEVER_SHOWN if word in text], str(call)
    assert found > 10, "the search does find what is one's own"
