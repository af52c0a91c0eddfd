"""The OpenAPI document leaves nothing out, is valid, and says what the server really answers."""

import json
import re
from collections.abc import Iterator
from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator

from service.handlers.docs import File
from service.handlers.routes import ROUTES
from service.http import problems
from service.http.base import ApiHandler
from service.http.headers.described import ANSWER_HEADERS, REQUEST_HEADERS
from service.openapi.operation import METHODS, declared
from service.openapi.parameters import QUERY
from service.openapi.schema import EXAMPLES
from tests.cast import Api
from tests.contract.spec import DOCUMENT, errors, examples, operations, resolved

PROBLEM = "application/problem+json"


def verbs(handler: type[ApiHandler]) -> list[str]:
    return [method for method in METHODS if method.upper() in handler.allowed.split(", ")]


def test_every_verb_of_every_route_is_documented() -> None:
    wanted = [
        (handler, method)
        for _, handler in ROUTES
        for method in verbs(handler)
        if not issubclass(handler, File)
    ]
    assert [one for one in wanted if declared(getattr(*one)) is None] == []
    assert len(list(operations())) == len(wanted)


def test_every_operation_says_what_it_does_and_answers() -> None:
    for method, path, operation in operations():
        assert operation["summary"], (method, path)
        found = [int(status) for status in operation["responses"] if status.startswith("2")]
        dry = any(one.get("name") == "dry_run" for one in operation["parameters"])
        assert len(found) == 1 or (dry and found == [200, 201])
        for success in found:
            assert ("content" in operation["responses"][str(success)]) == (success != 204)


def test_it_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_every_example_fits_its_schema() -> None:
    found = list(examples(DOCUMENT))
    assert len(found) > 100
    assert [(value, wrong) for value, schema in found if (wrong := errors(value, schema))] == []


def integers(part: Any) -> Iterator[Any]:
    """Every schema of a whole number below this part of the document."""
    if isinstance(part, dict):
        if part.get("type") == "integer":
            yield part
        part = list(part.values())
    if isinstance(part, list):
        for one in part:
            yield from integers(one)


def test_whole_numbers_that_may_be_large_say_that_they_have_64_bits() -> None:
    """In Java and Go one that says nothing has 32, and an id may have more."""
    found = list(integers([DOCUMENT["paths"], DOCUMENT["components"]["schemas"]]))
    large = [one for one in found if "enum" not in one and one.get("maximum", 2**63) >= 2**31]
    assert len(large) > 30
    assert [one for one in large if one.get("format") != "int64"] == []


def test_every_body_has_an_example() -> None:
    for _, path, operation in operations():
        bodies = [resolved(one) for one in operation["responses"].values()]
        for body in [operation.get("requestBody", {}), *bodies]:
            for content in body.get("content", {}).values():
                named = content.get("examples") or content["schema"].get("examples")
                assert "example" in content or named, path


def test_every_code_of_the_table_is_an_answer_of_something() -> None:
    told = {
        code
        for response in DOCUMENT["components"]["responses"].values()
        for code in resolved(response["content"][PROBLEM]["schema"])["properties"]["code"]["enum"]
    }
    assert told | {problems.MethodNotAllowed.code} == {kind.code for kind in problems.STATUS}
    for kind, status in problems.STATUS.items():
        assert f"`{kind.code}` | {status} |" in DOCUMENT["info"]["description"]


def test_whatever_is_referred_to_is_there() -> None:
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(DOCUMENT)):
        found: Any = DOCUMENT
        for name in reference.split("/"):
            assert name in found, reference
            found = found[name]


def test_no_word_is_left_over() -> None:
    """Neither of a parameter, nor of a header field, nor of an example."""
    text = json.dumps(DOCUMENT["paths"]) + json.dumps(DOCUMENT["components"]["responses"])
    for name in REQUEST_HEADERS:
        assert f"#/components/parameters/{name}" in text
    for name in ANSWER_HEADERS:
        assert f"#/components/headers/{name}" in text
    for name in QUERY:
        assert f'{{"name": "{name}", "in": "query"' in text
    fields = {
        field for one in DOCUMENT["components"]["schemas"].values() for field in one["properties"]
    }
    assert {name.rpartition(".")[2] for name in EXAMPLES} <= fields


async def test_it_is_served_and_kept_until_it_changes(api: Api) -> None:
    reply = await api.get("/api/openapi.json")
    assert reply.status == 200
    assert reply.json == DOCUMENT
    again = await api.get("/api/openapi.json", headers={"If-None-Match": reply.headers["ETag"]})
    assert again.status == 304
