"""One small fault: where it is made, and what it makes of the source."""

import ast
import difflib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from service.settings import ROOT


class Change(NamedTuple):
    """Other bytes in the place of some; `kind` says what sort of fault that is."""

    start: int
    end: int
    new: str
    kind: str


class Mutant(NamedTuple):
    """A change of one file, and what it is in: a query, or a function."""

    path: str
    change: Change
    line: int
    query: str  # "" in Python
    function: str  # the innermost one around it, as Python names it; "" outside of all
    digest: str  # of the file as it was

    @property
    def name(self) -> str:
        """What tells it from all others, also in a later run on the same source."""
        told = f"{self.digest} {self.path} {self.change}"
        return hashlib.sha256(told.encode()).hexdigest()[:12]

    @property
    def words(self) -> tuple[str, str, str]:
        """Where it is, what stood there and what stands there now, in lines joined."""
        lines = self.diff((ROOT / self.path).read_bytes())
        before, after = (
            " ".join(line[1:].strip() for line in lines if line[0] == sign) for sign in "-+"
        )
        return self.query or self.path, before, after

    def applied(self, source: bytes) -> bytes:
        """The source with the fault in it."""
        start, end, new, _ = self.change
        return source[:start] + new.encode() + source[end:]

    def diff(self, source: bytes) -> list[str]:
        """The lines that it takes away and those that it brings."""
        before, after = (text.decode().splitlines() for text in (source, self.applied(source)))
        told = difflib.unified_diff(before, after, n=0, lineterm="")
        return [line for line in list(told)[2:] if not line.startswith("@@")]


def mutants_of(root: Path, path: str) -> Iterator[Mutant]:
    """Every fault that can be made in a file, in the order of the file."""
    from tests.prove.mutants import in_python, in_sql

    source = (root / path).read_bytes()
    digest = hashlib.sha256(source).hexdigest()[:12]
    if path.endswith(".sql"):
        for query, change in in_sql.changes(source.decode()):
            line = source.count(b"\n", 0, change.start) + 1
            yield Mutant(path, change, line, query, "", digest)
        return
    spans = list(functions(ast.parse(source)))
    for change in in_python.changes(source):
        line = source.count(b"\n", 0, change.start) + 1
        around = [one for one in spans if one[0] <= line <= one[1]]
        function = max(around, default=(0, 0, ""))[2]  # the innermost begins last
        yield Mutant(path, change, line, "", function, digest)


def functions(node: ast.AST, around: str = "") -> Iterator[tuple[int, int, str]]:
    """The first and the last line of each function, decorators included, and its full name.

    One whose results are kept is run by the first test only: it counts as its surroundings.
    """
    for child in ast.iter_child_nodes(node):
        inside = around
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            if any("cache" in ast.unparse(one) for one in child.decorator_list):
                continue
            first = min([child.lineno, *(one.lineno for one in child.decorator_list)])
            yield first, child.end_lineno or 0, f"{around}{child.name}"
            inside = f"{around}{child.name}.<locals>."
        elif isinstance(child, ast.ClassDef):
            inside = f"{around}{child.name}."
        yield from functions(child, inside)
