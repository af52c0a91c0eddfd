"""The list of all calls made into routes: a pattern and a handler for each path."""

from collections.abc import Iterable
from typing import Any

from service.http.borrowed import LeanHandler
from service.http.routing.declaration import EVERYONE, NOBODY

ID, TOKEN = "([0-9]+)", "([A-Za-z0-9_-]+)"  # in the pattern of a route
PLACES = {"{id}": ID, "{token}": TOKEN}
SLASH = "/?"
BESIDES = {"HEAD", "OPTIONS"}  # which every path answers

Call = tuple[str, str, Any, frozenset[str]]  # method, path, handler, who may
Route = tuple[str, type[LeanHandler]]


def routes(calls: Iterable[Call]) -> list[tuple[str, Any]]:
    """A route for each path, in order; each verb hears who may call it. Raises ValueError unless
    the calls are the verbs of their handlers: all of them, each once."""
    found: dict[str, Any] = {}
    listed: dict[str, set[str]] = {}
    for method, path, handler, who in calls:
        methods = listed.setdefault(path, set())
        if found.setdefault(path, handler) is not handler or method in methods:
            raise ValueError(f"{method} {path} is listed twice, or the path with two handlers")
        methods.add(method)
        _allow(getattr(handler, method.lower()), who)
    for path, handler in found.items():
        if handler.verbs - BESIDES != listed[path]:
            raise ValueError(f"{path} has other methods than are listed")
    return [(pattern(path), handler) for path, handler in found.items()]


def _allow(verb: Any, who: frozenset[str]) -> None:
    """Let these call a verb; one that declares nothing checks nobody."""
    declared = getattr(verb, "endpoint", None)
    if declared is None and who is not EVERYONE:
        raise ValueError(f"{verb.__qualname__} lets everyone in")
    if declared is not None:
        if declared.who not in (NOBODY, who):
            raise ValueError(f"{declared.name} is for {declared.who} already")
        declared.who = who


def pattern(path: str) -> str:
    """A path as Tornado has it: `/api/slots/{id}/` is `/api/slots/([0-9]+)/?`."""
    text = path.replace(".", r"\.")
    for name, place in PLACES.items():
        text = text.replace(name, place)
    return f"{text}?" if text.endswith("/") else text


def readable(pattern: str) -> str:
    """The path that a pattern was made of."""
    for name, place in PLACES.items():
        pattern = pattern.replace(place, name)
    return pattern.replace(SLASH, "/").replace("\\", "")
