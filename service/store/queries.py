"""Loads sql/queries: each query under a header `-- name: slot_get :maybe`.

A name begins with the noun of its file, so that each is found by the other: `slot_get` is in
calendar/slot.sql. Where the folder is the noun, a file is an action: `appointment_book` is in
appointment/book.sql. Of several that fit, the longest noun counts (slot_list before slot).

A query's parameters are `%(named)s` and each is cast where it stands (`%(id)s::bigint`), so that
the same text can be sent as it is or prepared once per connection. Statements end with `;`.
What decides for a set takes an array for each field of its item, under the field's name.

A query that skips what is locked has a twin that waits for it: its name ends in `_waiting`.
"""

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

SQL = Path(__file__).resolve().parents[2] / "sql"
QUERIES = SQL / "queries"
SKIP, WAITING = " SKIP LOCKED", "_waiting"
SHAPES = frozenset({"one", "maybe", "many", "value", "exec"})

_HEADER = re.compile(r"^-- name: (?P<name>[a-z_]+) :(?P<shape>[a-z]+)$", re.MULTILINE)
_MEANT = re.compile(r"^\s*--\s*name\s*:", re.MULTILINE | re.IGNORECASE)
_PARAMETER = re.compile(r"%\((?P<name>[a-z_]+)\)s(?P<cast>::[a-z]+(?:\[\])?)?")
_COMMENT = re.compile(r"^\s*--.*$", re.MULTILINE)
_WRITE = re.compile(r"\b(INSERT|UPDATE|DELETE)\b")


class QueryError(Exception):
    """A query file breaks the rules above; said at start, before anything is served."""


@dataclass(frozen=True, slots=True)
class Query:
    """One named query: as it is written, what to send as it is, how to prepare and execute it."""

    name: str
    shape: str
    source: str
    text: str
    writes: bool
    casts: Mapping[str, str]
    statements: tuple[str, ...]
    prepare: str
    execute: str


def load_queries(folder: Path = QUERIES) -> Mapping[str, Query]:
    """All named queries of a folder; raises QueryError for one that breaks a rule."""
    queries: dict[str, Query] = {}
    paths = query_files(folder)
    nouns = _nouns(paths)
    for path in paths:
        file = path.relative_to(folder).as_posix()
        for query in parse(file, path.read_text(encoding="utf-8")):
            if query.name in queries:
                raise QueryError(f"{file}: {query.name} is defined twice.")
            if _belongs(query.name, nouns) != path:
                raise QueryError(f"{file}: {query.name} should begin with the noun of its file.")
            queries[query.name] = query
    return queries


def query_files(folder: Path = QUERIES) -> list[Path]:
    """Every file of queries, in the order of their names."""
    return sorted(folder.rglob("*.sql"))


def file_of(name: str, paths: Iterable[Path]) -> Path | None:
    """The file that a query of this name belongs to, whether it is there or not, or None."""
    return _belongs(name, _nouns(paths))


def _nouns(paths: Iterable[Path]) -> dict[str, Path]:
    """Each noun, with the file that it names."""
    return {noun: path for path in paths for noun in (path.stem, f"{path.parent.name}_{path.stem}")}


def _belongs(name: str, nouns: Mapping[str, Path]) -> Path | None:
    fitting = [noun for noun in nouns if f"{name}_".startswith(f"{noun}_")]
    return nouns[max(fitting, key=len)] if fitting else None


def parse(file: str, source: str) -> list[Query]:
    """The queries of one file, which errors name; raises QueryError for a malformed one."""
    headers = list(_HEADER.finditer(source))
    if len(headers) != len(_MEANT.findall(source)):  # or it would go into the query before it
        raise QueryError(f"{file}: a header is not like -- name: slot_get :maybe.")
    if not headers:
        raise QueryError(f"{file} has no query.")
    ends = [header.start() for header in headers[1:]] + [len(source)]
    queries = []
    for header, end in zip(headers, ends, strict=True):
        name, shape, body = header["name"], header["shape"], source[header.end() : end]
        queries.append(_query(file, name, shape, body))
        if SKIP in body:
            queries.append(_query(file, name + WAITING, shape, body.replace(SKIP, "")))
    return queries


@functools.cache  # a start loads all of them several times
def _query(file: str, name: str, shape: str, body: str) -> Query:
    if shape not in SHAPES:
        raise QueryError(f"{file}: {name} has an unknown shape :{shape}.")
    statements = [s.strip() for s in _COMMENT.sub("", body).split(";") if s.strip()]
    if not statements:
        raise QueryError(f"{file}: {name} is empty.")
    casts = _casts(name, statements)
    prepare, execute = [], []
    for number, statement in enumerate(statements):
        prepared = name if len(statements) == 1 else f"{name}_{number}"
        used = list(dict.fromkeys(m["name"] for m in _PARAMETER.finditer(statement)))
        prepare.append(f"PREPARE {prepared} AS /* {name} */ {_numbered(statement, used)}")
        arguments = ", ".join(f"%({p})s{casts[p]}" for p in used)
        execute.append(f"EXECUTE {prepared}" + (f" ({arguments})" if used else ""))
    text = f"/* {name} */ " + ";\n".join(statements)
    return Query(
        name,
        shape,
        body.strip(),
        text,
        bool(_WRITE.search(text)),
        casts,
        tuple(statements),
        "; ".join(prepare),
        "; ".join(execute),
    )


def _casts(name: str, statements: list[str]) -> dict[str, str]:
    casts: dict[str, str] = {}
    for match in _PARAMETER.finditer("\n".join(statements)):
        cast = match["cast"]
        if cast is None or casts.setdefault(match["name"], cast) != cast:
            raise QueryError(f"{name}: give {match['name']} one and the same cast everywhere.")
    return casts


def _numbered(statement: str, used: list[str]) -> str:
    numbers = {parameter: number for number, parameter in enumerate(used, start=1)}
    return _PARAMETER.sub(lambda m: f"${numbers[m['name']]}{m['cast']}", statement)
