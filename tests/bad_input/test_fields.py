"""Every field of every body, with everything in it that it was not made for."""

import itertools
import json
import random
from collections.abc import Callable, Iterable
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, strategies

from tests.bad_input.conftest import SEED
from tests.bad_input.targets import FIELDS, WITH_BODY, Target
from tests.bad_input.words import VALUES, accidents, some
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
EACH = 8  # bodies that are made of each that is found, which takes long: itself, accidents in it


def ask(world: World, target: Target, changes: Iterable[dict[str, Any]]) -> None:
    """A refusal names only fields there are; whatever is accepted the world accounts for."""
    good = target.good(world)
    raws = (target.ask(world, json.dumps(good | one).encode()) for one in changes)
    for raw, answer in world.ask_all(raws):
        if answer.status == 400 and "errors" in answer.json:
            named = {place.partition(".")[0] for place in answer.json["errors"]}
            assert named <= set(target.fields), raw


@pytest.mark.parametrize(("target", "name"), FIELDS, ids=lambda one: str(one))
def test_a_field_takes_or_refuses_every_value_we_know(
    world: World, target: Target, name: str
) -> None:
    values = some(VALUES, FIELDS.index((target, name)))
    ask(world, target, ({name: value} for value in values))


@pytest.mark.parametrize("target", WITH_BODY, ids=str)
def test_the_fields_take_or_refuse_whatever_is_found(
    world: World, count: Callable[[float], int], chance: random.Random, target: Target
) -> None:
    some = strategies.dictionaries(
        strategies.sampled_from(target.fields), ANYTHING, min_size=1, max_size=3
    )
    share, everything = count(0.3 / len(WITH_BODY)), list[dict[str, Any]]()

    @hypothesis.seed(SEED)
    @hypothesis.settings(
        max_examples=max(20, share // EACH),
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(some)
    def found(changes: dict[str, Any]) -> None:
        everything.append(changes)

    found()
    ask(world, target, everything)
    bodies = [json.dumps(target.good(world) | one).encode() for one in everything]
    left = max(0, share - len(bodies))
    spoiled = itertools.islice(accidents(bodies, chance), left)
    assert sum(1 for _ in world.ask_all(target.ask(world, body) for body in spoiled)) == left


@pytest.mark.parametrize("target", WITH_BODY, ids=str)
def test_names_that_are_no_fields_are_refused(world: World, target: Target) -> None:
    strange = {
        "id": 1, "role": "admin", "account_id": 1, "user": "admin", "booked": 0, "version": 1,
        "is_admin": True, "__proto__": {"role": "admin"}, "constructor": 1, "place": 2,
    }  # fmt: skip
    good = target.good(world)
    bodies = (json.dumps(good | {name: value}).encode() for name, value in strange.items())
    raws = (target.ask(world, body) for body in bodies)
    for name, (_, answer) in zip(strange, world.ask_all(raws), strict=True):
        assert (answer.status, name in answer.json["errors"]) == (400, True), answer
    assert world.ask(target.ask(world, json.dumps(good | {"\0": 1}).encode())).status == 400
