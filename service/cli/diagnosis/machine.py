"""What is right or wrong with the settings and with this machine."""

import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

from service.cli.diagnosis.finding import Finding, fail, ok, warn
from service.settings import Settings

SETTINGS, MACHINE, PASSWORDS = "settings", "machine", "passwords"
LEAST_ROUNDS = 10
LOOPBACK = ("127.0.0.1", "localhost", "::1")
GIB = 1024**3
LOW, TOO_LOW = 2 * GIB, GIB // 4  # bytes free
FEW_FILES, MANY_FILES = 1024, 4096
SLOW = 1.0  # seconds for a password


def of_settings(settings: Settings) -> Iterator[Finding]:
    """What is allowed, but hardly meant for production. What is not allowed never gets here."""
    found = list(_doubtful(settings))
    yield from found
    if not found:
        yield ok(SETTINGS, "nothing doubtful in them")


def _doubtful(settings: Settings) -> Iterator[Finding]:
    for one in settings.outdated:
        yield warn(SETTINGS, one.said, one.mend)
    if settings.bcrypt_rounds < LEAST_ROUNDS:
        yield warn(
            SETTINGS, f"BCRYPT_ROUNDS is {settings.bcrypt_rounds}: fast to guess", "set it to 12"
        )
    if not settings.rate_limit:
        yield warn(SETTINGS, "RATE_LIMIT is off: passwords may be guessed freely", "turn it on")
    if settings.xheaders and settings.host not in LOOPBACK and not settings.host.startswith("/"):
        yield warn(
            SETTINGS,
            f"XHEADERS is on, and {settings.host} may be reached past the proxy",
            "listen where only the proxy is: whoever else comes may claim any address",
        )
    if settings.redis_url.startswith("redis://") and "@" not in settings.redis_url:
        yield warn(SETTINGS, "REDIS_URL has no password", "give Redis one: it holds the tokens")


def of_disk(folder: Path) -> Finding:
    """Room where the embedded servers keep their data."""
    free = shutil.disk_usage(folder).free
    said = f"{free / GIB:.1f} GiB free in {folder}"
    if free < TOO_LOW:
        return fail(MACHINE, said, "make room now: without it nothing can be written")
    if free < LOW:
        return warn(MACHINE, said, "make room")
    return ok(MACHINE, said)


def of_files() -> Finding:
    """How many files, so connections, this process may have open."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    said = f"{limit} files may be open at once"
    if limit < FEW_FILES:
        return fail(MACHINE, said, "raise it: ulimit -n, or LimitNOFILE= of the unit")
    if limit < MANY_FILES:
        return warn(MACHINE, said, "raise it for many clients: ulimit -n, or LimitNOFILE=")
    return ok(MACHINE, said)


def of_no_passwords() -> Finding:
    """None could be hashed within REQUEST_DEADLINE by the processes that do it."""
    return fail(PASSWORDS, "none could be hashed", "nobody can log in: see what they say above")


def of_passwords(seconds: float, refusals: str, settings: Settings) -> Finding:
    """Whether hashing one password takes about as long as it should, and lets bookings go first."""
    said = f"one takes {seconds * 1000:.0f} ms with BCRYPT_ROUNDS={settings.bcrypt_rounds}"
    if seconds >= settings.request_deadline:
        return fail(PASSWORDS, said, "nobody can log in before REQUEST_DEADLINE: fewer rounds")
    if seconds >= SLOW:
        return warn(PASSWORDS, said, "logins will queue: fewer rounds, or a faster machine")
    if refusals:
        return warn(
            PASSWORDS,
            f"{said}; bookings may wait for it ({refusals})",
            "allow setpriority and sched_setattr, as deploy/booking.service does",
        )
    return ok(PASSWORDS, said)
