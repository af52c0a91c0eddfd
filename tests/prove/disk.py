"""A small disk of memory for the tables that grow, so that it can be full."""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from service.store.embedded import Embedded

ROOM = "4g"  # of memory, taken only as it fills
TABLES = ("appointment", "appointment_history", "idempotency")


def missing() -> str:
    """Why no disk can be made here; empty when one can."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        return "making a small disk needs root and mount"
    return ""


def small_disk(embedded: Embedded) -> Path | None:
    """Put the tables on a disk of their own; where it is, None where none can be made."""
    place = embedded.place
    if missing() or place is None:
        return None
    disk = place.home / "small"
    disk.mkdir(exist_ok=True)
    try:
        mount(disk, f"size={ROOM}", "-t", "tmpfs", "tmpfs")
    except OSError:  # a container may forbid it
        return None
    folder = disk / "tables"
    folder.mkdir(mode=0o700)
    place.own(folder)
    connection = psycopg2.connect(admin_url(embedded))
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLESPACE small LOCATION '{folder}'")
        for name in TABLES:
            cursor.execute(f"ALTER TABLE {name} SET TABLESPACE small")
    return disk


def admin_url(embedded: Embedded) -> str:
    """Our database, as the superuser."""
    ours, admin = urlsplit(embedded.database_url or ""), urlsplit(embedded.admin_url or "")
    return urlunsplit(admin._replace(path=ours.path))


def mount(disk: Path, options: str, *words: str) -> None:
    """Mount it, or with `remount` change its size. Raises OSError."""
    command = ["mount", *words, "-o", options, str(disk)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise OSError(done.stderr.strip() or "mount failed")


def unmount(disk: Path) -> None:
    """Give the disk back, once nobody uses it."""
    subprocess.run(["umount", "--lazy", str(disk)], check=False)
