"""Where the system grants no other priority, as under SystemCallFilter=~@resources, all works."""

import errno
import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from subprocess import PIPE
from typing import Any

import bcrypt
import pytest

from service.access.hashers import HASHER
from service.settings import Settings
from tests.live import ROOT, served, unconfigured
from tests.refused import NUMBERS, refusing

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not NUMBERS, reason="system calls are refused as on Linux"
)
CALLS = ("setpriority", "sched_setattr")


def _environment(settings: Settings) -> dict[str, str]:
    urls = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
    return urls | {"BCRYPT_ROUNDS": "4"}


def _post(url: str, document: dict[str, Any]) -> int:
    body = json.dumps(document).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return int(answer.status)


def test_people_register_and_log_in_and_the_log_says_once_what_was_refused(
    tmp_path: Path, settings: Settings
) -> None:
    def live() -> str:
        with served(tmp_path, _environment(settings)) as live:
            who = {"username": f"calm{os.getpid()}", "password": "correct horse"}
            assert _post(f"{live.url}/api/register/", who | {"email": "a@example.org"}) == 201
            for _ in range(3):
                assert _post(f"{live.url}/api/login/", who) == 200
            with urllib.request.urlopen(f"{live.url}/readyz", timeout=10) as answer:
                assert answer.status == 200
            return live.log

    log = refusing(*CALLS, act=live)
    assert log.count("bookings may wait for bcrypt") == 1
    assert "refused lower_priority: Operation not permitted; take_long_turns: " in log


@pytest.mark.parametrize("error", [errno.EPERM, errno.EACCES, errno.ENOSYS])
def test_each_refusal_leaves_a_hasher_that_hashes(error: int) -> None:
    salt = bcrypt.gensalt(4)

    def hashed() -> list[bytes]:
        words = [sys.executable, "-P", HASHER]
        with subprocess.Popen(words, stdin=PIPE, stdout=PIPE, start_new_session=True) as process:
            return process.communicate(f"{b'x'.hex()} {salt.hex()}\n".encode(), 10)[0].splitlines()

    refused, found = refusing(*CALLS, act=hashed, error=error)
    assert found == bcrypt.hashpw(b"x", salt)
    assert refused.count(os.strerror(error).encode()) == len(CALLS)


def test_doctor_hashes_as_serve_does_and_says_what_is_refused(settings: Settings) -> None:
    def doctor() -> list[dict[str, str]]:
        words = [sys.executable, str(ROOT / "run.py"), "doctor", "--json"]
        environment = unconfigured() | _environment(settings)
        said = subprocess.run(words, env=environment, capture_output=True, timeout=60)
        found: list[dict[str, str]] = json.loads(said.stdout)
        return found

    [found] = [one for one in refusing(*CALLS, act=doctor) if one["about"] == "passwords"]
    assert found["state"] == "warn"
    assert "lower_priority: Operation not permitted" in found["said"]
    assert "booking.service" in found["mend"]
    [found] = [one for one in doctor() if one["about"] == "passwords"]
    assert found["state"] == "ok"
