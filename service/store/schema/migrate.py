"""Brings the schema up to date: sql/migrations in order, each once, each in a transaction."""

import contextlib
import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import psycopg2
from psycopg2.extensions import connection as Connection

from service.store.checks.fitness import unusable
from service.store.queries import SQL
from service.store.refusals import sentence
from service.store.schema import search, usernames

# Two processes that start at once: the second waits for the first, then finds nothing to do.
LOCK = 7_302_026

TABLE = """
CREATE TABLE IF NOT EXISTS schema_migration (
    version     integer     NOT NULL,
    name        text        NOT NULL,
    checksum    text        NOT NULL,
    applied_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT schema_migration_pkey PRIMARY KEY (version)
);
ALTER TABLE schema_migration ADD COLUMN IF NOT EXISTS serves integer
"""
# By to_jsonb, because the column may not be there yet. Who says nothing serves nobody older.
APPLIED = """
SELECT version, name, checksum, applied_at,
       COALESCE((to_jsonb(schema_migration) ->> 'serves')::integer, version)
  FROM schema_migration ORDER BY version
"""
SERVES = re.compile(r"^-- serves: (\d+)$", re.MULTILINE)
WAS = re.compile(r"^-- was: ([0-9a-f]{64})$", re.MULTILINE)


class MigrationError(Exception):
    """The database and this code don't fit; the message is a sentence for the operator."""


class Migration(NamedTuple):
    """A file of sql/migrations."""

    version: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    def made(self, checksum: str) -> bool:
        """Whether a text with this checksum is this one, or an older one of it, named by `was`."""
        return checksum in (self.checksum, *WAS.findall(self.text))

    @property
    def serves(self) -> int:
        """The oldest code that works with the schema after it, by the version that it needs."""
        said = SERVES.search(self.text)
        return int(said[1]) if said else self.version


def migrations(folder: Path = SQL / "migrations") -> list[Migration]:
    """All migrations in order, numbered from 1 without a gap."""
    found = []
    for number, path in enumerate(sorted(folder.glob("*.sql")), start=1):
        match = re.fullmatch(r"(\d{4})_([a-z_]+)", path.stem)
        if not match or int(match[1]) != number:
            raise MigrationError(f"{path.name} should be number {number:04}.")
        found.append(Migration(number, match[2], path.read_text(encoding="utf-8")))
    return found


class Applied(NamedTuple):
    """A migration that was applied, and the oldest code that its schema serves."""

    version: int
    name: str
    checksum: str
    at: datetime
    serves: int


class Step(NamedTuple):
    """A migration that this code or the database knows, and its state: applied, pending, changed
    (not the text that was applied), ahead (not known here, but serves this code) or newer."""

    version: int
    name: str
    state: str
    applied_at: datetime | None


def status(database_url: str, wanted: list[Migration] | None = None) -> list[Step]:
    """Every migration in order and how it stands; changes nothing. Raises psycopg2.Error."""
    known = {one.version: one for one in (migrations() if wanted is None else wanted)}
    with contextlib.closing(_connect(database_url)) as connection, connection.cursor() as cursor:
        applied = {one.version: one for one in _applied(cursor)}
    steps = []
    for version in sorted(known.keys() | applied.keys()):
        done, one = applied.get(version), known.get(version)
        if done is None:
            state = "pending"
        elif one is None:
            state = "ahead" if done.serves <= max(known) else "newer"
        else:
            state = "applied" if one.made(done.checksum) else "changed"
        name = one.name if one else applied[version].name
        steps.append(Step(version, name, state, done.at.astimezone(UTC) if done else None))
    return steps


def summary(steps: list[Step]) -> str:
    """What the states come to and what to do, in a sentence."""
    of = {
        state: sum(one.state == state for one in steps) for state in ("changed", "newer", "pending")
    }
    if of["changed"]:
        return "Migrations were changed after they had been applied: bring their files back."
    if of["newer"]:
        return "The schema is newer than this code: run the version that made it, or a newer one."
    if of["pending"]:
        return f"{of['pending']} to apply: run migrate."
    if steps[-1].state == "ahead":
        return "The schema is ahead of this code, and serves it."
    return "The schema is up to date."


