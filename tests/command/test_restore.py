"""run.py restore ..., from every sixth of the older schemas; OLDER_SCHEMAS=all means every one."""

import gzip
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest
import redis
from tornado.platform.asyncio import AsyncIOLoop

from service.settings import Settings
from service.store.embedded import Embedded
from service.store.schema.migrate import Migration, migrate, migrations
from tests.cast import Person
from tests.command.conftest import Booking
from tests.command.keeping import contents, filled, is_empty, run
from tests.command.test_processes import on_a_terminal
from tests.live import ROOT, scratch_database, unconfigured

LATEST = migrations()[-1].version
STEP = 1 if os.environ.get("OLDER_SCHEMAS") == "all" else 6


@pytest.fixture(scope="module")
def full(servers: Embedded, settings: Settings) -> Iterator[str]:
    with scratch_database(servers.admin_url or "", settings.database_url) as url:
        yield url


@pytest.fixture(scope="module")
def hanna(full: str, io_loop: AsyncIOLoop, settings: Settings) -> Person:
    """Who is in the database `full`; her token lives in the commands' Redis."""
    redis_url = f"{settings.redis_url}?db=1"
    return filled(io_loop, replace(settings, database_url=full, redis_url=redis_url))


@pytest.fixture(scope="module")
def file(
    booking: Booking, full: str, hanna: Person, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A backup of the database `full`."""
    file = tmp_path_factory.mktemp("backup") / "b.gz"
    assert booking(f"backup {file}", DATABASE_URL=full).code == 0
    return file


@pytest.fixture
def empty(servers: Embedded, settings: Settings) -> Iterator[str]:
    with scratch_database(servers.admin_url or "", settings.database_url) as url:
        yield url


def altered(file: Path, change: Callable[[list[bytes]], None]) -> None:
    """Change the lines of a backup, and its digest so that it is whole all the same."""
    lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    change(lines)
    last = json.loads(lines[-1])
    last["sha256"] = hashlib.sha256(b"".join(lines[:-1])).hexdigest()
    file.write_bytes(gzip.compress(b"".join(lines[:-1]) + json.dumps(last).encode() + b"\n"))


def copied(file: Path, tmp_path: Path) -> Path:
    made = tmp_path / "copy.gz"
    made.write_bytes(file.read_bytes())
    return made


def test_everything_is_as_it_was(booking: Booking, full: str, file: Path, empty: str) -> None:
    said = booking(f"restore {file}", DATABASE_URL=empty)
    assert (said.code, said.err) == (0, "")
    assert "every promise of sql/queries/invariants.sql holds" in said.out
    assert contents(empty) == contents(full)


def test_the_log_of_events_is_another_one(
    booking: Booking, full: str, file: Path, empty: str
) -> None:
    """From here on the same ids are other events."""
    booking(f"restore {file}", DATABASE_URL=empty)
    assert run(empty, "SELECT log FROM event_head") != run(full, "SELECT log FROM event_head")


def test_ids_go_on_after_the_last_that_was_given(
    booking: Booking, full: str, file: Path, empty: str
) -> None:
    booking(f"restore {file}", DATABASE_URL=empty)
    for sequence in ("provider_id_seq", "slot_id_seq", "appointment_id_seq"):
        ask = f"SELECT nextval('{sequence}')"
        [(theirs,)], [(before,)] = run(empty, ask), run(full, f"SELECT last_value FROM {sequence}")
        assert theirs == before + 1


@pytest.mark.parametrize("version", range(1, LATEST, STEP), ids=str)
def test_one_of_an_older_schema_is_brought_up_to_date(
    booking: Booking, servers: Embedded, settings: Settings, empty: str, tmp_path: Path,
    version: int,
) -> None:  # fmt: skip
    with scratch_database(servers.admin_url or "", settings.database_url) as old:
        migrate(old, migrations()[:version])
        run(old, "INSERT INTO provider (name, time_zone) VALUES ('Dr Old', 'UTC')")
        assert booking(f"backup {tmp_path}/b.gz", DATABASE_URL=old).code == 0
        migrate(old)
        expected = contents(old)
    said = booking(f"restore {tmp_path}/b.gz", DATABASE_URL=empty)
    assert (said.code, said.err) == (0, "")
    drawn = {"installation": None}  # at random, by a migration that came later
    assert contents(empty) | drawn == expected | drawn


def test_over_a_newer_schema_of_an_empty_database_an_older_one_loads_too(
    booking: Booking, file: Path, full: str, empty: str
) -> None:
    migrate(empty)
    assert booking(f"restore {file}", DATABASE_URL=empty).code == 0
    assert contents(empty) == contents(full)


@pytest.mark.parametrize("cut", [1, 9, 400, 1000])
def test_one_that_was_cut_short_is_refused(
    booking: Booking, file: Path, empty: str, tmp_path: Path, cut: int
) -> None:
    broken = copied(file, tmp_path)
    broken.write_bytes(file.read_bytes()[:-cut])
    refused = booking(f"restore {broken}", DATABASE_URL=empty)
    assert refused.err == "The backup is not whole: it was cut short or altered.\n"
    assert (refused.code, refused.out, is_empty(empty)) == (1, "", True)


def test_one_that_was_altered_is_refused(
    booking: Booking, file: Path, empty: str, tmp_path: Path
) -> None:
    whole = file.read_bytes()
    lines = gzip.decompress(whole).splitlines(keepends=True)
    booked = next(n for n, line in enumerate(lines) if b"\tbooked\t" in line)
    versions = {
        "a byte": whole[:200] + bytes([whole[200] ^ 1]) + whole[201:],
        "a row changed": gzip.compress(b"".join(lines).replace(b"\tbooked\t", b"\tnoshow\t", 1)),
        "a row less": gzip.compress(b"".join(lines[:booked] + lines[booked + 1 :])),
        "without an end": gzip.compress(b"".join(lines[:-1])),
        "more at its end": gzip.compress(b"".join([*lines, lines[1]])),
        "another format": gzip.compress(b"".join(lines).replace(b"backup 1", b"backup 9", 1)),
        "no gzip": b"".join(lines),
        "nothing": b"",
        "another gzip": gzip.compress(b"[]\n"),
    }
    broken = tmp_path / "b.gz"
    for name, content in versions.items():
        broken.write_bytes(content)
        refused = booking(f"restore {broken}", DATABASE_URL=empty)
        assert refused.err == "The backup is not whole: it was cut short or altered.\n", name
        assert (refused.code, refused.out, is_empty(empty)) == (1, "", True), name


@pytest.mark.parametrize("name", ["nowhere.gz", "."])
def test_what_can_not_be_read_is_said(booking: Booking, tmp_path: Path, name: str) -> None:
    refused = booking(f"restore {tmp_path}/{name}")
    assert (refused.code, refused.err.startswith(f"Can't read {tmp_path}/")) == (1, True), refused


def test_a_database_that_is_not_empty_is_left_alone_unless_it_is_to_be_replaced(
    booking: Booking, file: Path, full: str, empty: str
) -> None:
    migrate(empty)
    run(empty, "INSERT INTO provider (name, time_zone) VALUES ('Dr There', 'UTC')")
    before = contents(empty)
    refused = booking(f"restore {file} --yes", DATABASE_URL=empty)
    assert refused.err.startswith("The database is not empty: take an empty one, or say --replace")
    assert (refused.code, contents(empty)) == (1, before)
    assert booking(f"restore {file} --replace", DATABASE_URL=empty).code == 0
    assert contents(empty) == contents(full)


def test_one_that_fails_half_way_leaves_what_was(
    booking: Booking, file: Path, empty: str, tmp_path: Path
) -> None:
    def one_place_more(lines: list[bytes]) -> None:
        number = next(n for n, line in enumerate(lines) if b'"table": "slot"' in line) + 1
        cells = lines[number].split(b"\t")
        assert (cells[4], cells[5]) == (b"1", b"1")
        cells[5] = b"0"  # booked
        lines[number] = b"\t".join(cells)

    migrate(empty)
    run(empty, "INSERT INTO provider (name, time_zone) VALUES ('Dr There', 'UTC')")
    before = contents(empty)
    wrong = copied(file, tmp_path)
    altered(wrong, one_place_more)
    refused = booking(f"restore {wrong} --replace", DATABASE_URL=empty)
    assert "promises do not hold, such as: slot.booked differs from its" in refused.err
    assert (refused.code, contents(empty)) == (1, before)
    kept = booking(f"restore {wrong} --replace --keep-broken", DATABASE_URL=empty)
    assert (kept.code, "broken: slot.booked differs from its appointments" in kept.err) == (1, True)
    assert contents(empty) != before


def test_schemas_that_do_not_fit_are_refused(
    booking: Booking, file: Path, empty: str, tmp_path: Path
) -> None:
    def newer(lines: list[bytes]) -> None:
        about = json.loads(lines[0])
        about["migrations"].append([LATEST + 1, "0" * 64])
        lines[0] = json.dumps(about).encode() + b"\n"

    def another(lines: list[bytes]) -> None:
        lines[0] = lines[0].replace(migrations()[0].checksum.encode(), b"0" * 64)

    for change, said in ((newer, "newer than this code"), (another, "Migration 0001 is not the")):
        wrong = copied(file, tmp_path)
        altered(wrong, change)
        refused = booking(f"restore {wrong}", DATABASE_URL=empty)
        assert (refused.code, said in refused.err, is_empty(empty)) == (2, True, True), refused
    migrate(empty, [*migrations(), Migration(LATEST + 1, "later", "SELECT 1")])
    refused = booking(f"restore {file} --replace", DATABASE_URL=empty)
    assert (refused.code, f"The database has schema {LATEST + 1}" in refused.err) == (2, True)


def test_while_a_server_works_on_the_database_nothing_is_restored(
    booking: Booking, file: Path, empty: str
) -> None:
    with closing(psycopg2.connect(empty, application_name="booking")):
        refused = booking(f"restore {file}", DATABASE_URL=empty)
    assert (refused.code, is_empty(empty)) == (1, True)
    assert refused.err.startswith("A server works on this database (1 of its sessions")


def test_tables_of_somebody_else_are_never_dropped(
    booking: Booking, file: Path, empty: str
) -> None:
    run(empty, "CREATE TABLE report (id integer)")
    refused = booking(f"restore {file} --replace", DATABASE_URL=empty)
    assert "has tables that are not the service's: take another one" in refused.err
    migrate(empty)
    refused = booking(f"restore {file} --replace", DATABASE_URL=empty)
    assert (refused.code, "are not the service's (report)" in refused.err) == (1, True)
    assert run(empty, "SELECT to_regclass('report') IS NOT NULL") == [(True,)]


def test_a_table_that_the_schema_does_not_have_is_left_out_and_named(
    booking: Booking, full: str, empty: str, tmp_path: Path
) -> None:
    run(full, "CREATE TABLE report AS SELECT 1 AS id")
    try:
        assert booking(f"backup {tmp_path}/b.gz", DATABASE_URL=full).code == 0
    finally:
        run(full, "DROP TABLE report")
    said = booking(f"restore {tmp_path}/b.gz", DATABASE_URL=empty)
    assert (said.code, said.err) == (0, "left out report: the schema has no such table\n")
    assert contents(empty) == contents(full)


def test_on_a_terminal_it_asks_before_it_replaces_anything(
    booking: Booking, full: str, file: Path, empty: str, tmp_path: Path
) -> None:
    migrate(empty)
    run(empty, "INSERT INTO provider (name, time_zone) VALUES ('Dr There', 'UTC')")
    before = contents(empty)
    more = {"DATABASE_URL": empty, "REDIS_URL": booking.environment["REDIS_URL"]}
    words = ("restore", str(file), "--replace")
    code, shown = on_a_terminal(tmp_path, *words, answer="n", **more)
    assert (code, shown.splitlines()[-1]) == (0, "nothing was restored")
    assert contents(empty) == before
    code, shown = on_a_terminal(tmp_path, *words, answer="y", **more)
    assert (code, "every promise" in shown) == (0, True)
    assert contents(empty) == contents(full)


def test_every_token_ends(booking: Booking, settings: Settings, file: Path, empty: str) -> None:
    with redis.Redis.from_url(booking.environment["REDIS_URL"]) as cache:
        cache.flushdb()
        cache.mset({"token:1": "{}", "token:2": "{}", "account:7:tokens": "", "other": "stays"})
        said = booking(f"restore {file}", DATABASE_URL=empty)
        assert "2 tokens ended: everybody has to log in again" in said.out
        assert cache.keys() == [b"other"]


def test_without_redis_it_is_said_what_is_left_to_do(
    booking: Booking, file: Path, full: str, empty: str
) -> None:
    said = booking(f"restore {file}", DATABASE_URL=empty, REDIS_URL="redis://127.0.0.1:1")
    assert (said.code, said.err.startswith("Redis does not answer, so old tokens")) == (1, True)
    assert contents(empty) == contents(full)


def test_the_examples_of_the_help_work(
    servers: Embedded, settings: Settings, full: str, hanna: Person, empty: str, tmp_path: Path
) -> None:
    """In one folder, one after the other; and a pipe from one database to the other."""
    environment = unconfigured() | {"REDIS_URL": f"{settings.redis_url}?db=2"}
    run_py = f"{sys.executable} {ROOT / 'run.py'}"
    lines = [
        f"DATABASE_URL='{full}' {run_py} backup booking.gz",
        f"DATABASE_URL='{empty}' {run_py} restore booking.gz",
        f"DATABASE_URL='{empty}' {run_py} restore booking.gz --replace --yes",
        f"DATABASE_URL='{full}' {run_py} backup - > copy.gz",
        f"DATABASE_URL='{full}' {run_py} backup - | "
        f"DATABASE_URL='{empty}' {run_py} restore - --replace",
    ]
    done = subprocess.run(
        ["bash", "-ec", "set -o pipefail\n" + "\n".join(lines)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout.count("every promise")) == (0, 3), done
    assert contents(empty) == contents(full)
