"""The programs in docs/clients.md run as printed, and book once however answers get lost."""

import http.client
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.contract.pages import CLIENTS, block
from tests.live import Live

NODE = shutil.which("node")
SECTIONS = {"sh": "curl", "python": "Python", "js": "JavaScript"}
PERSON = {"password": "correct horse"}


class Flaky(BaseHTTPRequestHandler):
    """Stands between a program and the server. Of the tries to book, the first never gets there
    (503), the answer of the second is lost and what became of the third nobody knows (504)."""

    server: "Between"

    def forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        booking = (self.command, self.path) == ("POST", "/api/appointments/")
        trouble = self.server.troubles.pop(0) if booking and self.server.troubles else ""
        if trouble == "unavailable":
            self.answer(503, [("Retry-After", "1")], b"{}")
            return
        link = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        link.request(self.command, self.path, body, dict(self.headers))
        real = link.getresponse()
        fields, document = real.getheaders(), real.read()
        link.close()
        if self.path == "/api/register/":
            self.server.registered.append(json.loads(body)["username"])
        if booking:
            self.server.bookings.append((real.status, real.getheader("Idempotency-Replayed")))
        if trouble == "lost":
            self.close_connection = True
        elif trouble == "unknown":
            self.answer(504, [], b"{}")
        else:
            self.answer(real.status, fields, document)

    def answer(self, status: int, fields: list[tuple[str, str]], document: bytes) -> None:
        self.send_response(status)
        for name, value in fields:
            if name != "Content-Length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(document)))
        self.end_headers()
        self.wfile.write(document)

    def log_message(self, *_: Any) -> None:
        pass

    do_GET = do_POST = do_PATCH = forward


class Between(ThreadingHTTPServer):
    """Forwards to a port, not always faithfully; remembers how the server answered bookings."""

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), Flaky)
        self.port = port
        self.troubles = ["unavailable", "lost", "unknown"]
        self.bookings: list[tuple[int, str | None]] = []
        self.registered: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def between(fresh: Live) -> Iterator[Between]:
    server = Between(fresh.port)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


PROGRAMS = {
    "sh": ["bash", "--norc", "--noprofile", "-eu"],
    "python": [sys.executable, "-I", "-"],
    "js": [str(NODE), "--input-type=module", "-"],
}


EACH = [
    "sh",
    "python",
    pytest.param("js", marks=pytest.mark.skipif(not NODE, reason="node is not installed")),
]


def run(between: Between, language: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """A program as it is printed, but for the address of the server."""
    text = block(SECTIONS[language], language, CLIENTS).replace(
        "http://127.0.0.1:8000", between.url
    )
    done = subprocess.run(
        PROGRAMS[language], input=text, capture_output=True, text=True, timeout=60, cwd=folder
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    assert "Appointment cancelled successfully" in done.stdout, done
    return done


@pytest.mark.parametrize("language", EACH)
def test_the_program_does_what_it_says(between: Between, tmp_path: Path, language: str) -> None:
    run(between, language, tmp_path)
    assert between.bookings == [(201, None), (201, "true"), (201, "true")]
    assert list(tmp_path.iterdir()) == []

    (username,) = set(between.registered)
    token = ask(between, "POST", "/api/login/", PERSON | {"username": username})["token"]
    (left,) = ask(between, "GET", "/api/appointments/", token=token)
    assert left["status"] == "cancelled"
    history = ask(between, "GET", f"/api/appointments/{left['id']}/history/", token=token)
    assert [one["action"] for one in history] == ["book", "reschedule", "cancel"]


def test_the_programs_run_twice_in_a_row_and_beside_each_other(
    between: Between, tmp_path: Path
) -> None:
    between.troubles = []
    languages = ["sh", "python", *(["js"] if NODE else [])]

    def twice(language: str) -> None:
        for _ in range(2):
            run(between, language, tmp_path)

    with ThreadPoolExecutor() as threads:
        list(threads.map(twice, [*languages, *languages]))
    assert len(set(between.registered)) == 4 * len(languages)


def ask(between: Between, method: str, path: str, body: Any = None, token: str = "") -> Any:
    """The document of an answer, straight from the server."""
    link = http.client.HTTPConnection("127.0.0.1", between.port, timeout=10)
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Token {token}"
    link.request(method, path, json.dumps(body) if body else None, headers)
    document = json.load(link.getresponse())
    link.close()
    return document
