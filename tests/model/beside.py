"""Sends a request, asks the model the same, and compares."""

import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar, Protocol

from tests.api.checks import PROBLEM, next_link
from tests.cast import Person, Reply
from tests.model.booking import Booking
from tests.model.call import Call, Expected


class World(Protocol):
    """How the machine reaches the server, and what it finds there."""

    def send(self, method: str, target: str, headers: dict[str, str], body: Any) -> Reply: ...

    def person(self, name: str, role: str, provider_id: int) -> Person: ...

    def begin(self, slot_id: int) -> None: ...

    def run_out(self, appointment_id: int) -> None: ...


class Beside:
    """The API and its model, side by side."""

    world: ClassVar[World]
    steps: ClassVar[Counter[str]] = Counter()  # actions with their statuses, of all runs
    _runs = itertools.count(1)

    def __init__(self) -> None:
        super().__init__()
        self.model, self.run = Booking(), next(self._runs)
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
        if call.action == "retime" and reply.status == 200:
            slot = reply.json["new_slot"]
            slot_id = slot["id"] if call.expand else slot
            self._learn_rooms(self.model.appointments[call.id].slot.service_id or 0)
            return [slot_id]
        if (
            reply.status != 201
            or call.action == "confirm"
            or "Idempotency-Replayed" in reply.headers
        ):
            return []
        ids = [one["id"] for one in (reply.json if isinstance(reply.json, list) else [reply.json])]
        accounts = {one.id for one in self.model.accounts.values()} | {*self.model.customers}
        known: dict[str, Any] = {
            "register": accounts,
            "customer_create": accounts,
            "provider_create": self.model.providers,
            "service_create": self.model.services,
            "closure_create": self.model.closures,
            "slot_create": self.model.slots,
            "book": self.model.appointments,
            "take": self.model.appointments,
            "hold": self.model.appointments,
        }
        assert len({*ids} - {*known[call.action]}) == len(ids), (call, ids)
        if call.action == "take":
            self._learn_rooms(call.body["service"])
            return [reply.json["slot"]["id"], *ids]
        return ids

    def _learn_rooms(self, service_id: int) -> None:
        """Which slots have been made of what a service needs besides."""
        for one in self.model.rooms_of(service_id):
            shown = self.world.send("GET", f"/api/slots/?provider={one}&limit=500", {}, None).json
            new = [slot["id"] for slot in shown if slot["id"] not in self.model.slots]
            self.model.made_rooms[one] = new[0] if new else 0

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
        shown = self._shown(call, reply)
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
            case "hold" | "hold_get":
                return _without("expires_at", reply.json)
            case "customer_create" | "customer_get":
                return _without("created_at", reply.json)
            case "schedule" | "schedule_get":
                return _without("opened_until", reply.json)
            case "closure_create":
                known = self.model.appointments  # everybody is closed in other runs, too
                told = [one for one in reply.json["conflicts"] if one["appointment_id"] in known]
                return reply.json | {"conflicts": told, "conflicts_total": len(told)}
            case "explain":
                told = [_without("detail", one) for one in reply.json["reasons"]]
                return reply.json | {"reasons": told}
            case "list" | "slot_list" | "times":
                return [one for page in self._pages(call, reply) for one in page]
        return reply.json

    def _pages(self, call: Call, reply: Reply) -> Iterator[list[Any]]:
        yield reply.json
        while target := next_link(reply):
            reply = self.world.send(call.method, target, call.headers, None)
            yield reply.json


def _without(name: str, document: dict[str, Any]) -> dict[str, Any]:
    return {each: said for each, said in document.items() if each != name}
