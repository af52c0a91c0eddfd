"""The OpenAPI document as something that real answers are held against."""

import json
import re
from collections.abc import Iterator
from typing import Any

from openapi_schema_validator import OAS31Validator, oas31_format_checker

from service.handlers.routes import ROUTES
from service.openapi.document import document

DOCUMENT = json.loads(json.dumps(document(ROUTES)))
# Header fields that an answer has only where the document says so.
TOLD = (
    "Allow",
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-ID",
)


def operations() -> Iterator[tuple[str, str, Any]]:
    """Every documented (method, path, operation)."""
    for path, verbs in DOCUMENT["paths"].items():
        for method, operation in verbs.items():
            yield method, path, operation


def resolved(part: Any) -> Any:
    """What a reference leads to."""
    while "$ref" in part:
        reference = part["$ref"]
        part = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]
    return part


def errors(value: Any, schema: Any) -> list[str]:
    """What is wrong with a value, in words."""
    whole = {**schema, "components": DOCUMENT["components"]}
    found = OAS31Validator(whole, format_checker=oas31_format_checker).iter_errors(value)
    return [error.message for error in found]


def examples(part: Any, schema: Any = None) -> Iterator[tuple[Any, Any]]:
    """Every (example, its schema) below this part of the document."""
    if isinstance(part, list):
        for one in part:
            yield from examples(one)
    if not isinstance(part, dict):
        return
    if "schema" in part:
        if "example" in part:
            yield part["example"], part["schema"]
        for example in part.get("examples", {}).values():
            yield example["value"], part["schema"]
    if isinstance(part.get("examples"), list):  # a schema's own
        yield from ((example, part) for example in part["examples"])
    for name, inner in part.items():
        if name not in ("example", "examples"):
            yield from examples(inner)


def operation_of(method: str, path: str) -> Any:
    """The operation that a request asks for."""
    bare = path.partition("?")[0]
    for wanted, template, operation in operations():
        pattern = re.sub(r"{\w+}", "[0-9]+", template.replace("{token}", r"[\w-]+"))
        if wanted == method.lower() and re.fullmatch(f"{pattern}/?", bare):
            return operation
    raise LookupError(f"{method} {path} is not documented")


def check_answer(operation: Any, status: int, headers: Any, text: str) -> None:
    """The answer is one that the document knows, to the letter."""
    said = resolved(operation["responses"][str(status)])
    told = {name for name in TOLD if name in headers}
    assert told <= set(said["headers"]), f"{operation['operationId']} {status}: {told}"
    assert "X-Request-ID" in told
    content = said.get("content")
    if not content:
        assert not text
        return
    media = headers["Content-Type"].partition(";")[0]
    value = json.loads(text) if media.endswith("json") else text
    if status >= 400:
        told_codes = operation["responses"][str(status)]["description"]
        assert f"`{value['code']}`" in told_codes, f"{operation['operationId']} {value['code']}"
    assert errors(value, content[media]["schema"]) == [], f"{operation['operationId']} {status}"
