"""Places in our files that pages name by line: `service/lane.py:142 Lane.submit`.

python3 -m tests.contract.anchors    writes the lines anew, and README's tables
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.contract.pages import PAGES, README
from tests.contract.source import ROOT
from tests.contract.tables import filled

ANCHOR = re.compile(r"`(?P<path>[\w/.-]+\.(?:py|sql)):(?P<line>\d+) (?P<name>[\w.]+)`")
QUERY = "-- name: "


def mended(text: str) -> str:
    """A page with the lines as they are now. Raises KeyError for a name that is not there."""
    return ANCHOR.sub(lambda found: _anchor(found["path"], found["name"]), text)


def _anchor(path: str, name: str) -> str:
    names = dict(_names(ROOT / path))
    if name not in names:
        raise KeyError(f"{path} has no {name}")
    return f"`{path}:{names[name]} {name}`"


def _names(path: Path) -> Iterator[tuple[str, int]]:
    """Everything in a file that has a name, and its line."""
    text = path.read_text()
    if path.suffix == ".py":
        yield from _definitions(ast.parse(text), "")
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith(QUERY):
            yield line.removeprefix(QUERY).split()[0], number


def _definitions(tree: ast.AST, prefix: str) -> Iterator[tuple[str, int]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}{node.name}", node.lineno
            yield from _definitions(node, f"{prefix}{node.name}.")


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(mended(page.read_text()))
    README.write_text(filled(README.read_text()))
