"""The OpenAPI document, built once from the routes and their declarations: it can't drift."""

import sys
from collections.abc import Iterable, Iterator

from service import __version__
from service.http import problems
from service.http.base import ApiHandler
from service.http.headers.described import ANSWER_HEADERS, REQUEST_HEADERS
from service.openapi.operation import METHODS, declared, operation, template
from service.openapi.refusal import Refusals
from service.openapi.schema import Schema, Schemas

Routes = Iterable[tuple[str, type[ApiHandler]]]

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


def document(routes: Routes) -> Schema:
    """The OpenAPI 3.1 document of these routes."""
    schemas = Schemas()
    refusals = Refusals(schemas)
    paths: Schema = {}
    tags: dict[str, str] = {}
    for pattern, handler in routes:
        tag, what = _tag(handler)
        tags[tag] = what
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
        "tags": [{"name": name, "description": text} for name, text in tags.items()],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.components.items())),
            "responses": dict(sorted(refusals.components.items())),
            "parameters": REQUEST_HEADERS,
            "headers": ANSWER_HEADERS,
            "securitySchemes": {"token": SECURITY},
        },
    }


def _tag(handler: type[ApiHandler]) -> tuple[str, str]:
    """What its module is about, or else the folder that the module is in, and that in words."""
    place = handler.__module__
    while not hasattr(sys.modules[place], "TAG"):
        place = place.rpartition(".")[0]
    tag: tuple[str, str] = sys.modules[place].TAG
    return tag


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
