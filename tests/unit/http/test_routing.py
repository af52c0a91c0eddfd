"""http/routing.py: the list of calls and the verbs of the handlers have to be the same."""

import re

import pytest

from service.http.base import ApiHandler, endpoint
from service.http.routing.declaration import ADMIN, EVERYONE, NOBODY, SIGNED_IN
from service.http.routing.table import Call, pattern, readable, routes


def thing() -> type[ApiHandler]:
    """A handler of its own for each test: a verb is told only once who may call it."""

    class Thing(ApiHandler):
        @endpoint("getThing", answers=(200,))
        async def get(self) -> None:
            """A thing."""

        @endpoint("deleteThing", answers=(204,))
        async def delete(self) -> None:
            """No thing."""

    return Thing


class File(ApiHandler):
    async def get(self) -> None:
        """One that declares nothing, and so checks nobody."""


def both(handler: type[ApiHandler]) -> list[Call]:
    return [("GET", "/things/", handler, EVERYONE), ("DELETE", "/things/", handler, ADMIN)]


def test_nobody_may_call_a_verb_until_the_list_says_who() -> None:
    handler = thing()
    assert handler.get.endpoint.who == NOBODY  # type: ignore[attr-defined]
    assert routes(both(handler)) == [("/things/?", handler)]
    assert handler.get.endpoint.who == EVERYONE  # type: ignore[attr-defined]
    assert handler.delete.endpoint.who == ADMIN  # type: ignore[attr-defined]


def test_a_verb_that_is_not_listed_is_refused() -> None:
    with pytest.raises(ValueError, match="has other methods"):
        routes(both(thing())[:1])


def test_a_verb_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="has other methods"):
        routes([*both(handler := thing()), ("PATCH", "/things/", handler, EVERYONE)])


def test_a_call_that_is_listed_twice_is_refused() -> None:
    handler = thing()
    with pytest.raises(ValueError, match="listed twice"):
        routes([*both(handler), ("GET", "/things/", handler, EVERYONE)])


def test_a_path_with_two_handlers_is_refused() -> None:
    with pytest.raises(ValueError, match="two handlers"):
        routes([both(thing())[0], both(thing())[1]])


def test_a_verb_for_some_on_one_path_and_for_others_on_another_is_refused() -> None:
    handler = thing()
    routes(both(handler))
    with pytest.raises(ValueError, match="already"):
        routes([("GET", "/more/", handler, SIGNED_IN), ("DELETE", "/more/", handler, ADMIN)])


def test_a_verb_that_checks_nobody_is_for_everyone() -> None:
    assert routes([("GET", "/file", File, EVERYONE)]) == [("/file", File)]
    with pytest.raises(ValueError, match="lets everyone in"):
        routes([("GET", "/file", File, SIGNED_IN)])


@pytest.mark.parametrize("path", ["/", "/a/{id}/b/{id}/", "/a.json", "/docs/(one.js|two.js)"])
def test_a_pattern_reads_as_the_path_it_was_made_of(path: str) -> None:
    made = pattern(path)
    assert readable(made) == path
    sample = re.sub(r"\((.*)\|.*\)", r"\1", path).replace("{id}", "17")
    assert re.fullmatch(made, sample)
    assert re.fullmatch(made, sample.removesuffix("/"))
    assert not re.fullmatch(made, sample.replace(".", "x") + "/")
