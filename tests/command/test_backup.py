"""run.py backup ..."""

import errno
import gc
import gzip
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from tornado.platform.asyncio import AsyncIOLoop

from service.settings import Settings
from service.store.backup import dump
from service.store.embedded import Embedded
from service.store.schema.migrate import LOCK, Migration, migrate, migrations
from tests.command.conftest import Booking
from tests.command.keeping import contents, filled, run
from tests.live import ROOT, scratch_database, unconfigured


@pytest.fixture
def url(io_loop: AsyncIOLoop, servers: Embedded, settings: Settings) -> Iterator[str]:
    """A database with a calendar that is in use."""
    urls = servers.admin_url or "", settings.database_url
    with scratch_database(*urls, migrated=True) as url:
        filled(io_loop, replace(settings, database_url=url))
        yield url


def process(url: str, *words: str, **more: Any) -> "subprocess.CompletedProcess[bytes]":
    """A backup as a process of its own."""
    return subprocess.run(
        [sys.executable, str(ROOT / "run.py"), "backup", *words],
        env=unconfigured() | {"DATABASE_URL": url},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=60,
        **more,
    )


def test_it_is_a_file_for_its_owner_and_a_line_says_what_it_holds(
    booking: Booking, url: str, tmp_path: Path
) -> None:
    file = tmp_path / "b.gz"
    said = booking(f"backup {file}", DATABASE_URL=url)
    assert (said.code, said.err, len(said.out.splitlines())) == (0, "", 1)
    names = run(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    held = contents(url)
    tables = {name: held[name] for (name,) in names if name != "schema_migration"}
    rows = sum(map(len, tables.values()))
    assert said.out.startswith(
        f"backed up {rows} rows of {len(tables)} tables (schema {migrations()[-1][0]})"
    )
    assert [name for name, rows in tables.items() if not rows] == ["idempotency"]
    assert str(file) in said.out
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"hanna@example.org" in gzip.decompress(file.read_bytes())
    assert os.listdir(tmp_path) == ["b.gz"]


def test_no_password_of_the_database_is_told(booking: Booking, url: str, tmp_path: Path) -> None:
    secret = url.replace("booking@", "booking:hush@", 1)
    said = booking(f"backup {tmp_path}/b.gz", DATABASE_URL=secret)
    assert said.code == 0
    assert "hush" not in said.out + said.err
    assert b"hush" not in gzip.decompress((tmp_path / "b.gz").read_bytes())


def test_into_a_folder_each_gets_its_date_for_a_name(
    booking: Booking, url: str, tmp_path: Path
) -> None:
    assert booking(f"backup {tmp_path}", DATABASE_URL=url).code == 0
    [file] = tmp_path.iterdir()
    assert file.match("booking-20[0-9][0-9]*T*Z.gz")


def test_the_last_one_stays_until_the_new_one_is_complete(
    booking: Booking, url: str, tmp_path: Path
) -> None:
    file = tmp_path / "b.gz"
    file.write_bytes(b"the last one")
    assert booking(f"backup {file}", DATABASE_URL=url.replace("scratch", "gone")).code == 1
    assert (os.listdir(tmp_path), file.read_bytes()) == (["b.gz"], b"the last one")
    assert booking(f"backup {file}", DATABASE_URL=url).code == 0
    assert gzip.decompress(file.read_bytes())


def test_a_full_disk_is_said_and_leaves_nothing(url: str, tmp_path: Path) -> None:
    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))

    said = process(url, str(tmp_path / "b.gz"), preexec_fn=small_disk)
    assert (said.returncode, os.listdir(tmp_path)) == (1, [])
    _, sentence = said.stderr.decode().splitlines()
    assert sentence == f"Can't write {tmp_path}/b.gz: File too large."
    with open("/dev/full", "wb") as full:
        said = process(url, "-", stdout=full)
    assert (said.returncode, b"No space left on device" in said.stderr) == (1, True)


def test_a_pipe_gets_the_backup_and_standard_error_the_line(url: str) -> None:
    said = process(url, "-", stdout=subprocess.PIPE)
    assert (said.returncode, b"\nbacked up " in said.stderr) == (0, True)
    assert gzip.decompress(said.stdout).startswith(b'{"format": "booking backup 1"')


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("/dev/null", "/dev/null is no file: say - for"),
        ("/nowhere/b.gz", "Can't write /nowhere/b"),
        ("/tmp/nowhere/", "There is no folder /tmp/nowhere: make it first."),
    ],
)
def test_what_is_no_place_for_a_file_is_said(
    booking: Booking, url: str, file: str, said: str
) -> None:
    refused = booking(f"backup {file}", DATABASE_URL=url)
    assert (refused.code, refused.out, said in refused.err) == (1, "", True), refused
    assert not Path("/dev/null").is_file()


def test_a_database_without_a_schema_has_nothing_to_back_up(
    booking: Booking, servers: Embedded, settings: Settings, tmp_path: Path
) -> None:
    with scratch_database(servers.admin_url or "", settings.database_url) as empty:
        said = booking(f"backup {tmp_path}/b.gz", DATABASE_URL=empty)
    assert said.err == "There is nothing to back up: the database has no schema.\n"
    assert (said.code, os.listdir(tmp_path)) == (1, [])


