"""Named tuples of what else has the names of their fields."""

from typing import NamedTuple

import msgspec
import pytest

from service.values.named import named


class Wanted(NamedTuple):
    first: int
    second: str


class Body(msgspec.Struct):
    second: str
    secret: str
    first: int


def test_fields_go_by_their_names_and_what_else_there_is_stays_behind() -> None:
    assert named(Wanted, Body(second="2", secret="x", first=1)) == Wanted(1, "2")


def test_what_lacks_a_field_is_a_mistake() -> None:
    with pytest.raises(AttributeError, match="first"):
        named(Wanted, Exception)
