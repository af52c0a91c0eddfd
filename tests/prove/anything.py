"""Any route in any way that the OpenAPI document names: what is added there is asked by itself.

Nothing that this asks may take effect, or the witness would have to be told of it: writes come
with bodies that can't be read, are about what never was, or come from nobody.
"""

import base64
from typing import Any
from urllib.parse import quote

from service.handlers.routes import ROUTES
from service.openapi.document import document
from tests.load.wire import message
from tests.prove.ask import Ask
from tests.prove.people import Person, World

NEVER = 10**17  # no id
BODIES = (b"", b"{", b"[]", b"null", b'{"slot":', b'{"slot":"1"}', b"\xff", b'"text"', b"{}x")
# Values for any query parameter; those that its schema names come besides.
TEXTS = ("", "0", "1", "-1", "999999999999999999999", "x", "2027-01-04T09:00:00+00:00", "slot",
         "booked", "free", "WyIyMDI3LTAxLTA0IDA5OjAwOjAwKzAwIiwxXQ==", "é", "%00")  # fmt: skip
TURNS = 0.25  # of the requests ask for a page behind a cursor that was made up, and for no more
ENDLESS = "text/event-stream"  # of such an answer nobody sees the end
CURSORS = ("x", "0", "-1", "9" * 30, "0-0", "99999999999-1", "WzEsMl0=", "e30=", *(
    base64.urlsafe_b64encode(text.encode()).decode()
    for text in ('["2027-01-04 09:00:00+00",1]', '["yesterday",1]', '["infinity",1]',
                 '["2027-02-30 09:00:00+00",1]', '["2027-01-04 09:00:00+00",99999999999999999999]',
                 '["2027-02-30T09:00:00Z",1]', '["2027-01-04T09:00:00Z",-1]', "[1,2]", "-1")
))  # fmt: skip
FIELDS = {
    "X-Request-ID": ("one", "a b", "x" * 200),
    "If-None-Match": ("*", '"1"', 'W/"1"', "1"),
    "If-Match": ("*", '"1"', '"99"', "1"),
    "Idempotency-Key": ("any", '"any"', ""),
}


class Anything:
    """Builds requests from the document of all routes."""

    def __init__(self, world: World) -> None:
        self._world, self._random = world, world.random
        found = document(ROUTES)
        self._shared = found["components"]["parameters"]
        self._operations = [
            (method, path, told)
            for path, verbs in found["paths"].items()
            for method, told in verbs.items()
            if ENDLESS not in told["responses"].get("200", {}).get("content", {})
        ]
        self._paged = [
            (method, path, told)
            for method, path, told in self._operations
            if any(self._field(one)["name"] == "cursor" for one in told["parameters"])
        ]

    def next(self, person: Person) -> Ask:
        """One request: by this person, or by nobody."""
        turns = self._random.random() < TURNS
        method, path, told = self._random.choice(self._paged if turns else self._operations)
        writes = method != "get"
        signed = bool(person.tokens) and self._random.random() < 0.7
        body = self._random.choice(BODIES) if "requestBody" in told else None
        only_about_never = not told.get("requestBody", {}).get("required")
        if writes and only_about_never and "{" not in path:
            signed = False
        token = self._random.choice(person.tokens) if signed else None
        lines, query = token.lines if token else b"", []
        for one in told["parameters"]:
            field = self._field(one)
            name = field["name"]
            if field["in"] == "path":
                number = NEVER if writes else self._number(person)
                path = path.replace(f"{{{name}}}", str(number))
            elif turns:
                query += [f"{name}={quote(self._random.choice(CURSORS))}"] * (name == "cursor")
            elif self._random.random() < 0.4 and field["in"] == "query":
                query.append(f"{name}={self._value(field)}")
            elif self._random.random() < 0.4 and field["in"] == "header":
                lines += f"{name}: {self._random.choice(FIELDS.get(name, TEXTS[:6]))}\r\n".encode()
        target = path + ("?" + "&".join(query) if query else "")
        args = {
            "route": f"{method.upper()} {path}",
            "statuses": sorted(int(one) for one in told["responses"]),
            "writes": writes,
            "signed": bool(told.get("security")) and {} not in told["security"],
        }
        data = message(method.upper(), target, lines, body, "prove")
        return Ask("any", args, data, "", token, target)

    def _field(self, one: dict[str, Any]) -> Any:
        """A parameter, where it is described."""
        return self._shared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one

    def _number(self, person: Person) -> int:
        held = [*self._world.somebody_else(person).holds, *self._world.crowded[:3], NEVER]
        return int(self._random.choice(held))

    def _value(self, field: dict[str, Any]) -> str:
        named = [str(one) for one in _enums(field["schema"])]
        return quote(self._random.choice([*TEXTS, *named * 2]), safe="%")


def _enums(schema: Any) -> list[Any]:
    """All values that a schema names."""
    if isinstance(schema, dict):
        return [*schema.get("enum", ()), *(v for one in schema.values() for v in _enums(one))]
    return [v for one in schema for v in _enums(one)] if isinstance(schema, list) else []
