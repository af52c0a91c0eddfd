"""What every file keeps to: its size, its docstrings, nothing left over, nothing of one machine."""

import ast
import importlib
import re
import statistics
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.source import ROOT, Module, modules

LONGEST = 400
FULLEST = 10  # files in a folder
TESTS = re.compile(r"\btests/[\w/]+(?:\.py)?")
SHORT = 4  # lines; a function no longer than that is told by its name
VERBS = {"get", "post", "put", "patch", "delete"}
SOURCE = ("*.py", "*.sql", "*.md", "*.toml", "*.txt", "*.conf", "*.yaml", "*.service", "*.example")
FOLDERS = ("service", "sql", "tests", "deploy", "docs", ".ci")
# In two halves each, so that this file is no find of its own.
LEFT_OVER = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
OF_ONE_MACHINE = re.compile(r"/(ro" r"ot|ho" r"me|wo" r"rk|Us" r"ers)/|pyen" r"v|\bC:\\")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def files() -> list[Path]:
    """Every text file of ours."""
    inside = [
        path for folder in FOLDERS for kind in SOURCE for path in ROOT.glob(f"{folder}/**/{kind}")
    ]
    return [
        *inside,
        *(path for kind in SOURCE for path in ROOT.glob(kind)),
        *(ROOT / ".ci").iterdir(),
    ]


def length(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_no_file_outgrows_us() -> None:
    grown = {
        str(path.relative_to(ROOT)): length(path)
        for path in files()
        if path.suffix in (".py", ".sql") and length(path) > LONGEST
    }
    assert grown == {}


@pytest.mark.parametrize("folder", ["api", "sql", "unit", "life"])
def test_no_folder_of_tests_outgrows_us(folder: str) -> None:
    files = (ROOT / "tests" / folder).rglob("test_*.py")
    assert max(Counter(path.parent for path in files).values()) <= FULLEST


def test_every_test_that_is_asked_for_by_name_is_there() -> None:
    tests = ROOT / "tests"
    asking = [tests / "side_by_side.py", tests / "prove" / "mutants" / "lookers.py"]
    asking += (ROOT / ".ci").iterdir()
    named = {name for one in asking for name in TESTS.findall(one.read_text())}
    assert len(named) > 10
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_files_of_the_service_are_neither_crumbs_nor_loaves() -> None:
    lengths = [length(one.path) for one in modules() if one.path.name != "__init__.py"]
    assert 40 <= statistics.median(lengths) <= 150


def test_no_folder_of_the_service_outgrows_us() -> None:
    names = [one.path for one in modules() if one.path.name != "__init__.py"]
    folders = Counter(path.parent.relative_to(ROOT) for path in names)
    assert {str(folder): number for folder, number in folders.items() if number > FULLEST} == {}


def test_nothing_is_left_over() -> None:
    assert [path for path in files() if LEFT_OVER.search(path.read_text())] == []


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    assert [path for path in files() if OF_ONE_MACHINE.search(path.read_text())] == []


def test_every_file_says_what_it_is() -> None:
    assert [one.name for one in modules() if not ast.get_docstring(one.tree)] == []


def definitions(module: Module) -> Iterator[tuple[str, ast.ClassDef | Function]]:
    """The public classes, functions and methods of a module, not those inside of functions."""
    for node in module.tree.body:
        if isinstance(node, ast.ClassDef | Function):
            yield node.name, node
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, Function):
                    yield f"{node.name}.{inner.name}", inner


def is_public(name: str) -> bool:
    return not any(part.startswith("_") for part in name.split("."))


def test_every_verb_says_what_it_does() -> None:
    """Its first line is what the API's description says of it."""
    silent = [
        f"{module}.{name}"
        for module in modules()
        for name, node in definitions(module)
        if isinstance(node, Function) and node.decorator_list
        if name.split(".")[-1] in VERBS and not ast.get_docstring(node)
    ]
    assert silent == []


def test_every_function_that_needs_it_says_what_it_promises() -> None:
    """One that is short, or that a library asks for, is told by its name."""
    silent = [
        f"{module}.{name}"
        for module in modules()
        for name, node in definitions(module)
        if isinstance(node, Function) and is_public(name) and not ast.get_docstring(node)
        if (node.end_lineno or 0) - node.lineno >= SHORT and not _overrides(module, name)
    ]
    assert silent == []


def _overrides(module: Module, name: str) -> bool:
    """Whether a method takes the place of one that a library calls."""
    owner, _, method = name.partition(".")
    kind = getattr(importlib.import_module(module.name), owner)
    bases = kind.__mro__[1:] if method else ()
    return any(hasattr(one, method) for one in bases if not one.__module__.startswith("service"))


def test_every_class_that_does_something_says_what_it_is() -> None:
    """A handler is told by its verbs, an error by its detail, a record by its fields."""
    silent = [
        f"{module}.{name}"
        for module in modules()
        for name, node in definitions(module)
        if isinstance(node, ast.ClassDef) and is_public(name) and not ast.get_docstring(node)
        if not _tells_itself(node)
    ]
    assert silent == []


def _tells_itself(node: ast.ClassDef) -> bool:
    methods = [one for one in node.body if isinstance(one, Function)]
    properties = [
        one for one in methods if [ast.unparse(d) for d in one.decorator_list] == ["property"]
    ]
    verbs = [one for one in methods if one.name in VERBS]
    return len(methods) == len(properties) or bool(verbs)
