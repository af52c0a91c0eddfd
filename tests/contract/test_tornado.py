"""Tornado's private names, which any release may change, stand in one file that says why."""

import ast
import functools
import importlib
import inspect
import re
import textwrap
from collections.abc import Iterator

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import Application, RequestHandler

from tests.contract.source import Module, modules

HOME = "service.http.borrowed"
LENDERS = (RequestHandler, Application, HTTPServer, HTTPHeaders, HTTPServerRequest)
PRIVATE = re.compile(r"_[a-z]\w*")


def privates(kind: type) -> set[str]:
    """The private names of a class of Tornado, and of those that it is made of."""
    of_tornado = (one for one in kind.__mro__ if one.__module__.startswith("tornado."))
    found = set().union(*map(_written_in, of_tornado))
    return {name for name in found if PRIVATE.fullmatch(name)}


@functools.cache
def _written_in(kind: type) -> set[str]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    found = {node.attr for node in ast.walk(tree) if _of_itself(node)}
    return found | vars(kind).keys() | inspect.get_annotations(kind).keys()


def _of_itself(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    )


LENT = set().union(*map(privates, LENDERS))


def used(module: Module) -> Iterator[tuple[str, int]]:
    """The private names of Tornado in a module: of other objects, and of its own classes as far as
    they are Tornado's."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr in LENT and not _of_itself(node):
            yield node.attr, node.lineno
    for part in module.tree.body:
        if isinstance(part, ast.ClassDef):
            kind = getattr(importlib.import_module(module.name), part.name)
            lent = privates(kind)
            for node in ast.walk(part):
                if isinstance(node, ast.Attribute) and _of_itself(node) and node.attr in lent:
                    yield node.attr, node.lineno
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in lent:
                    yield node.name, node.lineno


def home() -> Module:
    (found,) = (one for one in modules() if one.name == HOME)
    return found


def test_private_names_of_tornado_stand_in_one_file() -> None:
    found = [
        f"{one}:{line} {name}" for one in modules() if one is not home() for name, line in used(one)
    ]
    assert found == []


def test_that_file_says_of_each_what_it_is_for() -> None:
    documented = [
        ast.get_docstring(node) or ""
        for node in ast.walk(home().tree)
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
    ]
    names = {name for name, _ in used(home())}
    assert len(names) > 10
    assert [
        name for name in sorted(names) if not any(f"`{name}" in text for text in documented)
    ] == []


def test_tornado_has_each_of_them_still() -> None:
    ours = {node.name for node in ast.walk(home().tree) if isinstance(node, ast.FunctionDef)}
    named = {
        node.attr
        for node in ast.walk(home().tree)
        if isinstance(node, ast.Attribute) and PRIVATE.fullmatch(node.attr)
    }
    assert named - ours - LENT == set()
