"""Every field of every body, with everything in it that it was not made for."""

import json
from collections.abc import Callable
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, strategies

from tests.bad_input.conftest import SEED
from tests.bad_input.targets import FIELDS, WITH_BODY, Target
from tests.bad_input.words import VALUES
from tests.bad_input.world import World

ANY_TEXT = strategies.text(strategies.characters(codec=None, exclude_categories=()), max_size=80)
SCALAR = strategies.one_of(
    strategies.none(),
    strategies.booleans(),
    strategies.integers(-(2**70), 2**70),
    strategies.floats(),
    ANY_TEXT,
    strategies.datetimes().map(str),
)
ANYTHING = strategies.one_of(
    strategies.sampled_from(VALUES),
    strategies.recursive(
        SCALAR,
        lambda inner: (
            strategies.lists(inner, max_size=4)
            | strategies.dictionaries(ANY_TEXT, inner, max_size=4)
        ),
        max_leaves=8,
    ),
)


def ask(world: World, target: Target, changes: dict[str, Any]) -> None:
    """A refusal names only fields there are; whatever is accepted the world accounts for."""
    body = json.dumps(target.good(world) | changes).encode()
    answer = world.ask(target.ask(world, body))
    if answer.status == 400 and "errors" in answer.json:
        assert answer.json["errors"].keys() <= set(target.fields)


@pytest.mark.parametrize(("target", "name"), FIELDS, ids=lambda one: str(one))
def test_a_field_takes_or_refuses_every_value_we_know(
    world: World, target: Target, name: str
) -> None:
    for value in VALUES:
        ask(world, target, {name: value})


@pytest.mark.parametrize("target", WITH_BODY, ids=str)
def test_the_fields_take_or_refuse_whatever_is_found(
    world: World, count: Callable[[float], int], target: Target
) -> None:
    changes = strategies.dictionaries(
        strategies.sampled_from(target.fields), ANYTHING, min_size=1, max_size=3
    )

    @hypothesis.seed(SEED)
    @hypothesis.settings(
        max_examples=max(20, count(0.3 / len(WITH_BODY))),
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(changes)
    def found(changes: dict[str, Any]) -> None:
        ask(world, target, changes)

    found()


@pytest.mark.parametrize("target", WITH_BODY, ids=str)
def test_names_that_are_no_fields_are_refused(world: World, target: Target) -> None:
    strange = {
        "id": 1, "role": "admin", "account_id": 1, "user": "admin", "booked": 0, "version": 1,
        "is_admin": True, "__proto__": {"role": "admin"}, "constructor": 1, "place": 2,
    }  # fmt: skip
    for name, value in strange.items():
        body = json.dumps(target.good(world) | {name: value}).encode()
        answer = world.ask(target.ask(world, body))
        assert (answer.status, name in answer.json["errors"]) == (400, True), answer
    body = json.dumps(target.good(world) | {"\0": 1}).encode()
    assert world.ask(target.ask(world, body)).status == 400
