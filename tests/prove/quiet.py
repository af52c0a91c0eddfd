"""What a process of ours, PostgreSQL and Redis hold once everything has come to rest."""

import os
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg2
import redis

from tests.prove.tables import Tables

AT_WORK = (
    "postgres_pool_in_use",
    "lane_queue_items",
    "lane_batches_in_flight",
    "bcrypt_queue_items",
    "bcrypt_in_flight",
)
FOREVER = -1  # what Redis calls the life of a key that never ends
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


def busy_with(urls: Sequence[str]) -> dict[str, int]:
    """What our processes say that they are still at, all together. Raises OSError, ValueError."""
    found = dict.fromkeys(AT_WORK, 0)
    for url in urls:
        with urllib.request.urlopen(f"{url}/metrics", timeout=3) as answer:
            for line in answer.read().decode().splitlines():
                name = line.partition("{")[0].partition(" ")[0].removeprefix("booking_")
                if name in found:
                    found[name] += int(float(line.rpartition(" ")[2]))
    return found


def at_rest(tables: Tables, redis_url: str, urls: Sequence[str]) -> dict[str, int]:
    """What is left over after at most REST seconds: all zeros is well."""
    until = time.monotonic() + REST
    while True:
        left: dict[str, Any] = {"unanswered": 1}
        try:
            with redis.Redis.from_url(redis_url, socket_timeout=2) as client:
                locks = sum(1 for _ in client.scan_iter("lock:*", count=1000))
                pipe = client.pipeline(transaction=False)
                for key in client.scan_iter("token:*", count=1000):
                    pipe.ttl(key)
                endless = sum(1 for seconds in pipe.execute() if seconds == FOREVER)
            kept = {"lock keys": locks, "tokens without an end": endless}
            left = tables.quiet() | kept | busy_with(urls)
        except (psycopg2.Error, redis.RedisError, OSError, ValueError):
            pass
        if not any(left.values()) or time.monotonic() > until:
            return left
        time.sleep(0.25)
