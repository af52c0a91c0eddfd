"""The second witness: every committed change, in commit order, read from the WAL itself.

It asks PostgreSQL directly, past the proxies and the service. What it has read it writes down
before it lets PostgreSQL forget it, so a crash of either loses nothing; what it is told twice
after a crash it knows by its place in the WAL.
"""

import contextlib
import re
import threading
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec
import psycopg2

from tests.prove.times.told import rows as times

SLOT = "prove_witness"
EVERY = 1.0  # seconds between two looks
SOME = 20_000  # changes read at once, or as many more as the last transaction has

PEEK = (
    "SELECT lsn - '0/0'::pg_lsn, xid::text::bigint, data"
    " FROM pg_logical_slot_peek_changes(%s, NULL, %s, 'include-timestamp', '1')"
)
ADVANCE = "SELECT pg_replication_slot_advance(%s, '0/0'::pg_lsn + %s::numeric)"

_TEXT = r"'((?:[^']|'')*)'"
_ROW = re.compile(r"table public\.(\w+): (\w+): (?:.*new-tuple: )?(.*)", re.DOTALL)
_FIELDS = {
    "appointment": re.compile(
        r"id\[bigint\]:(\d+) slot_id\[bigint\]:(\d+) place\[integer\]:(\w+)"
        rf" account_id\[bigint\]:(\d+) status\[text\]:'(\w+)' notes\[text\]:{_TEXT}"
        r" version\[integer\]:(\d+)"
    ),
    "appointment_history": re.compile(
        r"appointment_id\[bigint\]:(\d+) .*?actor_id\[bigint\]:(\d+) action\[text\]:'(\w+)'"
        r" from_slot_id\[bigint\]:(\w+) to_slot_id\[bigint\]:(\w+) from_status\[text\]:\S+"
        rf" to_status\[text\]:'(\w+)' reason\[text\]:{_TEXT}"
    ),
    "slot": re.compile(
        r"id\[bigint\]:(\d+) .*capacity\[integer\]:(\d+) booked\[integer\]:(-?\d+)"
        r" closed\[boolean\]:(\w+) version\[integer\]:(\d+)"
    ),
    "account": re.compile(rf"id\[bigint\]:(\d+) username\[text\]:{_TEXT}"),
    "idempotency": re.compile(
        rf"account_id\[bigint\]:(\d+) key\[text\]:{_TEXT} fingerprint\[text\]:'(\w*)'"
        rf" body\[text\]:{_TEXT} version\[integer\]:(\d+)"
    ),
}
_SUBJECT = re.compile(r'"(?:appointment_id|id)":\s*(\d+)')


class Transaction(msgspec.Struct, array_like=True, gc=False):
    """One commit: where it is in the WAL, and the rows it left behind (see `row_of`)."""

    lsn: int
    xid: int
    rows: list[list[Any]]
    committed: float = 0.0  # by PostgreSQL's clock, in seconds since 1970


def row_of(data: str) -> list[Any] | None:
    """One change as short as it can be; None for tables that prove nothing.

    ["appointment", verb, id, slot, place, account, status, tag, version]
    ["appointment_history", verb, appointment, actor, action, from, to, status, reason]
    ["slot", verb, id, capacity, booked, closed, version]
    ["account", verb, id, username]
    ["idempotency", verb, account, key, digest of body, subject, version]

    Some have more at their end, and there are others: see tests/prove/times/told/rows.
    """
    found = _ROW.match(data)
    if not found:
        return None
    table, verb, rest = found.groups()
    if table not in _FIELDS:
        return times.row_of(table, verb, rest)
    if verb == "DELETE":
        return [table, verb, rest]
    fields = _FIELDS[table].search(rest)
    if fields is None:
        raise ValueError(f"the stream has a row that nobody can read: {data[:300]}")
    return [table, verb, *_VALUES[table](fields.groups()), *times.more_of(table, rest)]


def _number(text: str) -> int | None:
    return None if text == "null" else int(text)


_VALUES: dict[str, Callable[[Any], list[Any]]] = {
    "appointment": lambda f: [
        int(f[0]),
        int(f[1]),
        _number(f[2]),
        int(f[3]),
        f[4],
        f[5].rpartition(":")[2],
        int(f[6]),
    ],
    "appointment_history": lambda f: [
        int(f[0]),
        int(f[1]),
        f[2],
        _number(f[3]),
        _number(f[4]),
        f[5],
        f[6],
    ],
    "slot": lambda f: [int(f[0]), int(f[1]), int(f[2]), f[3] == "true", int(f[4])],
    "account": lambda f: [int(f[0]), f[1]],
    "idempotency": lambda f: [
        int(f[0]),
        f[1],
        zlib.crc32(f[3].replace("''", "'").encode()),
        _subject(f[3]),
        int(f[4]),
    ],
}


def _subject(body: str) -> int:
    found = _SUBJECT.search(body)
    return int(found[1]) if found else 0


def as_superuser(admin_url: str, database_url: str) -> str:
    """The database of the service, as PostgreSQL's superuser."""
    return urlunsplit(urlsplit(admin_url)._replace(path=urlsplit(database_url).path))


class Witness:
    """Reads the stream in a thread of its own until it is stopped."""

    def __init__(self, url: str, write: Callable[[Transaction], None]) -> None:
        self._url, self._write = url, write
        self._last = 0  # end of the last transaction that was written down
        self._open: Transaction | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="witness", daemon=True)
        self.count = 0
        self.failure: BaseException | None = None

    def start(self) -> None:
        """From now on every commit is seen. Raises psycopg2.Error."""
        with self._connected() as cursor:
            cursor.execute(
                "SELECT pg_create_logical_replication_slot(%s, 'test_decoding')", (SLOT,)
            )
        self._thread.start()

    def stop(self) -> None:
        """Read to the end of the stream and stop. Raises what went wrong, if anything did."""
        self._stop.set()
        self._thread.join()
        if self.failure:
            raise self.failure
        with self._connected() as cursor:
            while self._read(cursor):
                pass

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                with contextlib.suppress(psycopg2.Error), self._connected() as cursor:
                    while not self._stop.wait(EVERY):
                        while self._read(cursor) and not self._stop.is_set():
                            pass
                self._stop.wait(0.2)
        except BaseException as error:
            self.failure = error

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Any]:
        connection = psycopg2.connect(
            self._url,
            connect_timeout=3,
            options="-c statement_timeout=60s -c default_transaction_read_only=off -c timezone=UTC",
        )
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def _read(self, cursor: Any) -> int:
        """Write down what is new and let PostgreSQL forget it; how many changes there were."""
        # Keeps the place short from where PostgreSQL has to read the WAL again.
        cursor.execute("SELECT pg_log_standby_snapshot()")
        cursor.execute(PEEK, (SLOT, SOME))
        rows = cursor.fetchall()
        for lsn, xid, data in rows:
            self._take(int(lsn), xid, data)
        if rows:
            cursor.execute(ADVANCE, (SLOT, self._last))
        return len(rows)

    def _take(self, lsn: int, xid: int, data: str) -> None:
        if data.startswith("BEGIN"):
            self._open = Transaction(0, xid, [])
        elif data.startswith("COMMIT"):
            done, self._open = self._open, None
            if done and lsn > self._last:
                done.committed = datetime.fromisoformat(
                    data[data.index("(at ") + 4 : -1]
                ).timestamp()
                done.lsn = self._last = lsn
                if done.rows:
                    self.count += 1
                    self._write(done)
        elif self._open is not None and (row := row_of(data)):
            self._open.rows.append(row)
