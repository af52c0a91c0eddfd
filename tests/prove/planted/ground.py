"""Where bugs are planted: the service's own modules and queries, in memory, never its files.

A bug is a function that says in its first line what is wrong, and puts it into the ground:

    @bug("I1 I2")
    def no_lock(ground: Ground) -> None:
        '''Whoever books looks at the slot without locking it.'''
        ground.edit("appointment_book", "FOR NO KEY UPDATE", "")
"""

import contextlib
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from unittest import mock

import psycopg2

from service.store import queries
from service.store.schema import migrate

_HEADER = re.compile(r"^(?=-- name: )", re.MULTILINE)


def _file(query: str) -> str:
    """Where a query of this name belongs, below sql/queries."""
    path = queries.file_of(query, queries.query_files())
    assert path, f"no file is for {query}"
    return path.relative_to(queries.QUERIES).as_posix()


class Ground:
    """Everything a bug may change; each change fails when what it is about no longer exists."""

    def __init__(self) -> None:
        self._patches = contextlib.ExitStack()
        self._edits: dict[str, list[tuple[str, str]]] = {}
        self._added: dict[str, list[str]] = {}
        self.sql: list[str] = []  # runs in the database whenever a server has migrated it

    def put(self, owner: Any, name: str, new: Any) -> None:
        """Another value in the place of a name, a function only for one of the same parameters."""
        old = inspect.getattr_static(owner, name)
        if inspect.isfunction(old):
            assert _fits(new, old), f"{name} takes {inspect.signature(old)} by now"
        self._patches.enter_context(mock.patch.object(owner, name, new))

    def edit(self, query: str, old: str, new: str) -> None:
        """Another piece of text in a query; the white space between its words does not matter."""
        self._edits.setdefault(query, []).append((old, new))

    def add(self, source: str) -> None:
        """Queries that the service does not have, with their headers, in a file by their name."""
        name = source.split("-- name: ")[1].split(" ")[0]
        self._added.setdefault(_file(name), []).append(source)

    def copy(self, query: str, name: str) -> None:
        """The last query of a file once more, under another name, to be edited there."""
        source = (queries.QUERIES / _file(query)).read_text()
        header = f"-- name: {query} "
        copied = source[source.index(header) :].replace(header, f"-- name: {name} ")
        self._added.setdefault(_file(name), []).append(copied)

    @property
    def touched(self) -> set[str]:
        """The names of the queries that are not what they were."""
        added = "\n".join(text for texts in self._added.values() for text in texts)
        return {*self._edits, *re.findall(r"-- name: (\w+)", added)}

    def dig(self) -> None:
        """From now on queries are loaded, and databases migrated, with the bug in them."""
        parse, up = queries.parse, migrate.migrate

        def parse_edited(file: str, source: str) -> Any:
            return parse(file, self._edited("\n".join([source, *self._added.get(file, [])])))

        def migrate_and_spoil(database_url: str, wanted: Any = None) -> Any:
            applied = up(database_url, wanted)
            if self.sql:
                with contextlib.closing(psycopg2.connect(database_url)) as connection, connection:
                    self._spoil(connection.cursor())
            return applied

        self.put(queries, "parse", parse_edited)
        self.put(migrate, "migrate", migrate_and_spoil)

    def _spoil(self, cursor: Any) -> None:
        """Once for each database: servers that start again would wait for what others lock."""
        cursor.execute("SELECT pg_advisory_xact_lock(%s), to_regclass('planted')", (migrate.LOCK,))
        if cursor.fetchone()[1] is None:
            for text in ("CREATE TABLE planted ()", *self.sql):
                cursor.execute(text)

    def _edited(self, source: str) -> str:
        pieces = _HEADER.split(source)
        for number, piece in enumerate(pieces):
            name = piece.removeprefix("-- name: ").split(" ")[0]
            for old, new in self._edits.get(name, []):
                pattern = r"\s+".join(map(re.escape, old.split()))
                piece, count = re.subn(pattern, lambda _, new=new: new, piece)
                assert count == 1, f"{count} times in {name}: {old}"
            pieces[number] = piece
        return "".join(pieces)

    def close(self) -> None:
        """All is well again, but for databases."""
        self._patches.close()


def _fits(new: Any, old: Any) -> bool:
    parameters = inspect.signature(new).parameters
    if any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        return True
    return list(parameters) == list(inspect.signature(old).parameters)


class Bug(NamedTuple):
    """One planted bug: what is wrong, which invariants may tell, the faults that bring it out.

    Without faults of its own it gets those that everybody gets. It may need a setting.
    """

    name: str
    wrong: str
    breaks: frozenset[str]
    faults: str
    plant: Callable[[Ground], None]
    setting: str = ""


BUGS: dict[str, Bug] = {}


def bug(
    breaks: str, faults: str = "all", setting: str = ""
) -> Callable[[Callable[[Ground], None]], Bug]:
    """Declare a planted bug, the invariants that it breaks, and the faults that it needs."""

    def declare(plant: Callable[[Ground], None]) -> Bug:
        wrong = (plant.__doc__ or "").splitlines()[0]
        one = Bug(plant.__name__, wrong, frozenset(breaks.split()), faults, plant, setting)
        assert BUGS.setdefault(one.name, one) is one
        return one

    return declare


@contextlib.contextmanager
def planted(one: Bug) -> Iterator[Ground]:
    """The service with a bug in it, until the end of the block."""
    ground = Ground()
    try:
        one.plant(ground)
        ground.dig()
        yield ground
    finally:
        ground.close()
