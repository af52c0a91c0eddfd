"""What of an answer goes into the history, and what a person learns from it."""

import re
import zlib
from datetime import datetime
from typing import Any

import msgspec

from service.booking.actions import ENDINGS
from tests.prove.around import queue as around
from tests.prove.around.wishes import VERBS as AROUND
from tests.prove.ask import Ask
from tests.prove.client import Answer
from tests.prove.looks import Look, link_of
from tests.prove.people import Person, Token, World
from tests.prove.records import Operation, Outcome
from tests.prove.sheet import Sheet
from tests.prove.times.told import answers as times

ABANDONED = "abandon"  # what nobody can do, since nobody has heard all of it
CANARY = b"canary:"
FOREIGN, UNREADABLE = "foreign", "unreadable"  # what stands for a body that should not have come
STANDING = {
    "policy": re.compile(rb'\r\nratelimit-policy: "([\w-]+)";q=(\d+);w=(\d+)', re.IGNORECASE),
    "now": re.compile(rb'\r\nratelimit: "([\w-]+)";r=(\d+);t=(\d+)', re.IGNORECASE),
}
MOST_TOKENS, MOST_KNOWN = 4, 100
# Refusals after which an appointment is still where it was.
STILL_HELD = frozenset({"slot_taken", "slot_in_past", "already_booked", "same_slot"})
KNOWN = frozenset({"list", "page", "calendar", "search", "slot", "get"})
# What is kept of a line of history.
CHANGE = ("action", "actor", "from_slot", "to_slot", "from_status", "to_status", "reason", "at")

_decode = msgspec.json.Decoder().decode


def outcome_of(status: int) -> Outcome:
    """ok is done, fail is surely not done, info may be done."""
    if 200 <= status < 300 or status == 304:
        return "ok"
    return "info" if status in (0, 502, 504) else "fail"


def version_of(head: bytes) -> int:
    """The version in an ETag, without its slot's after a point and its provider's after a dash; 0
    without one."""
    at = head.lower().find(b'\r\netag: "')
    if at < 0:
        return 0
    return int(re.split(rb"[.-]", head[at + 9 : head.index(b'"', at + 9)])[0])


def remember(world: World, person: Person, ask: Ask, answer: Answer, operation: Operation) -> None:
    """What can be named next time as known: by all, where it is shown to all."""
    known = world.known if ask.verb in ("search", "slot") else person.known
    if answer.status == 200 and ask.verb in KNOWN and isinstance(operation.body, dict | list):
        at = answer.head.lower().find(b"\r\netag: ")
        if at > 0:
            tag = answer.head[at + 8 : answer.head.index(b"\r\n", at + 8)]
            known.pop(ask.path, None)
            known[ask.path] = (tag.decode(), operation.body)
            if len(known) > MOST_KNOWN:
                del known[next(iter(known))]


def next_of(ask: Ask, answer: Answer, body: Any) -> tuple[str, Any]:
    """Where the next page is, and what the last one ended with; "" where there is none."""
    target = link_of(answer.head) if isinstance(body, list) and body else ""
    if ask.verb == "search" and target:
        at = datetime.fromisoformat(body[-1]["starts_at"]).timestamp()
        return target, [int(at), body[-1]["id"]]
    if ask.verb == "times" and target:
        return target, [times.seconds(body[-1]["starts_at"]), body[-1].get("provider_id", 0)]
    if ask.verb == "calendar" and target:
        return target, [body[-1]["slot"]["id"], body[-1]["id"]]
    return (target, body[-1]["id"]) if target else ("", None)


def fill(operation: Operation, ask: Ask, answer: Answer, person: Person, sheet: Sheet) -> Any:
    """Write what came back into the record; the decoded body, None where there is none.

    Whoever can't read that it is done knows as little as who heard nothing.
    """
    operation.sent_at, operation.answered_at = answer.sent_at, answer.answered_at
    operation.status = answer.status
    operation.outcome = "fail" if ask.verb == ABANDONED else outcome_of(answer.status)
    if not answer.status:
        return None
    operation.standing = standing_of(answer.head)
    operation.replayed = b"replayed: true" in answer.head.lower()
    try:
        body = _decode(answer.body) if answer.body and is_json(answer) else None
        operation.body = ask.known if answer.status == 304 else brief(ask.verb, answer, body)
        look = Look(sheet, ask, answer, body)
        look.all()
        operation.looked, operation.wrongs = look.count, look.wrongs
        operation.made = look.made
    except (msgspec.DecodeError, LookupError, TypeError, ValueError):
        _spoiled(operation, {UNREADABLE: answer.body[:200].decode(errors="replace")})
        return None
    if not person.staff and answer.body.count(CANARY) != answer.body.count(
        CANARY + person.name.encode() + b":"
    ):
        _spoiled(operation, {FOREIGN: answer.body[:1000].decode(errors="replace")})
    return body


def standing_of(head: bytes) -> list[Any]:
    """Policy, limit, window, what remains, seconds: as RateLimit-Policy and RateLimit have them;
    empty without them, or where they are of two policies."""
    policy, now = (STANDING[name].search(head) for name in ("policy", "now"))
    if not policy or not now or policy[1] != now[1]:
        return []
    return [policy[1].decode(), *map(int, (*policy.groups()[1:], *now.groups()[1:]))]


