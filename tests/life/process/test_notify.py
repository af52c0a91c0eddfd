"""What a service manager hears from a real process, over a real socket."""

import socket
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.process.systemd import Manager
from service.settings import Settings
from tests.live import Live, served


class Listener:
    """The other end: a datagram socket as systemd has it."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)

    def heard(self, seconds: float, until: str = "nothing") -> list[str]:
        """What comes within some seconds, or up to one message."""
        end, messages = time.monotonic() + seconds, []
        while (left := end - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                messages.append(self._socket.recv(4096).decode())
            except TimeoutError:
                break
            if messages[-1].startswith(until):
                break
        return messages

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def address() -> Iterator[str]:
    # Not in pytest's own folder, whose path may be longer than a socket's may be.
    with tempfile.TemporaryDirectory(prefix="notify-") as folder:
        yield f"{folder}/socket"


@pytest.fixture
def systemd(address: str) -> Iterator[Listener]:
    listener = Listener(address)
    yield listener
    listener.close()


def _environment(settings: Settings, **more: str) -> dict[str, str]:
    urls = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
    return urls | {"BCRYPT_ROUNDS": "4"} | more


def _answers(live: Live) -> bool:
    with urllib.request.urlopen(f"{live.url}/healthz", timeout=5) as answer:
        return bool(answer.status == 200)


def test_it_says_when_it_listens_that_it_lives_and_when_it_stops(
    tmp_path: Path, settings: Settings, address: str, systemd: Listener
) -> None:
    environment = _environment(settings, NOTIFY_SOCKET=address, WATCHDOG_USEC="400000")
    with served(tmp_path, environment) as live:
        first = systemd.heard(10, until="READY=1")[-1]
        assert first.split("\n")[0] == "READY=1"
        assert f"listening on 127.0.0.1:{live.port}" in first
        assert _answers(live)
        alive = systemd.heard(2.0)
        assert set(alive) == {"WATCHDOG=1"}
        assert len(alive) >= 5, "it beats at least twice as often as it must"
        live.process.terminate()
        last = systemd.heard(10, until="STOPPING=1")[-1].split("\n")
        assert last[:2] == ["STOPPING=1", "EXTEND_TIMEOUT_USEC=12000000"]  # 0 + 7 + 5 s
    assert live.log.count('"message":"serving"') == 1
    assert '"level":"warning"' not in live.log


def test_it_beats_only_when_somebody_watches(
    tmp_path: Path, settings: Settings, address: str, systemd: Listener
) -> None:
    with served(tmp_path, _environment(settings, NOTIFY_SOCKET=address)):
        assert systemd.heard(1.5)[0].startswith("READY=1")
        assert systemd.heard(1.0) == []


def test_a_manager_that_is_gone_changes_nothing(
    tmp_path: Path, settings: Settings, address: str
) -> None:
    with served(tmp_path, _environment(settings, NOTIFY_SOCKET=address)) as live:
        assert _answers(live)
    assert "could not be told READY=1" in live.log


def test_it_knows_abstract_sockets() -> None:
    name = f"booking-test-{time.monotonic_ns()}"
    listener = Listener("\0" + name)
    Manager(Settings(notify_socket="@" + name)).notify("READY=1", "STATUS=here")
    assert listener.heard(1.0, until="READY") == ["READY=1\nSTATUS=here"]
    listener.close()
