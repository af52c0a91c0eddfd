"""Whose the data is: an account of its own for root, and root does as the owner may, no more."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from service.store.embedded import Embedded, EmbeddedError
from service.store.embedded.place import account, files
from tests.life.servers import (
    NOBODY,
    as_another,
    as_root,
    close,
    parent,
    processes,
    remember,
    remembers,
    sql,
)

pytestmark = as_root
TRY = f"""
import os, socket, sys
os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})
for path in sys.argv[1:]:
    try:
        os.listdir(path)
    except PermissionError:
        continue
    print(path)
"""


@pytest.fixture
def theirs(folder: Path) -> Path:
    """A data directory that belongs to an ordinary user, in a folder of root's."""
    data = folder / "data"
    data.mkdir()
    os.chown(data, NOBODY, NOBODY)
    return data


def everything(data: Path) -> set[int]:
    """Whose the files in there are."""
    return {path.lstat().st_uid for path in data.rglob("*")}


def test_they_run_as_an_account_that_is_theirs_alone(kept: Path) -> None:
    running = Embedded.start(kept)
    try:
        own = account.Account.own()
        assert own.uid not in (0, NOBODY)
        assert {os.stat(f"/proc/{pid}").st_uid for pid in processes(kept)} == {own.uid}
    finally:
        running.stop()


