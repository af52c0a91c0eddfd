"""One verb of one route as OpenAPI has it: its declaration, its signature and its docstring."""

import inspect
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from msgspec import structs

from service.errors import NotAuthenticated, PreconditionFailed
from service.http.base import JSON, ApiHandler
from service.http.routing.declaration import EVERYONE, SIGNED_IN, Charged, Endpoint
from service.http.routing.table import ID, TOKEN
from service.openapi.parameters import QUERY, UNKEYED
from service.openapi.refusal import RATE, Refusals, header_refs, possible
from service.openapi.schema import Schema, Schemas, fields

Verb = Callable[..., Any]
PATH_TOKEN: Schema = {
    "description": "The secret part of a link, as it was given.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"},
    "example": "c2FtcGxl",
}
METHODS = ("get", "post", "put", "patch", "delete")
READS = ("get",)


def declared(verb: Verb) -> Endpoint | None:
    """What `@endpoint` was told of this verb, if it has one."""
    found: Endpoint | None = getattr(verb, "endpoint", None)
    return found


def _declared(verb: Verb) -> Endpoint:
    found = declared(verb)
    assert found is not None
    return found


def path_names(verb: Verb) -> list[str]:
    """The names of the ids and tokens in this verb's path."""
    return [name for name in inspect.signature(verb).parameters if name != "self"]


def path_id(name: str) -> Schema:
    """How an id in a path is described."""
    return {
        "description": f"Id of the {name.removesuffix('_id')}.",
        "schema": {"type": "integer", "format": "int64", "minimum": 1},
        "example": 1,
    }


def template(pattern: str, verb: Verb) -> str:
    """A route's pattern as a path: `/api/slots/([0-9]+)/?` is `/api/slots/{slot_id}/`.

    Outside of /api/ and /docs/ the last slash, which is never needed, is not shown.
    """
    for name in path_names(verb):
        pattern = pattern.replace(TOKEN if name == "token" else ID, f"{{{name}}}", 1)
    path = pattern.removesuffix("?").replace("\\", "")
    return path if path.startswith(("/api/", "/docs/")) else path.removesuffix("/") or "/"


def operation(
    schemas: Schemas, refusals: Refusals, method: str, handler: type[ApiHandler]
) -> Schema:
    """The operation object of one verb."""
    verb = getattr(handler, method)
    asked = _declared(verb)
    summary, _, more = inspect.cleandoc(verb.__doc__ or "").partition("\n\n")
    found: Schema = {
        "operationId": asked.name,
        "summary": summary.removesuffix("."),
        "description": "\n\n".join(part for part in (more, _who(asked)) if part),
        "parameters": list(_parameters(method, handler)),
        "responses": dict(sorted(_responses(schemas, refusals, method, handler))),
        "security": _security(asked),
    }
    if asked.body:
        found["requestBody"] = {
            "required": asked.needs_body,
            "content": {JSON: {"schema": _exemplified(schemas, asked.body)}},
        }
    return found


def _keyed(method: str, handler: type[ApiHandler]) -> bool:
    """Whether this verb takes an Idempotency-Key."""
    return method not in READS and _declared(getattr(handler, method)).name not in UNKEYED


def _may_ask_for_token(asked: Endpoint) -> bool:
    """Whether somebody may send no token, but not with everything."""
    return asked.who == EVERYONE and NotAuthenticated in asked.raises


def _security(asked: Endpoint) -> list[Schema]:
    if _may_ask_for_token(asked):
        return [{}, {"token": []}]
    return [{"token": []}] if asked.who else []


def _who(asked: Endpoint) -> str:
    who = asked.who
    if _may_ask_for_token(asked):
        return "Needs no token, but for what is one's own."
    if who == EVERYONE:
        return "Needs no token."
    if who == SIGNED_IN:
        return "Needs a token of any role."
    return f"Needs a token of the role {' or '.join(f'`{role}`' for role in sorted(who))}."


def _parameters(method: str, handler: type[ApiHandler]) -> Iterator[Schema]:
    verb = getattr(handler, method)
    asked = _declared(verb)
    for name in path_names(verb):
        yield {"name": name, "in": "path", "required": True} | (
            PATH_TOKEN if name == "token" else path_id(name)
        )
    query = dict(fields(asked.query)) if asked.query else {}
    if len(asked.answers) > 2:
        query["expand"] = {"type": "string"}
    known = structs.fields(asked.query) if asked.query else ()
    needed = {one.encode_name for one in known if one.required}
    for name, schema in query.items():
        found = {"name": name, "in": "query", "description": QUERY[name], "schema": schema}
        yield found | ({"required": True} if name in needed else {})
    headers = ["X-Request-ID"]
    if handler.endless:
        headers.append("Last-Event-ID")
    elif method in READS:
        headers.append("If-None-Match")
    if _keyed(method, handler):
        headers.append("Idempotency-Key")
    if PreconditionFailed in asked.raises:
        headers.append("If-Match")
    yield from ({"$ref": f"#/components/parameters/{name}"} for name in headers)


def _responses(
    schemas: Schemas, refusals: Refusals, method: str, handler: type[ApiHandler]
) -> Iterator[tuple[str, Schema]]:
    verb = getattr(handler, method)
    asked = _declared(verb)
    status, *shapes = asked.answers
    sent = ["X-Request-ID", *asked.sends]
    if asked.charged is not Charged.NOBODY:
        sent += RATE
    if asked.redirects:
        yield "303", {"description": "See Other", "headers": header_refs([*sent, "Location"])}
    if method in READS and status != HTTPStatus.NO_CONTENT and not handler.endless:
        sent.append("ETag")
        yield "304", {"description": "Not Modified", "headers": header_refs(sent)}
    if asked.dry:
        yield (
            str(HTTPStatus.OK.value),
            {
                "description": "What a dry run would come to",
                "headers": header_refs(sent),
                "content": {JSON: _content(schemas, asked.dry)},
            },
        )
    keyed = _keyed(method, handler)
    if keyed:
        sent.append("Idempotency-Replayed")
    if asked.query and "cursor" in asked.query.__struct_fields__:
        sent.append("Link")
    success: Schema = {"description": HTTPStatus(status).phrase, "headers": header_refs(sent)}
    if shapes:
        success["content"] = {
            handler.media.partition(";")[0]: _content(schemas, *shapes, *asked.staff)
        }
    yield str(status), success
    names = bool(path_names(verb))
    yield from refusals.of(possible(asked, reads=method in READS, names=names, keyed=keyed))


def _content(schemas: Schemas, *kinds: Any) -> Schema:
    found = [schemas.of(kind) for kind in kinds]
    schema = found[0] if len(found) == 1 else {"anyOf": found}
    alternatives = schema.get("anyOf")
    if not alternatives:
        return {"schema": schema, "example": schemas.example(schema)}
    examples = {_name(one): {"value": schemas.example(one)} for one in alternatives}
    return {"schema": schema, "examples": examples}


def _exemplified(schemas: Schemas, kind: Any) -> Schema:
    """The schema of a body with its examples inside: beside it, generators of Java warn of them."""
    several = isinstance(kind, tuple)
    schema = {"anyOf": [schemas.of(one) for one in kind]} if several else schemas.of(kind)
    return schema | {"examples": [schemas.example(one) for one in schema.get("anyOf", [schema])]}


def _name(schema: Schema) -> str:
    """What to call the example of a schema."""
    if "items" in schema:
        return f"list of {_name(schema['items'])}"
    return str(schema.get("$ref", schema.get("type"))).rpartition("/")[2]