def test_a_role_that_may_not_read_everything_makes_no_backup(
    booking: Booking, servers: Embedded, url: str, tmp_path: Path
) -> None:
    """Half of it, or ids that begin anew, would be found out when it is too late."""
    run(servers.admin_url or "", "CREATE ROLE short_sighted LOGIN")
    run(url, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO short_sighted")
    clerk = url.replace("booking@", "short_sighted@", 1)
    said = booking(f"backup {tmp_path}/b.gz", DATABASE_URL=clerk)
    run(url, "REVOKE SELECT ON ALL TABLES IN SCHEMA public FROM short_sighted")
    run(servers.admin_url or "", "DROP ROLE short_sighted")
    assert (said.code, os.listdir(tmp_path)) == (1, [])
    assert said.err.startswith("This role may not read everything")


class Slow:
    """A file that takes rows only when it is told to go on; the ten bytes before them at once."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.written = 0

    def write(self, data: bytes) -> int:
        self.written += len(data)
        if self.written > 10:
            self.begun.set()
            assert self.go_on.wait(30)
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back."""


class Full:
    """A disk without room, which counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def write(self, data: bytes) -> int:
        self.asked += 1
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def flush(self) -> None:
        """Nothing is kept back."""


def test_one_that_was_given_up_writes_no_more(url: str) -> None:
    disk = Full()
    with pytest.raises(OSError, match="No space left"):
        dump(url, disk)  # type: ignore[arg-type]
    gc.collect()
    assert disk.asked == 1


def test_a_migration_waits_for_a_backup_and_nobody_for_the_two(url: str) -> None:
    """It waits before it locks a table: behind its lock all bookings would queue."""
    text = "ALTER TABLE slot ADD COLUMN later integer"
    slow, later = Slow(), Migration(migrations()[-1].version + 1, "later", text)
    backing_up = threading.Thread(target=dump, args=(url, slow))
    migrating = threading.Thread(target=migrate, args=(url, [*migrations(), later]))
    backing_up.start()
    try:
        assert slow.begun.wait(10)
        migrating.start()
        migrating.join(0.5)
        assert migrating.is_alive()
        run(url, "SET lock_timeout = '1s'; SELECT FROM slot; SELECT FROM schema_migration")
        run(url, "SET lock_timeout = '1s'; UPDATE slot SET version = version + 1")
    finally:
        slow.go_on.set()
        backing_up.join(30)
        migrating.join(30)
    assert slow.written > 500
    assert {later for (later,) in run(url, "SELECT later FROM slot")} == {None}


def test_a_backup_waits_for_a_migration_and_has_what_it_made(
    booking: Booking, url: str, tmp_path: Path
) -> None:
    with closing(psycopg2.connect(url)) as other, other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute("CREATE TABLE made_meanwhile (id integer)")
        cursor.execute("INSERT INTO made_meanwhile VALUES (1)")
        threading.Timer(0.7, other.commit).start()
        said = booking(f"backup {tmp_path}/b.gz", DATABASE_URL=url)
    assert said.code == 0
    assert b"made_meanwhile" in gzip.decompress((tmp_path / "b.gz").read_bytes())


BOOKED = """
WITH taken AS (UPDATE slot SET booked = booked + 1 WHERE capacity = 3 RETURNING id),
     made AS (INSERT INTO appointment (slot_id, place, account_id)
              SELECT id, 3, (SELECT max(id) FROM account) FROM taken RETURNING id, slot_id)
INSERT INTO appointment_history (appointment_id, actor_id, action, to_slot_id, to_status)
SELECT id, 1, 'book', slot_id, 'booked' FROM made
"""
WAITING = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'idempotency'::regclass"


def test_all_rows_are_of_one_instant(
    booking: Booking, servers: Embedded, settings: Settings, url: str, tmp_path: Path
) -> None:
    """Bookings commit when appointments were read already and slots were not. Nor do the timeouts
    that suit bookings, which a role or a database may have behind PgBouncer, cut it short."""
    name = url[url.index("scratch_") : url.index("?")]
    run(url, f"ALTER DATABASE {name} SET statement_timeout = '300ms'")
    with closing(psycopg2.connect(url)) as other, other.cursor() as cursor:
        cursor.execute("LOCK TABLE idempotency IN ACCESS EXCLUSIVE MODE")
        with ThreadPoolExecutor(1) as threads, (tmp_path / "b.gz").open("wb") as out:
            backing_up = threads.submit(dump, url, out)
            until = time.monotonic() + 8
            while not run(url, WAITING) and time.monotonic() < until:
                time.sleep(0.02)
            time.sleep(0.4)
            cursor.execute(BOOKED)
            other.commit()
            backing_up.result(30)
    with scratch_database(servers.admin_url or "", settings.database_url) as empty:
        said = booking(f"restore {tmp_path}/b.gz", DATABASE_URL=empty)
        assert (said.code, said.err) == (0, "")
        assert run(empty, "SELECT count(*) FROM appointment") == [(14,)]