def test_another_account_gets_at_neither_data_nor_sockets(kept: Path) -> None:
    running = Embedded.start(kept)
    try:
        sockets = files.Place.find(kept, True).note()["sockets"]
        wanted = [sockets, *(str(kept / name) for name in ("postgres", "valkey", "log"))]
        done = subprocess.run([sys.executable, "-c", TRY, *wanted], capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    finally:
        running.stop()


def test_what_an_owner_planted_leads_root_nowhere(folder: Path, theirs: Path) -> None:
    secret = folder / "secret"
    secret.write_text("root's own")
    secret.chmod(0o600)
    of_root = folder / "booking-of-root"
    of_root.mkdir()
    (of_root / "file").write_text("keep")
    identity = [theirs.stat().st_dev, theirs.stat().st_ino]
    (theirs / "servers.json").write_text(json.dumps({"sockets": str(of_root), "home": identity}))
    (theirs / "elsewhere").write_text(str(folder / "made-by-root"))
    (theirs / "log").mkdir()
    for name in ("servers.json.new", "postgres.log", "log/postgres.log", "log/valkey.log"):
        (theirs / name).symlink_to(secret)
    for path in (theirs, theirs / "log", theirs / "servers.json"):
        os.chown(path, NOBODY, NOBODY)
    with pytest.raises(EmbeddedError, match="symbolic link"):
        Embedded.start(theirs)
    shutil.rmtree(theirs / "log")
    running = Embedded.start(theirs)
    try:
        assert {os.stat(f"/proc/{pid}").st_uid for pid in processes(theirs)} == {NOBODY}
    finally:
        running.stop()
    assert secret.read_text() == "root's own"
    assert (secret.stat().st_uid, secret.stat().st_mode & 0o777) == (0, 0o600)
    assert (of_root / "file").exists()
    assert not (folder / "made-by-root").exists()


def test_a_version_file_that_is_a_link_is_not_read_for_its_owner(
    folder: Path, theirs: Path
) -> None:
    secret = folder / "secret"
    secret.write_text("root's own")
    secret.chmod(0o600)
    (theirs / "postgres").mkdir(mode=0o700)
    os.chown(theirs / "postgres", NOBODY, NOBODY)
    (theirs / "postgres" / "PG_VERSION").symlink_to(secret)
    with pytest.raises(EmbeddedError, match="holds no data of PostgreSQL") as caught:
        Embedded.start(theirs, redis=False)
    assert "root's own" not in str(caught.value)


@as_another
def test_root_and_the_owner_take_turns(theirs: Path) -> None:
    (theirs / "lock").touch(0o600)  # root's, of the version before
    (theirs / "postgres.log").touch(0o644)
    Embedded.start(theirs).stop()
    assert everything(theirs) - {0} == {NOBODY}
    assert close(parent(theirs, str(NOBODY))) == 0
    Embedded.start(theirs).stop()


def test_a_new_folder_in_somebodys_folder_is_his(theirs: Path) -> None:
    data = theirs / "checkout" / ".data"
    Embedded.start(data, postgres=False).stop()
    assert everything(theirs) == {NOBODY}


def test_data_that_nobody_had_is_taken_over(folder: Path) -> None:
    data = folder / "data"
    running = Embedded.start(data)
    files_of_root = folder / "passwd"
    files_of_root.write_text("root's own")
    try:
        sql(running, "CREATE TABLE fact (name text PRIMARY KEY)")
        remember(running, "before")
    finally:
        running.stop()
    for name in ("postgres", "valkey"):
        for path in (data / name, *(data / name).rglob("*")):
            os.chown(path, NOBODY, NOBODY)
    os.link(files_of_root, data / "valkey" / "hard")
    (data / "valkey" / "soft").symlink_to(files_of_root)
    running = Embedded.start(data)
    try:
        assert remembers(running, "before")
    finally:
        running.stop()
    assert files_of_root.stat().st_uid == 0
    owners = everything(data / "postgres") | everything(data / "valkey")
    assert owners == {0, account.Account.own().uid}  # root's: the two links


def test_what_is_somebody_elses_is_refused_in_one_sentence(folder: Path) -> None:
    (folder / "data" / "valkey").mkdir(parents=True)
    os.chown(folder / "data" / "valkey", 12345, 12345)
    with pytest.raises(EmbeddedError, match=r"valkey belongs to uid 12345, but .*\.$"):
        Embedded.start(folder / "data")
    assert (folder / "data" / "valkey").stat().st_uid == 12345


@as_another
def test_an_ordinary_user_is_refused_what_is_not_his(
    theirs: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (theirs / "valkey").mkdir()
    with pytest.raises(pytest.fail.Exception):
        parent(theirs, str(NOBODY))
    assert "valkey belongs to root, but the servers run as nobody" in capfd.readouterr().err
    assert (theirs / "valkey").stat().st_uid == 0


def test_somebodys_link_to_roots_folder_is_refused(folder: Path, theirs: Path) -> None:
    (folder / "of-root").mkdir()
    link = theirs / "data"
    link.symlink_to(folder / "of-root")
    os.lchown(link, NOBODY, NOBODY)
    with pytest.raises(EmbeddedError, match=r"is a link of nobody to a folder of root"):
        Embedded.start(link)
    assert not list((folder / "of-root").iterdir())


def test_nor_does_one_in_a_folder_that_all_may_write(folder: Path) -> None:
    (folder / "of-root").mkdir()
    (folder / "of-root" / "file").touch()
    (folder / "data").mkdir()
    (folder / "data").chmod(0o777)
    for name in ("log", "valkey"):
        with contextlib.suppress(FileNotFoundError):
            (folder / "data" / name).rmdir()
        (folder / "data" / name).symlink_to(folder / "of-root")
        os.lchown(folder / "data" / name, NOBODY, NOBODY)
        with pytest.raises(EmbeddedError, match=rf"/{name} belongs to root, but"):
            Embedded.start(folder / "data", postgres=False)
        (folder / "data" / name).unlink()
    assert {path.stat().st_uid for path in (folder / "of-root", folder / "of-root" / "file")} == {0}


def test_the_start_says_where_the_data_is(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder.chmod(0o700)
    with caplog.at_level("INFO", logger="service.store.embedded"):
        running = Embedded.start(folder / "data", postgres=False, durable=False)
        running.stop()
    (line,) = [one for one in caplog.messages if "the data" in one]
    assert str(running.place.home) in line
    assert str(folder / "data") in line
