"""The third witness: the tables themselves, again and again, and once more at the end."""

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg2

from service.store.queries import load_queries

EVERY = 1.0  # seconds between two looks
SHARE = 0.15  # of the time may be spent looking, since the tables grow

TOTALS = """
SELECT (SELECT sum(size) FROM appointment WHERE status <> 'cancelled' AND place > 0),
       (SELECT sum(booked) FROM slot WHERE lead_slot_id IS NULL),
       (SELECT sum(capacity - booked) FROM slot WHERE lead_slot_id IS NULL),
       (SELECT sum(capacity) FROM slot WHERE lead_slot_id IS NULL)
"""
FINAL = "SELECT id, slot_id, place, account_id, status, version FROM appointment ORDER BY id"
FINAL_SLOTS = "SELECT id, capacity, booked, closed, version FROM slot ORDER BY id"
QUIET = """
SELECT (SELECT count(*) FROM pg_stat_activity
         WHERE state LIKE 'idle in transaction%%' AND pid <> pg_backend_pid()),
       (SELECT count(*) FROM pg_locks WHERE NOT granted)
"""


class Tables:
    """Looks at the tables in a thread of its own; each look is one record."""

    def __init__(self, url: str, write: Callable[[dict[str, Any]], None]) -> None:
        self._url, self._write = url, write
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tables", daemon=True)
        self._broken_text = load_queries()["invariants_broken"].text
        self.looks = self.broken = 0
        self.failure: BaseException | None = None

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking. Raises what went wrong, if anything did."""
        self._stop.set()
        self._thread.join()
        if self.failure:
            raise self.failure

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                pause = EVERY
                # PostgreSQL is down or frozen now and then: that is what the run is for.
                with contextlib.suppress(psycopg2.Error):
                    began = time.monotonic()
                    self.look()
                    pause = max(EVERY, (time.monotonic() - began) / SHARE)
                self._stop.wait(pause)
        except BaseException as error:
            self.failure = error

    def look(self) -> None:
        """One look: broken promises, and the sums that must agree. Raises psycopg2.Error."""
        with contextlib.closing(self._connection()) as connection, connection.cursor() as cursor:
            cursor.execute(self._broken_text)
            broken = cursor.fetchall()
            cursor.execute(TOTALS)
            active, booked, free, capacity = cursor.fetchone()
        self.looks += 1
        self.broken += len(broken)
        self._write(
            {
                "at": time.monotonic(),
                "broken": [list(row) for row in broken],
                "active": int(active or 0),
                "booked": int(booked or 0),
                "free": int(free or 0),
                "capacity": int(capacity or 0),
            }
        )

    def final(self) -> dict[str, Any]:
        """All appointments and slots as they are in the end. Raises psycopg2.Error."""
        with contextlib.closing(self._connection()) as connection, connection.cursor() as cursor:
            cursor.execute(FINAL)
            appointments = [list(row) for row in cursor.fetchall()]
            cursor.execute(FINAL_SLOTS)
            return {"appointments": appointments, "slots": [list(row) for row in cursor.fetchall()]}

    def quiet(self) -> dict[str, int]:
        """What should be zero once everything has come to rest. Raises psycopg2.Error."""
        with contextlib.closing(self._connection()) as connection, connection.cursor() as cursor:
            cursor.execute(QUIET)
            idle, waiting = cursor.fetchone()
        return {"idle in transaction": idle, "locks waited for": waiting}

    def _connection(self) -> Any:
        connection = psycopg2.connect(
            self._url,
            connect_timeout=3,
            options="-c statement_timeout=60s -c default_transaction_read_only=off",
        )
        connection.autocommit = True
        return connection
