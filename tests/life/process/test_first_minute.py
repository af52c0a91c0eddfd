"""What a start says: on a terminal where to go next, to a journal nothing but the log."""

import dataclasses
import json
import os
import pty
import re
import select
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from service import app as service_app
from service.deps import Deps
from service.settings import Settings
from tests.contract.test_pages import paste
from tests.live import OURS, ROOT, served, unconfigured

JQ = shutil.which("jq")
LINE = re.compile(r"journalctl -u booking -o cat \| (jq .*)")


def on_a_terminal(data: Path, last: str) -> "tuple[subprocess.Popen[bytes], str, int]":
    """A server on a terminal, what it showed up to the last words, and our end of the terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "run.py", "serve", "--port", "0", "--data-dir", str(data)],
        env=unconfigured() | OURS | {"BCRYPT_ROUNDS": "4"},
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown, until = "", time.monotonic() + 60
    while last not in shown and time.monotonic() < until:
        if select.select([ours], [], [], 0.1)[0]:
            shown += os.read(ours, 65536).decode()
    return process, shown.replace("\r\n", "\n"), ours


def test_a_terminal_shows_where_to_go_and_calls_that_work_when_pasted(tmp_path: Path) -> None:
    data = tmp_path / "my data"
    process, shown, ours = on_a_terminal(data, "/api/logout/")
    try:
        url = re.search(r"^listening on (http://\S+)$", shown, re.MULTILINE)[1]  # type: ignore[index]
        assert f"  docs   {url}/docs/\n" in shown
        assert f"  data   {data}\n" in shown
        assert "Ctrl-C" in shown
        admin = re.search(r"python3 run\.py user create .*", shown)[0]  # type: ignore[index]
        done = subprocess.run(
            ["bash", "-c", f"cd {ROOT} && {admin.replace('python3', sys.executable, 1)}"],
            env=unconfigured() | {"BOOKING_PASSWORD": "correct horse", "BCRYPT_ROUNDS": "4"},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert re.fullmatch(r"created admin admin with id \d{12,}\n", done.stdout), done
        answers = "\n".join(paste(shown.split("Try it:")[1]))
        assert '"status":"booked"' in answers
        assert "Logged out successfully" in answers
        assert '"code"' not in answers
    finally:
        process.terminate()
        process.wait(20)
        os.close(ours)


def test_a_journal_gets_log_lines_and_the_address_and_nothing_else(tmp_path: Path) -> None:
    flags = ("--data-dir", str(tmp_path / "data"))
    with served(tmp_path, {"ACCESS_LOG": "on", "BCRYPT_ROUNDS": "4"}, *flags) as live:
        paste(f"curl -s {live.url}/api/me/ {live.url}/readyz -o {os.devnull}\n")
        assert live.said == f"listening on {live.url}\n"
        logged = [json.loads(line) for line in live.log.splitlines()]
        assert {one["message"] for one in logged} >= {"serving", "request"}
        assert {one["level"] for one in logged} == {"info"}


def test_the_line_of_the_deploy_readme_finds_log_lines_among_others(tmp_path: Path) -> None:
    told = LINE.search((ROOT / "deploy" / "README.md").read_text())
    assert told
    flags = ("--data-dir", str(tmp_path / "data"))
    with served(tmp_path, {"ACCESS_LOG": "on"}, *flags) as live:
        paste(f"curl -s {live.url}/healthz {live.url}/api/me/ -o {os.devnull}\n")
        until = time.monotonic() + 10
        while '"status":401' not in live.log and time.monotonic() < until:
            time.sleep(0.02)
        journal = f"{live.said}Started booking.service.\n7\n{live.log}"
    found = filtered(told[1].replace("500", "401"), journal)
    assert [(one["status"], one["path"]) for one in found] == [(401, "/api/me/")]


def filtered(command: str, journal: str) -> list[dict[str, object]]:
    """What a line with jq leaves of a journal; where jq is missing, the same in Python."""
    if JQ:
        done = subprocess.run(
            ["bash", "-c", command], input=journal, capture_output=True, text=True, timeout=30
        )
        assert (done.returncode, done.stderr) == (0, "")
        return [json.loads(line) for line in done.stdout.splitlines()]
    lines = [json.loads(line) for line in journal.splitlines() if line.startswith("{")]
    return [one for one in lines if one.get("status", 0) >= 401]


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("::1", "[::1]"),
        ("[::1]", "[::1]"),
        ("::", "[::1]"),
        ("0.0.0.0", "127.0.0.1"),
        ("localhost", "localhost"),
    ],
)
def test_the_address_that_is_said_can_be_opened(
    tmp_path: Path, settings: Settings, host: str, shown: str
) -> None:
    ours = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
    with served(tmp_path, ours | {"HOST": host}) as live:
        assert live.said == f"listening on http://{shown}:{live.port}\n"
        assert paste(f"curl -sg {live.url}/healthz\n") == ['{"status":"ok"}']


def refused(settings: Settings, *flags: str) -> str:
    """The one sentence of a server that can't listen; with a calendar of others it may say more."""
    ours = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
    done = subprocess.run(
        [sys.executable, str(ROOT / "run.py"), "serve", *flags],
        env=unconfigured() | OURS | ours,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    (said,) = done.stderr.splitlines()
    return said


def test_an_address_of_another_machine_is_one_sentence(scratch: Settings) -> None:
    there = "203.0.113.7"
    assert f"Can't listen on {there}" in refused(scratch, "--host", there, "--port", "0")


@pytest.mark.parametrize("host", ["no-such.invalid", "a..b", "http://127.0.0.1"])
async def test_an_address_that_is_none_is_told(deps: Deps, host: str) -> None:
    there = dataclasses.replace(deps, settings=dataclasses.replace(deps.settings, host=host))
    with pytest.raises(OSError, match=re.escape(f"Can't listen on {host}")):
        service_app.listen(there)


def test_a_port_in_use_is_one_sentence(scratch: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert "Address already in use" in refused(scratch, "--port", port)
