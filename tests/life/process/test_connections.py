"""What connections cost a real process: memory, while clients neither read nor finish."""

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.settings import Settings
from tests.live import Live, served

MB = 1024 * 1024
HALF = (
    b"POST /api/login/ HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    b"Content-Length: 1048576\r\n\r\n" + b" " * 1_048_000
)


@pytest.fixture
def live(tmp_path: Path, settings: Settings) -> Iterator[Live]:
    environment = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
    with served(tmp_path, environment | {"REDIS_TIMEOUT": "1", "RATE_LIMIT": "off"}) as live:
        yield live


def sends(live: Live, data: bytes) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect((live.host, live.port))
    client.sendall(data)
    return client


def test_half_a_body_is_forgotten_with_who_sent_it(live: Live) -> None:
    before = live.memory
    for _ in range(8):
        clients = [sends(live, HALF) for _ in range(50)]
        for client in clients:
            client.close()
        time.sleep(0.2)
    assert live.memory - before < 150 * MB


def test_who_reads_nothing_costs_little(live: Live) -> None:
    script = b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n\r\n"
    before = live.memory
    with contextlib.ExitStack() as stack:
        for _ in range(3):  # whoever is ended leaves nothing behind either
            for _ in range(200):
                stack.enter_context(sends(live, script))
            time.sleep(1)
        assert live.memory - before < 120 * MB