def latest_version() -> int:
    """The schema version that this code needs."""
    return migrations()[-1].version


def migrate(database_url: str, wanted: list[Migration] | None = None) -> list[Migration]:
    """Apply what is missing and return it, then see to accounts that lack what Python makes.

    Raises MigrationError, psycopg2.Error.

    Where nothing is missing, a role that may only read the schema will do.
    """
    wanted = migrations() if wanted is None else wanted
    done = []
    with contextlib.closing(_connect(database_url)) as connection:
        for fault in unusable(connection):
            raise MigrationError(f"{fault}.")
        while one := _step(connection, wanted):
            done.append(one)
        connection.autocommit = True
        usernames.fill(connection)
        search.fill(connection)
    return done


def applied_version(cursor: Any) -> int:
    """The schema version of the cursor's database; 0 where no migration was ever applied."""
    return max((one.version for one in _applied(cursor)), default=0)


def _connect(database_url: str) -> Connection:
    return psycopg2.connect(database_url, application_name="booking migrate")


def _step(connection: Connection, wanted: list[Migration]) -> Migration | None:
    """Apply the next migration that is missing, in a transaction of its own.

    The lock ends with the transaction: PgBouncer may give the next one another connection.
    """
    with connection, connection.cursor() as cursor:
        return _next(cursor, wanted)


def migrate_within(cursor: Any, wanted: list[Migration]) -> None:
    """Apply what is missing in the cursor's open transaction: all of it stays, or nothing.

    Raises MigrationError, psycopg2.Error.
    """
    while _next(cursor, wanted):
        continue


def _next(cursor: Any, wanted: list[Migration]) -> Migration | None:
    cursor.execute("SET LOCAL client_min_messages = warning")
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    applied = _applied(cursor)
    _check(applied, wanted)
    done = {one.version for one in applied}
    for one in wanted:
        if one.version not in done:
            _apply(cursor, one)
            return one
    return None


def _applied(cursor: Any) -> list[Applied]:
    """The migrations that were applied; none where not even their table is."""
    cursor.execute("SELECT to_regclass('schema_migration')")
    if cursor.fetchone() == (None,):
        return []
    cursor.execute(APPLIED)
    return [Applied(*row) for row in cursor.fetchall()]


def _check(applied: list[Applied], wanted: list[Migration]) -> None:
    known = {one.version: one for one in wanted}
    for one in applied:
        if one.version not in known:
            if one.serves <= max(known):
                continue
            raise MigrationError(
                f"The database has schema {one.version}, which is newer than this code. "
                "Start the version of the service that made it, or a newer one."
            )
        if not known[one.version].made(one.checksum):
            raise MigrationError(
                f"Migration {one.version:04} was changed after it had been applied. "
                "Undo that; changes of the schema go into a new migration."
            )


def _apply(cursor: Any, one: Migration) -> None:
    try:
        cursor.execute(TABLE)
        cursor.execute(one.text)
        cursor.execute(
            "INSERT INTO schema_migration (version, name, checksum, serves)"
            " VALUES (%s, %s, %s, %s)",
            [one.version, one.name, one.checksum, one.serves],
        )
    except psycopg2.errors.InsufficientPrivilege as error:
        raise MigrationError(
            "The schema has to be changed, which this role may not do: "
            "let run.py migrate do it as the role that owns the database "
            f"({sentence(error)})."
        ) from error
    except psycopg2.errors.UniqueViolation as error:  # rows of an older schema, against a new rule
        raise MigrationError(
            f"Migration {one.version:04} meets rows that its rule forbids: change them first "
            f"({sentence(error)}; {error.diag.message_detail})."
        ) from error
