"""handlers/nested.py: lists of objects within a body."""

import functools
from typing import Any

import pytest

from service.errors import InvalidFields, InvalidRequest
from service.handlers import nested
from service.http import fields
from service.http.fields import Body, Title

REQUIRED = ["This field is required."]
INTEGER = ["A valid integer is required."]


class Leaf(Body):
    name: Title


class Branch(Body):
    leaves: list[Leaf] | None = None
    size: int = 0


class Tree(Body):
    branches: list[Branch]
    size: int = 0


def wrong(value: Any) -> dict[str, list[str]]:
    with pytest.raises(InvalidFields) as caught:
        nested.convert(value, Tree, fields.convert)
    return caught.value.errors


def test_each_is_converted_by_its_own_type() -> None:
    value = {"branches": [{"leaves": [{"name": " Oak "}], "size": 3}, {"leaves": None}]}
    tree = nested.convert(value, Tree, fields.convert)
    assert tree == Tree([Branch([Leaf("Oak")], 3), Branch()])


def test_what_is_wrong_is_told_by_its_place() -> None:
    assert wrong({"branches": [{}, {"leaves": [{}, {"name": ""}], "size": "x"}], "size": "x"}) == {
        "branches.1.leaves.0.name": REQUIRED,
        "branches.1.leaves.1.name": ["This field may not be blank."],
        "branches.1.size": INTEGER,
        "size": INTEGER,
    }


def test_what_is_no_object_or_no_list_is_told_so() -> None:
    no_object = ["A JSON object was expected."]
    assert wrong({"branches": [7, {"leaves": ["x"]}]}) == {
        "branches.0": no_object,
        "branches.1.leaves.0": no_object,
    }
    assert wrong({"branches": {}}) == {"branches": ["Not a valid value."]}
    assert wrong({}) == {"branches": REQUIRED}
    with pytest.raises(InvalidRequest, match="A JSON object was expected"):
        nested.convert([], Tree, fields.convert)


def test_old_clients_may_say_what_there_is_not_at_any_depth() -> None:
    lenient = functools.partial(fields.convert, lenient=True)
    value = {"x": 1, "branches": [{"x": 1, "leaves": [{"x": 1, "name": "Oak"}]}]}
    assert nested.convert(value, Tree, lenient) == Tree([Branch([Leaf("Oak")])])
    assert wrong(value).keys() == {"x", "branches.0.x", "branches.0.leaves.0.x"}
