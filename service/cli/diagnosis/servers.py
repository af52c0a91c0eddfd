"""What is right or wrong with PostgreSQL and Redis, from what they say of themselves."""

from collections.abc import Iterator
from typing import Any

from service.cli.diagnosis.finding import Finding, fail, ok, warn
from service.store.checks.probe import Clock, PostgresFacts, RedisFacts

POSTGRES, REDIS, CLOCK = "PostgreSQL", "Redis", "clocks"
OLDEST_REDIS = 6
SKEW_SEEN, SKEW_BAD = 0.5, 5.0  # seconds
FULL = 0.9  # of maxmemory


def of_postgres(facts: PostgresFacts, pool_size: int) -> Iterator[Finding]:
    """Version, durability, rights, room."""
    about = facts.about
    yield ok(POSTGRES, f"version {about.version} answers in {facts.clock.asked * 1000:.1f} ms")
    if about.standby:
        yield fail(POSTGRES, "it is a standby, which takes no writes", "name the primary")
    yield from _durability(about, facts.faults)
    if not about.may_migrate:
        yield warn(
            POSTGRES,
            f"the role {about.role} may not change the schema",
            "fine if another role runs migrate; else make it the owner of the database",
        )
    if about.connections_left < pool_size:
        yield warn(
            POSTGRES,
            f"{about.connections_left} connections left, POOL_SIZE is {pool_size}",
            "raise max_connections, or lower POOL_SIZE",
        )
    else:
        yield ok(POSTGRES, f"{about.connections_left} connections left, POOL_SIZE is {pool_size}")


def _durability(about: Any, faults: list[str]) -> Iterator[Finding]:
    for fault in faults:
        said, _, mend = fault.partition(": ")
        yield fail(POSTGRES, said, mend or "see deploy/README.md")
    if not faults:
        yield ok(POSTGRES, "keeps what it commits; our role may do no more than it has to")
    if about.wal_level == "minimal":
        yield warn(
            POSTGRES,
            "wal_level is minimal: no standby, no backup to a point in time",
            "set wal_level to replica",
        )
    if about.data_checksums == "off":
        yield warn(
            POSTGRES,
            "data checksums are off: a page that a disk spoiled goes unnoticed",
            "run pg_checksums --enable while it is stopped",
        )


def of_redis(facts: RedisFacts) -> Iterator[Finding]:
    """Version, what it keeps when it dies, and what it does when it is full."""
    info = facts.info
    version = str(info.get("valkey_version") or info.get("redis_version", "0"))
    name = "Valkey" if "valkey_version" in info else REDIS
    if int(version.split(".")[0]) < OLDEST_REDIS:
        yield fail(REDIS, f"version {version} is too old", f"use {OLDEST_REDIS} or newer")
    else:
        yield ok(REDIS, f"{name} {version} answers in {facts.clock.asked * 1000:.1f} ms")
    if info.get("role") not in (None, "master"):
        yield fail(REDIS, "it is a replica, which takes no writes", "name the primary")
    yield from _persistence(facts)
    policy = info.get("maxmemory_policy")
    if policy != "noeviction":
        yield fail(
            REDIS,
            f"maxmemory-policy is {policy}: when full it logs people out",
            "set maxmemory-policy to noeviction",
        )
    elif info.get("maxmemory") and info["used_memory"] > FULL * info["maxmemory"]:
        yield warn(REDIS, "it is nearly full; then logins get 503", "raise maxmemory")
    else:
        yield ok(REDIS, "maxmemory-policy is noeviction")


def _persistence(facts: RedisFacts) -> Iterator[Finding]:
    if not facts.info.get("aof_enabled"):
        yield fail(
            REDIS,
            "appendonly is off: a crash brings logged-out tokens back to life",
            "set appendonly to yes, appendfsync to everysec",
        )
    elif facts.info.get("aof_last_write_status") != "ok":
        yield fail(REDIS, "it could not write its append-only file", "look at its log and disk")
    elif facts.appendfsync == "no":
        yield warn(
            REDIS,
            "appendfsync is no: a power cut loses as much as the system likes",
            "set appendfsync to everysec",
        )
    else:
        shown = f", appendfsync {facts.appendfsync}" if facts.appendfsync else ""
        yield ok(REDIS, f"keeps what it is told: appendonly yes{shown}")


def of_clock(server: str, clock: Clock) -> Finding:
    """Whether a server's clock agrees with ours, as far as asking it can tell."""
    off = max(abs(clock.ahead) - clock.asked / 2, 0.0)
    how = "ahead of" if clock.ahead > 0 else "behind"
    said = f"{server} is {abs(clock.ahead):.1f} s {how} this machine"
    if off >= SKEW_BAD:
        return fail(CLOCK, said, "set up NTP on both")
    if off >= SKEW_SEEN:
        return warn(CLOCK, said, "set up NTP on both")
    return ok(CLOCK, f"{server} and this machine agree within {SKEW_SEEN} s")
