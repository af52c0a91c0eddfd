"""What of an answer goes into the history, and what a person learns from it."""

import zlib
from typing import Any

import msgspec

from tests.prove.client import Answer
from tests.prove.people import Person, Token, World
from tests.prove.records import Operation, Outcome
from tests.prove.workload import Ask

CANARY = b"canary:"
FOREIGN, UNREADABLE = "foreign", "unreadable"  # what stands for a body that should not have come
MOST_TOKENS = 4

_decode = msgspec.json.Decoder().decode


def outcome_of(status: int) -> Outcome:
    """ok is done, fail is surely not done, info may be done."""
    if 200 <= status < 300:
        return "ok"
    return "info" if status in (0, 502, 504) else "fail"


def version_of(head: bytes) -> int:
    """The version in an ETag; 0 without one."""
    at = head.lower().find(b'\r\netag: "')
    return int(head[at + 9 : head.index(b'"', at + 9)]) if at > 0 else 0


def fill(operation: Operation, ask: Ask, answer: Answer, person: Person) -> Any:
    """Write what came back into the record; the decoded body, None where there is none."""
    operation.sent_at, operation.answered_at = answer.sent_at, answer.answered_at
    operation.status = answer.status
    operation.outcome = outcome_of(answer.status)
    if not answer.status:
        return None
    operation.replayed = b"replayed: true" in answer.head.lower()
    try:
        body = _decode(answer.body) if answer.body else None
        operation.body = brief(ask.verb, answer, body)
    except (msgspec.DecodeError, LookupError, TypeError, ValueError):
        operation.body = {UNREADABLE: answer.body[:200].decode(errors="replace")}
        return None
    if not person.staff and answer.body.count(CANARY) != answer.body.count(
        CANARY + person.name.encode() + b":"
    ):
        operation.body = {FOREIGN: answer.body[:1000].decode(errors="replace")}
    return body


def brief(verb: str, answer: Answer, body: Any) -> Any:
    """The parts of a body that are judged; whole bodies would fill the disk."""
    if answer.status >= 400:
        return {"code": body.get("code")} if isinstance(body, dict) else {"code": None}
    match verb:
        case "list":
            return [[one["id"], one["slot"]["id"], one["status"]] for one in body]
        case "search":
            return [[one["id"], one["capacity"], one["remaining"], one["status"]] for one in body]
        case "slot" | "close" | "open" | "capacity":
            kept = [body["id"], body["capacity"], body["remaining"], body["status"]]
            return {"slot": kept, "v": version_of(answer.head), "crc": zlib.crc32(answer.body)}
        case "me":
            return {"username": body["username"]}
        case "login" | "guess":
            return {"username": body["username"], "token": Token.of(body["token"]).digest}
        case "book" | "get":
            kept = {"id": body["id"], "slot": body["slot"]["id"], "status": body["status"]}
            kept["user"] = body["user"]
        case "move":
            kept = {"id": body["appointment_id"], "from": body["old_slot"]}
            kept["slot"] = body["new_slot"]
        case "cancel" | "noshow" | "fulfill":
            kept = {"id": body["appointment_id"], "slot": body["slot"]}
        case "register":
            kept = {"id": body["id"], "username": body["username"]}
        case _:
            kept = {}
    return kept | {"v": version_of(answer.head), "crc": zlib.crc32(answer.body)}


def learn(world: World, person: Person, ask: Ask, operation: Operation, body: Any) -> None:
    """Let the person know what the answer says."""
    if isinstance(operation.body, dict) and {FOREIGN, UNREADABLE} & operation.body.keys():
        return
    if operation.outcome == "ok":
        _learn_done(world, person, ask, operation, body)
    elif operation.status == 401:
        if ask.token:
            person.forget(ask.token)
        elif ask.verb == "login" and len(person.passwords) > 1:
            person.passwords.remove(ask.args["password"])
    elif operation.status in (404, 409, 412) and ask.verb in ("move", "cancel", "get"):
        if operation.body and operation.body.get("code") != "slot_taken":
            person.holds.pop(ask.args["appointment"], None)
    elif operation.outcome == "info" and ask.verb == "password":
        person.passwords = [ask.args["old"], ask.args["new"]]
    elif operation.outcome == "info" and ask.verb == "logout" and ask.token:
        person.forget(ask.token)


def _learn_done(world: World, person: Person, ask: Ask, operation: Operation, body: Any) -> None:
    match ask.verb:
        case "login" | "guess":
            person.passwords = [ask.args["password"]]
            person.tokens = [*person.tokens, Token.of(body["token"])]
            person.dead = [*person.dead, *person.tokens[:-MOST_TOKENS]][-5:]
        case "logout" if ask.token:
            person.forget(ask.token)
        case "password" if ask.token:
            person.passwords = [ask.args["new"]]
            for token in [one for one in person.tokens if one is not ask.token]:
                person.forget(token)
        case "book" | "move" | "get" if not person.staff:
            number, slot = operation.body["id"], operation.body["slot"]
            if operation.body.get("status", "booked") == "booked" and not operation.replayed:
                person.holds[number] = (slot, operation.body["v"])
        case "cancel":
            person.holds.pop(operation.body["id"], None)
        case "list":
            booked = {row[0]: row[1] for row in operation.body if row[2] == "booked"}
            known = person.holds
            person.holds = {
                number: known.get(number, (slot, 0))
                if known.get(number, (slot, 0))[0] == slot
                else (slot, 0)
                for number, slot in booked.items()
            }
        case "search":
            person.seen = [row[0] for row in operation.body if row[3] == "free"]
        case "close" | "open":
            slot = operation.body["slot"]
            if slot[3] != "busy-unavailable" and slot[0] in world.closed:
                world.closed.remove(slot[0])
