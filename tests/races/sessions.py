"""PostgreSQL sessions that are driven one statement at a time, and what each can play."""

import select
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import psycopg2
from psycopg2.extensions import POLL_OK
from psycopg2.extras import wait_select

from service.store.queries import load_queries

QUERIES = load_queries()
PLAYED = (
    "appointment_book",
    "appointment_move",
    "appointment_end",
    "appointment_hold",
    "appointment_hold_confirm",
    "appointment_hold_expire",
    "slot_change",
    "idempotency_claim",
)
LONGEST = 10.0  # seconds that a statement may take


class Stuck(Exception):
    """A statement neither ended nor waits for another session, or all wait for each other."""


class Act(NamedTuple):
    """One named query with its parameters, to be played in a transaction."""

    name: str
    parameters: Mapping[str, Any]

    @property
    def steps(self) -> list[str]:
        """Its prepared statements as the service sends them; the end is a step of its own.

        Without a key the statement that locks keys does nothing: it is no step of its own.
        """
        statements = QUERIES[self.name].execute.split("; ")
        idle = 1 if isinstance(self.parameters.get("key"), list) else 0
        first = "; ".join(["BEGIN", *statements[: idle + 1]])
        return [first, *statements[idle + 1 :], "COMMIT"]

    def of(self, items: Sequence[int]) -> "Act":
        """The same for some of its items only."""
        columns = self.parameters.items()
        return Act(
            self.name,
            {k: [v[n] for n in items] if isinstance(v, list) else v for k, v in columns},
        )


class Hold(NamedTuple):
    """Somebody locks a row, perhaps in psql, and lets it go without a change."""

    table: str
    row_id: int

    @property
    def parameters(self) -> Mapping[str, Any]:
        return {"id": self.row_id}

    @property
    def steps(self) -> list[str]:
        lock = f"SELECT 'held' AS verdict FROM {self.table} WHERE id = %(id)s FOR UPDATE"
        return [f"BEGIN; {lock}", "COMMIT"]


class Session:
    """One connection. `watcher` is another one, which sees what this one waits for."""

    def __init__(self, dsn: str, watcher: Any) -> None:
        self._connection = psycopg2.connect(dsn, async_=True)
        wait_select(self._connection)
        self._watcher = watcher
        self._cursor = self._connection.cursor()
        self.verdicts: list[str] = []
        self.empty_handed = False  # it has found nothing to lock that it would decide upon
        self._pid = self._connection.get_backend_pid()
        for name in PLAYED:
            self.step(QUERIES[name].prepare, {})

    def step(self, text: str, parameters: Mapping[str, Any]) -> bool:
        """Send a statement; whether it came to its end, as it does unless it has to wait."""
        if text.startswith("BEGIN"):
            self.verdicts = []
        self._cursor.execute(text, parameters)
        return self.ended()

    def ended(self) -> bool:
        """Whether the statement has come to its end; False when it waits for another session."""
        if not self._settled():
            return False
        if self._cursor.description:
            columns = [column.name for column in self._cursor.description]
            if "verdict" in columns:
                at = columns.index("verdict")
                self.verdicts = [row[at] for row in self._cursor.fetchall()]
            self.empty_handed = columns[0] in ("appointments", "slots") and (
                self._cursor.fetchall()[0][0] == "{}"
            )
        return True

    def come_again(self, act: "Act | Hold") -> None:
        """What was locked by others is asked for once more, as a lane does after a while."""
        locked = [n for n, verdict in enumerate(self.verdicts) if verdict == "locked"]
        if not locked or not isinstance(act, Act):
            return
        before, again = self.verdicts, act.of(locked)
        for text in again.steps:
            assert self.step(text, again.parameters)
        for n, verdict in zip(locked, self.verdicts, strict=True):
            before[n] = verdict
        self.verdicts = before

    def _settled(self) -> bool:
        until = time.monotonic() + LONGEST
        while self._connection.poll() != POLL_OK:
            if not select.select([self._connection], [], [], 0.001)[0] and self._held_up():
                return False
            if time.monotonic() > until:
                raise Stuck
        return True

    def _held_up(self) -> bool:
        with self._watcher.cursor() as cursor:
            cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [self._pid])
            return bool(cursor.fetchone()[0])

    def close(self) -> None:
        self._connection.close()
