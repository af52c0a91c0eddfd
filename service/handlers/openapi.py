"""The OpenAPI document, built once from the routes and their declarations: it can't drift."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from service import __version__
from service.handlers import problems
from service.handlers.base import EVERYONE, ApiHandler, endpoint
from service.handlers.operation import METHODS, declared, operation, template
from service.handlers.parameters import ANSWER_HEADERS, REQUEST_HEADERS
from service.handlers.refusal import Refusals
from service.handlers.schema import Schema, Schemas

Routes = Iterable[tuple[str, type[ApiHandler]]]

# The module that answers, as clients call it.
TAGS = {
    "auth": ("Accounts", "Accounts, and the tokens they act with."),
    "provider": ("Providers", "Whoever appointments are with."),
    "slot": ("Slots", "The pieces of a provider's time that can be booked."),
    "appointment": ("Appointments", "One person's place in one slot."),
    "ops": ("Operations", "For whoever runs the service."),
    "openapi": ("Documentation", "What you are reading."),
    "docs": ("Documentation", "What you are reading."),
    "front": ("Documentation", "What you are reading."),
}

ABOUT = """\
Appointments: find a free slot, book it, move it, cancel it. Nobody is ever booked twice into one
place, and whatever was answered with 2xx is on disk.

**Who asks.** `POST /api/login/` answers a token; send it as `Authorization: Token <token>` on every
other call. (`Bearer` is taken as another word for `Token`, so that tools which only know that one
work as they are: under *Authorize*, paste the token alone.)

**Safe repeats.** Send an `Idempotency-Key` with any write: after a lost answer, or a 504, ask again
with the same key and it is done once.

**Changes by others.** `ETag` is the version of what you read. `If-Match` makes a change only while
that is still the version; `If-None-Match` spares the body of what you know already. Either may name
several.

**Lists** come in pages; the `Link` header field has the next one. A day in `from` or `to` is that
of the one `provider` asked for, else it is in UTC. `status` may be given more than once and means
any of them.

**Names** of query parameters and body fields that there are none of are refused, and the nearest
that there is is named.

**GET** answers HEAD as well, and every path answers OPTIONS. Every path works without its last
slash, too. A method that is not allowed here is refused with 405 and `Allow`. Text never holds NUL.

**Errors** are `application/problem+json` (RFC 9457). Decide by `code`: it is stable.

<details><summary>All codes</summary>

| code | status | means |
|---|---|---|
"""

SECURITY = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "40 hexadecimal digits",
    "description": "The token that `POST /api/login/` answers, alone. "
    "`Authorization: Token <token>` and `Authorization: Bearer <token>` mean the same.",
}


# Generators read an object that says nothing of its fields as one of no type.
Anything = Annotated[dict[str, Any], Meta(extra_json_schema={"additionalProperties": True})]


class OpenApi(ApiHandler):
    body_text: ClassVar[str]
    version: ClassVar[str]

    @endpoint("getOpenApi", EVERYONE, answers=(200, Anything))
    async def get(self) -> None:
        """This document."""
        self.answer(200, self.body_text, etag=self.version)


def publish(routes: Routes) -> None:
    """Build the document of all routes; called once, when they are known."""
    OpenApi.body_text = msgspec.json.encode(document(routes)).decode()
    OpenApi.version = hashlib.sha256(OpenApi.body_text.encode()).hexdigest()[:16]


def document(routes: Routes) -> Schema:
    """The OpenAPI 3.1 document of these routes."""
    schemas = Schemas()
    refusals = Refusals(schemas)
    paths: Schema = {}
    for pattern, handler in routes:
        tag, _ = TAGS[handler.__module__.rpartition(".")[2]]
        for method in METHODS:
            verb = getattr(handler, method)
            if declared(verb) is None:
                continue
            found = {"tags": [tag]} | operation(schemas, refusals, method, handler)
            paths.setdefault(template(pattern, verb), {})[method] = found
    _link(paths)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Appointments",
            "version": __version__,
            "description": ABOUT + "".join(_rows()) + "\n</details>\n",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in dict(TAGS.values()).items()],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.components.items())),
            "responses": dict(sorted(refusals.components.items())),
            "parameters": REQUEST_HEADERS,
            "headers": ANSWER_HEADERS,
            "securitySchemes": {"token": SECURITY},
        },
    }


def _rows() -> Iterator[str]:
    """The table of errors; each has an anchor, which is the `type` of its problem document."""
    codes = {(status, kind.code): kind for kind, status in problems.STATUS.items()}
    for (status, code), kind in sorted(codes.items(), key=lambda item: item[0]):
        yield f"| <a id='{code}'></a>`{code}` | {status} | {kind.detail} |\n"


def _link(paths: Schema) -> None:
    """Say of everything that is created one at a time where its id leads to."""
    for path, verbs in paths.items():
        created = verbs.get("post", {}).get("responses", {}).get("201")
        if created is None or "array" in str(created["content"]):
            continue
        for other in paths:
            if not other.startswith(path + "{"):
                continue
            name = other[len(path) + 1 :].partition("}")[0]
            for verb in paths[other].values():
                created.setdefault("links", {})[verb["operationId"]] = {
                    "operationId": verb["operationId"],
                    "parameters": {name: "$response.body#/id"},
                }


ROUTES: list[tuple[str, type[ApiHandler]]] = [(r"/api/openapi\.json", OpenApi)]
