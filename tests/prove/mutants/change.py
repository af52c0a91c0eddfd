"""One small fault: where it is made, and what it makes of the source."""

import ast
import difflib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class Change(NamedTuple):
    """Other bytes in the place of some; `kind` says what sort of fault that is."""

    start: int
    end: int
    new: str
    kind: str


class Mutant(NamedTuple):
    """A change of one file, and what it is in: a query, or the lines of a function."""

    path: str
    change: Change
    line: int
    query: str  # "" in Python
    first: int  # the lines of the innermost function around it, or of the whole file
    last: int
    digest: str  # of the file as it was

    @property
    def name(self) -> str:
        """What tells it from all others, also in a later run on the same source."""
        told = f"{self.digest} {self.path} {self.change}"
        return hashlib.sha256(told.encode()).hexdigest()[:12]

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
            yield Mutant(path, change, line, query, line, line, digest)
        return
    spans = functions(ast.parse(source))
    whole = (1, source.count(b"\n") + 1)
    for change in in_python.changes(source):
        line = source.count(b"\n", 0, change.start) + 1
        around = [one for one in spans if one[0] <= line <= one[1]]
        first, last = max(around, default=whole)  # the innermost begins last
        yield Mutant(path, change, line, "", first, last, digest)


def functions(tree: ast.Module) -> list[tuple[int, int]]:
    """The first and the last line of each function, decorators included."""
    return [
        (min([node.lineno, *(one.lineno for one in node.decorator_list)]), node.end_lineno or 0)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
