"""What a process of ours, PostgreSQL and Redis hold once everything has come to rest."""

import os
import time
from pathlib import Path
from typing import Any

import psycopg2
import redis

from tests.prove.tables import Tables

REST = 12.0  # seconds to come to rest: twice the life of a lock


def holdings(pid: int) -> dict[str, int]:
    """Files, threads and bytes of memory of a process; nothing when it is not there."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        files = len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return {}
    lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return {
        "files": files,
        "threads": int(lines["Threads"]),
        "memory": int(lines["VmRSS"].split()[0]) * 1024,
    }


def at_rest(tables: Tables, redis_url: str) -> dict[str, int]:
    """What is left over after at most REST seconds: all zeros is well."""
    until = time.monotonic() + REST
    while True:
        left: dict[str, Any] = {"unanswered": 1}
        try:
            with redis.Redis.from_url(redis_url, socket_timeout=2) as client:
                locks = sum(1 for _ in client.scan_iter("lock:*", count=1000))
            left = tables.quiet() | {"lock keys": locks}
        except (psycopg2.Error, redis.RedisError):
            pass
        if not any(left.values()) or time.monotonic() > until:
            return left
        time.sleep(0.25)
