"""What schemathesis can't read in the OpenAPI document: who asks, and what makes sense together."""

import itertools
import os
from datetime import UTC, datetime
from typing import Any

import requests
import schemathesis
from hypothesis import strategies

URL, PASSWORD = os.environ["FUZZ_URL"], os.environ["FUZZ_PASSWORD"]
ADMIN = "fuzz"
# A name that never stands for anything: nobody is told of this.
NOWHERE = "https://webhooks.invalid/in"
# These end the token they are sent with: each gets one of its own.
ENDING = ("/api/logout/", "/api/tokens/", "/api/tokens/{token_id}/", "/api/password/")
IDS = {
    "slot_id": 300,
    "appointment_id": 40,
    "provider_id": 2,
    "service_id": 2,
}  # up to here there are some
NAMED = {
    "slot": "slot_id",
    "new_slot": "slot_id",
    "provider": "provider_id",
    "service": "service_id",
}
_COUNTER = itertools.count(1)


def login(username: str) -> str:
    sent = {"username": username, "password": PASSWORD}
    return str(requests.post(f"{URL}/api/login/", json=sent, timeout=10).json()["token"])


def newcomer() -> str:
    name = f"newcomer{next(_COUNTER)}"
    sent = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    requests.post(f"{URL}/api/register/", json=sent, timeout=10).raise_for_status()
    return name


def book(slot_id: int) -> None:
    headers = {"Authorization": f"Token {TOKEN}"}
    sent = {"slot": slot_id}
    requests.post(f"{URL}/api/appointments/", json=sent, headers=headers, timeout=10)


def customer() -> int:
    headers = {"Authorization": f"Token {TOKEN}"}
    sent = {"name": "Grace"}
    reply = requests.post(f"{URL}/api/customers/", json=sent, headers=headers, timeout=10)
    return int(reply.json()["id"])


TOKEN = login(ADMIN)
INTO = customer()
for slot_id in range(1, IDS["appointment_id"] + 1):
    book(slot_id)


@schemathesis.auth(refresh_interval=None)
class Auth:
    """A living token for every request."""

    def get(self, case: Any, context: Any) -> str:
        return login(newcomer()) if case.operation.path in ENDING else TOKEN

    def set(self, case: Any, data: str, context: Any) -> None:
        case.headers["Authorization"] = f"Token {data}"
        if "token_id" in (case.path_parameters or {}):
            headers = {"Authorization": f"Token {data}"}
            tokens = requests.get(f"{URL}/api/tokens/", headers=headers, timeout=10).json()
            case.path_parameters["token_id"] = tokens[0]["id"]


passwords = strategies.text(min_size=8, max_size=72).filter(lambda text: "\0" not in text)
schemathesis.openapi.format(
    "password", passwords.filter(lambda text: len(text.encode("utf-8", "replace")) <= 72)
)
schemathesis.openapi.format(
    "iana-time-zone", strategies.sampled_from(["UTC", "Europe/Berlin", "Pacific/Apia"])
)
# More than a pattern can say: no two directions in one name, joiners only where they join, and no
# mark before the first letter.
names = strategies.text("Zoe\u0308\u00e9\u0431\u5d50\uff219@.+-_", min_size=1, max_size=150)
schemathesis.openapi.format("username", names.filter(lambda name: name[0] != "\u0308"))
days = strategies.dates().map(str)
instants = strategies.datetimes(timezones=strategies.just(UTC)).map(datetime.isoformat)
schemathesis.openapi.format("date-or-date-time", days | instants)
schemathesis.openapi.format("uri", strategies.just(NOWHERE))
schemathesis.openapi.format("cursor", strategies.just(""))  # any other is taken from a Link


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Mend valid requests where only the whole makes sense."""
    if case.meta is None:
        return
    if not case.meta.generation.mode.is_positive:
        return
    if "If-Match" in (case.headers or {}):
        case.headers["If-Match"] = "*"
    if case.meta.phase.name != "stateful":  # that one has ids from answers
        for name, last in IDS.items():
            if name in (case.path_parameters or {}):
                case.path_parameters[name] = near(case.path_parameters[name], last)
    if case.operation.path == "/api/closures/" and isinstance(case.body, dict):  # by days
        names = {"provider", "reason"} & case.body.keys()
        case.body = {"from": "2035-12-24", "to": "2035-12-26"} | {n: case.body[n] for n in names}
    mend_wish(case.operation.path, case.body)
    query = case.query or {}
    if not query.get("provider"):  # whose hours they are outside of
        query.pop("outside_hours", None)
    elif query.get("order") == "booked":  # of a provider's all are by time
        query.pop("order")
    if "/times/" in case.operation.path:  # a week from there
        query.pop("to", None)
    for body in case.body if isinstance(case.body, list) else [case.body]:
        if isinstance(body, dict):
            mend(body)


def mend(body: dict[str, Any]) -> None:
    if "current_password" in body:
        body["current_password"] = PASSWORD
    if {"starts_at", "ends_at"} <= body.keys():
        body["starts_at"], body["ends_at"] = next_free()
    for name, of in NAMED.items():
        if body.get(name) is not None:
            body[name] = near(body[name], IDS[of])
    if body.get("phone") is not None:
        body["phone"] = "+49 170 1234567"
    if body.get("url") is not None:
        body["url"] = NOWHERE
    if "into" in body:
        body["into"] = INTO
    if body.get("override"):
        body["reason"] = body.get("reason") or "so we agreed"
    if body.get("party_max") is not None:
        body["party_max"] = 1
    if body.keys() & {"providers", "needs"}:
        body |= {"providers": [{"provider": 1}], "needs": {"room": [2]}}
    if "weekly" in body:
        mend_hours(body)


def mend_wish(path: str, body: Any) -> None:
    """One of two ways to say what is wanted, as moves, series, lines and links take it."""
    if path == "/api/moves/" and isinstance(body, list):
        body[:] = [{"appointment": n, "new_slot": n} for n in range(1, 3)]
    elif path == "/api/series/" and isinstance(body, dict):
        for name in ("until", "days", "unit"):
            body.pop(name, None)
        body["count"] = 2
    elif path == "/api/waitlist/" and isinstance(body, dict):
        for name in body.keys() - {"size"}:
            del body[name]
        body["slot"] = 1
    elif path == "/api/calendar-links/" and isinstance(body, dict):
        body.pop("provider", None)
        body["of"] = "me"


def mend_hours(body: dict[str, Any]) -> None:
    """Hours that do not overlap, of days that stand once."""
    weekly, days = body["weekly"][:1], (body.get("days") or [])[:1]
    for rule in weekly:
        rule.pop("from", None), rule.pop("until", None)
    for day in days:
        day |= {"date": "2035-12-24", "hours": day["hours"][:1]}
    for hours in (*weekly, *(one for day in days for one in day["hours"])):
        hours |= {"opens": "09:00", "closes": "17:00", "services": [1]}
    body |= {"weekly": weekly, "days": days}


def near(number: Any, last: int) -> int:
    """An id that something has, which is the number itself if it can be."""
    return 1 + (int(number) - 1) % last


def next_free() -> tuple[str, str]:
    """A minute in which no slot is yet."""
    day, minute = divmod(next(_COUNTER), 24 * 60)
    start = f"2031-01-{1 + day % 28:02}T{minute // 60:02}:{minute % 60:02}"
    return f"{start}:00+00:00", f"{start}:59+00:00"
