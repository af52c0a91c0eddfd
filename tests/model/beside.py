"""Sends a request, asks the model the same, and compares."""

import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar, Protocol

from tests.api.checks import PROBLEM, next_link
from tests.cast import Person, Reply
from tests.model.call import Call, Expected
from tests.model.desk import Desk


class World(Protocol):
    """How the machine reaches the server, and what it finds there."""

    def send(self, method: str, target: str, headers: dict[str, str], body: Any) -> Reply: ...

    def person(self, name: str, role: str, provider_id: int) -> Person: ...

    def begin(self, slot_id: int) -> None: ...


class Beside:
    """The API and its model, side by side."""

    world: ClassVar[World]
    steps: ClassVar[Counter[str]] = Counter()  # actions with their statuses, of all runs
    _runs = itertools.count(1)

    def __init__(self) -> None:
        super().__init__()
        self.model, self.run = Desk(), next(self._runs)
        self.calls: list[Call] = []

    def do(self, call: Call) -> Reply:
        """Send it; the answer, which is the one of the model."""
        reply = self.world.send(call.method, call.target, call.headers, call.body)
        self.steps[f"{call.action} {reply.status}"] += 1
        self.calls.append(call)
        expected = self.model.answer(call, self._made(call, reply))
        assert reply.status == expected.status, (call, reply.json, expected)
        self._compare(call, reply, expected)
        if call.action == "login" and reply.status == 200:
            token = reply.json["token"]
            self.model.logged_in(call.body["username"], token, self._token_id(token))
        return reply

    def _token_id(self, token: str) -> int:
        call = Call("tokens", token)
        shown = self.world.send(call.method, call.target, call.headers, None).json
        (token_id,) = [one["id"] for one in shown if one["current"]]
        return int(token_id)

    def _made(self, call: Call, reply: Reply) -> list[int]:
        """The ids of what is new, which nothing had before."""
        if reply.status != 201 or "Idempotency-Replayed" in reply.headers:
            return []
        ids = [one["id"] for one in (reply.json if isinstance(reply.json, list) else [reply.json])]
        known: dict[str, Any] = {
            "register": {one.id for one in self.model.accounts.values()},
            "provider_create": self.model.providers,
            "slot_create": self.model.slots,
            "book": self.model.appointments,
        }
        assert len({*ids} - {*known[call.action]}) == len(ids), (call, ids)
        return ids

    def _compare(self, call: Call, reply: Reply, expected: Expected) -> None:
        replayed = reply.headers.get("Idempotency-Replayed") == "true"
        assert replayed == expected.replayed, (call, reply.headers)
        if expected.status >= 400:
            assert set(reply.json) == PROBLEM | set(expected.body), (call, reply.json)
            told = {name: reply.json[name] for name in expected.body}
            assert told == expected.body, (call, told, expected.body)
            return
        if expected.version is not None:
            assert reply.headers["ETag"] == f'"{expected.version}"', (call, reply.headers)
        shown = self._shown(call, reply) if expected.status == 200 else reply.json
        assert shown == expected.body, (call, shown, expected.body)

    def _shown(self, call: Call, reply: Reply) -> Any:
        """The body without what no model could know, and with all its pages."""
        match call.action:
            case "login":
                return {"username": reply.json["username"]}
            case "tokens":
                return {one["id"]: one["current"] for one in reply.json}
            case "history":
                return [{name: one[name] for name in one if name != "at"} for one in reply.json]
            case "list" | "slot_list":
                return [one for page in self._pages(call, reply) for one in page]
        return reply.json

    def _pages(self, call: Call, reply: Reply) -> Iterator[list[Any]]:
        yield reply.json
        while target := next_link(reply):
            reply = self.world.send(call.method, target, call.headers, None)
            yield reply.json
