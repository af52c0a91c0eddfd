"""Copies of a data directory, data of other versions, and data that are broken."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from service.store.embedded import Embedded, EmbeddedError
from tests.life.servers import (
    NOBODY,
    as_another,
    close,
    parent,
    processes,
    remember,
    remembers,
    soon,
    sql,
)


def copied(data: Path, copy: Path) -> Path:
    """What `cp -r` makes of a data directory: other owners, other modes, the same links."""
    subprocess.run(
        ["sh", "-c", 'umask 022; cp -r "$0" "$1"', str(data), str(copy)],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    return copy


def test_a_copy_of_what_runs_starts_and_leaves_the_original_alone(kept: Path, folder: Path) -> None:
    running = Embedded.start(kept)
    try:
        remember(running, "copied")
        sql(running, "CHECKPOINT", admin=True)
        copy = copied(kept, folder / "copy")
        assert (copy / "postgres" / "postmaster.pid").exists()
        subprocess.run(["chmod", "-R", "go+rX", str(copy)], check=True)
        second = Embedded.start(copy)
        try:
            assert remembers(second, "copied")
            assert remembers(running, "copied")
        finally:
            second.stop()
        assert remembers(running, "copied")
        assert (kept / "servers.json").exists()
    finally:
        running.stop()


@as_another
def test_so_does_one_that_an_ordinary_user_made(kept: Path, folder: Path) -> None:
    other = parent(kept)
    remember(Embedded.attach_or_start(kept), "given away")
    other.kill()  # so that all its files stay
    close(other)
    assert soon(lambda: not processes(kept))
    copy = copied(kept, folder / "copy")
    for path in (copy, *copy.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    assert close(parent(copy, str(NOBODY))) == 0
    running = Embedded.start(copy)
    try:
        assert remembers(running, "given away")
    finally:
        running.stop()


def test_a_copy_whose_log_is_the_original_s_is_refused(kept: Path, folder: Path) -> None:
    data, wal = copied(kept, folder / "data"), folder / "wal"
    Embedded.start(data).stop()  # which gives it to the servers' account
    shutil.move(data / "postgres" / "pg_wal", wal)
    (data / "postgres" / "pg_wal").symlink_to(wal)
    Embedded.start(data).stop()
    Embedded.start(data).stop()
    copy = copied(data, folder / "copy")
    with pytest.raises(EmbeddedError, match=r"was copied .*pg_wal still leads to .*/wal: "):
        Embedded.start(copy, redis=False)
    own_wal = copied(wal, folder / "wal of the copy")
    subprocess.run(["chown", "-R", "--reference", str(wal), str(own_wal)], check=True)
    (copy / "postgres" / "pg_wal").unlink()
    (copy / "postgres" / "pg_wal").symlink_to(own_wal)
    (copy / "postgres" / "linked_from").unlink()
    Embedded.start(copy, redis=False).stop()


@pytest.mark.parametrize("version", ["17", "19"])
def test_data_of_another_major_version_is_refused_in_one_sentence(
    folder: Path, version: str
) -> None:
    (folder / "data" / "postgres").mkdir(parents=True)
    (folder / "data" / "postgres" / "PG_VERSION").write_text(f"{version}\n")
    with pytest.raises(
        EmbeddedError, match=rf"by PostgreSQL {version}, but 18 is installed: see 'run.py upgrade"
    ):
        Embedded.start(folder / "data")
    assert not processes(folder / "data")
    assert not (folder / "data" / "servers.json").exists()


@pytest.mark.parametrize("version", [None, ""])
def test_a_folder_that_is_no_database_is_refused_in_one_sentence(
    folder: Path, version: str | None
) -> None:
    (folder / "data" / "postgres" / "base").mkdir(parents=True)
    if version is not None:
        (folder / "data" / "postgres" / "PG_VERSION").write_text(version)
    with pytest.raises(EmbeddedError, match=r"postgres holds no data of PostgreSQL.*\.$"):
        Embedded.start(folder / "data")


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("appendonly.aof.manifest", "nonsense\n", "Invalid AOF manifest file format"),
        ("appendonly.aof.1.base.rdb", "REDIS9999", "Bad file format reading the append only file"),
    ],
)
def test_data_that_valkey_can_t_read_are_named_in_its_own_words(
    folder: Path, file: str, text: str, words: str
) -> None:
    Embedded.start(folder / "data", postgres=False).stop()
    (folder / "data" / "valkey" / "appendonlydir" / file).write_text(text)
    with pytest.raises(EmbeddedError, match=rf"valkey did not start: .*{words}.*valkey\.log\)\.$"):
        Embedded.start(folder / "data", postgres=False)


def test_a_broken_control_file_is_named_in_postgresql_s_own_words(kept: Path, folder: Path) -> None:
    copy = copied(kept, folder / "copy")
    (copy / "postgres" / "global" / "pg_control").unlink()
    with pytest.raises(
        EmbeddedError,
        match=r"postgres did not start: .*pg_control.*log\)\.$",
    ):
        Embedded.start(copy)
    assert not processes(copy)
