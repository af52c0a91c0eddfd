"""The service's own source, parsed: what the tests of this folder look at."""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from service.store.queries import SQL

ROOT = Path(__file__).resolve().parents[2]
SERVICE = ROOT / "service"
WEB = ("service.handlers", "service.http", "service.openapi")  # what speaks HTTP


class Import(NamedTuple):
    """`target` is dotted; a name taken out of a package is part of it when it is a module."""

    target: str
    line: int


class Module(NamedTuple):
    """One file: its dotted name, its syntax tree."""

    name: str
    path: Path
    tree: ast.Module

    def __str__(self) -> str:
        return self.name


@functools.cache
def modules() -> tuple[Module, ...]:
    """run.py and every file of service/."""
    paths = [ROOT / "run.py", *sorted(SERVICE.rglob("*.py"))]
    return tuple(Module(_name(path), path, ast.parse(path.read_text())) for path in paths)


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(module: Module) -> Iterator[Import]:
    """What a module imports when it runs; what only a type checker reads is left out."""
    known = {one.name for one in modules()}
    ignored = {id(node) for block in _typing_only(module.tree) for node in ast.walk(block)}
    for node in ast.walk(module.tree):
        if id(node) in ignored:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno} imports by dots"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield Import(inner if inner in known else str(node.module), node.lineno)


def _typing_only(tree: ast.Module) -> Iterator[ast.stmt]:
    for node in ast.walk(tree):
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                yield from node.body


def within(name: str, package: str) -> bool:
    """Whether a dotted name is this package or inside it."""
    return name == package or name.startswith(f"{package}.")


def strings(module: Module) -> Iterator[tuple[str, int]]:
    """Every string with its line, but those that are statements of their own, as docstrings are."""
    alone = {id(node.value) for node in ast.walk(module.tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.value, node.lineno


def schema() -> str:
    """The schema as it is now: sql/schema.sql with the files that it takes in."""
    text = (SQL / "schema.sql").read_text()
    return re.sub(r"^\\ir (\S+)$", lambda found: (SQL / found[1]).read_text(), text, flags=re.M)