def _spoiled(operation: Operation, instead: dict[str, str]) -> None:
    operation.body = instead
    if operation.outcome == "ok":
        operation.outcome = "info"


def brief(verb: str, answer: Answer, body: Any) -> Any:
    """The parts of a body that are judged; whole bodies would fill the disk."""
    if answer.status >= 400:
        code = body.get("code") if isinstance(body, dict) else None
        offered = body.get("alternatives") if isinstance(body, dict) else None
        near = body.get("times") if isinstance(body, dict) else None
        return (
            {"code": code}
            | ({"shown": [moving(one) for one in offered]} if offered else {})
            | ({"times": [times.kept(one) for one in near]} if near else {})
        )
    match verb:
        case "any":
            return {}
        case verb if verb in AROUND:
            return around.brief(verb, answer, body)
        case verb if verb in times.VERBS:
            return times.brief(verb, answer, body)
        case "list" | "page":
            return [[one["id"], one["slot"]["id"], one["status"]] for one in body]
        case "calendar":
            return [[one["id"], one["slot"]["id"], one["status"], one["user"]] for one in body]
        case "history":
            return [[one[name] for name in CHANGE] for one in body]
        case "search":
            return [[one["id"], one["capacity"], one["remaining"], one["status"]] for one in body]
        case "slot" | "close" | "open" | "capacity":
            kept = [body["id"], body["capacity"], body["remaining"], body["status"]]
            return {"slot": kept, "v": version_of(answer.head), "crc": zlib.crc32(answer.body)}
        case "me":
            return {"username": body["username"]}
        case "login" | "guess":
            return {"username": body["username"], "token": Token.of(body["token"]).digest}
        case "book" | "get" | "take":
            kept = {"id": body["id"], "slot": body["slot"]["id"], "status": body["status"]}
            kept["user"] = body["user"]
        case "move" | "shift":
            kept = {"id": body["appointment_id"], "from": number(body["old_slot"])}
            kept["slot"] = number(body["new_slot"])
        case verb if verb in ENDINGS:
            kept = {"id": body["appointment_id"], "slot": number(body["slot"])}
        case "register":
            kept = {"id": body["id"], "username": body["username"]}
        case _:
            kept = {}
    whole = [body[name] for name in ("slot", "old_slot", "new_slot") if name in body]
    if shown := [moving(one) for one in whole if isinstance(one, dict) and "capacity" in one]:
        kept["shown"] = shown
    return kept | {"v": version_of(answer.head), "crc": zlib.crc32(answer.body)}


def is_json(answer: Answer) -> bool:
    """Whether the body says that it is JSON."""
    return b"json" in answer.head.lower().partition(b"content-type:")[2].partition(b"\r\n")[0]


def number(slot: Any) -> int:
    """The id of a slot that came whole or as its id."""
    return int(slot["id"]) if isinstance(slot, dict) else int(slot)


def moving(slot: dict[str, Any]) -> list[Any]:
    """What changes of a slot."""
    return [slot["id"], slot["capacity"], slot["remaining"], slot["status"]]


def learn(world: World, person: Person, ask: Ask, operation: Operation, body: Any) -> None:
    """Let the person know what the answer says."""
    if isinstance(operation.body, dict) and {FOREIGN, UNREADABLE} & operation.body.keys():
        return
    if ask.verb in AROUND:
        world.queue.learn(person, ask, operation.status, operation.body)
    if operation.outcome == "ok":
        _learn_done(world, person, ask, operation, body)
    elif operation.status == 401:
        if ask.token:
            person.forget(ask.token)
        elif ask.verb == "login" and len(person.passwords) > 1:
            person.passwords.remove(ask.args["password"])
    elif operation.status in (404, 409, 412) and ask.verb in ("move", "shift", "cancel", "get"):
        if operation.body and operation.body.get("code") not in STILL_HELD:
            person.holds.pop(ask.args["appointment"], None)
    elif operation.outcome == "info" and ask.verb == "password":
        person.passwords = [ask.args["old"], ask.args["new"]]
    elif operation.outcome == "info" and ask.verb == "logout" and ask.token:
        person.forget(ask.token)


def _learn_done(world: World, person: Person, ask: Ask, operation: Operation, body: Any) -> None:
    times.learn(world, person, ask, body, operation.body)
    match ask.verb:
        case "guess":
            world.homes.add(ask.args["username"])
        case "login":
            person.passwords = [ask.args["password"]]
            person.tokens = [*person.tokens, Token.of(body["token"])]
            person.dead = [*person.dead, *person.tokens[:-MOST_TOKENS]][-5:]
        case "logout" if ask.token:
            person.forget(ask.token)
        case "password" if ask.token:
            person.passwords = [ask.args["new"]]
            for token in [one for one in person.tokens if one is not ask.token]:
                person.forget(token)
        case "book" | "move" | "take" | "shift" | "get" if not person.staff:
            number, slot = operation.body["id"], operation.body["slot"]
            if operation.body.get("status", "booked") == "booked" and not operation.replayed:
                person.holds[number] = (slot, operation.body["v"])
        case verb if verb in ENDINGS:
            number = operation.body["id"]
            person.holds.pop(number, None)
            whose = world if person.staff else person
            whose.ended = [*whose.ended[-4:], number]
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
