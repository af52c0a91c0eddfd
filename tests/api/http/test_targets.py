"""What may stand where a path is expected, byte by byte, on both wires."""

import asyncio
import dataclasses
import json
from typing import Any

import pytest
from tornado.platform.asyncio import AsyncIOLoop

from service import app as service_app
from service.deps import Deps
from service.settings import WIRES


@pytest.fixture(params=WIRES)
def port(request: Any, io_loop: AsyncIOLoop, all_deps: Deps) -> Any:
    settings = dataclasses.replace(all_deps.settings, port=0, wire=request.param)

    async def start() -> Any:
        return service_app.listen(dataclasses.replace(all_deps, settings=settings))

    server, found = io_loop.run_sync(start)
    yield found
    server.stop()
    io_loop.run_sync(server.close_all_connections)


async def ask(port: int, line: str, more: str = "") -> tuple[int, bytes]:
    """The status and the rest of the answer to a request line."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    host = "Host: a\r\n" if line.endswith("1.1") else ""
    writer.write(f"{line}\r\n{host}{more}Connection: close\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.read(-1), 5)
    writer.close()
    return int(answer.split()[1]), answer


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://a/api/providers/", 200),
        ("HTTP://example.org:8000/api/providers/?limit=1", 200),
        ("https://a/healthz", 200),
        ("http://a", 200),
        ("http://me@a/healthz", 400),
        ("http:///healthz", 400),
        ("ftp://a/healthz", 400),
        ("/api/%70roviders/", 200),
        ("/%61pi/providers/?limit=%31", 200),
        ("/api%2Fproviders/", 404),
        ("/api/%2570roviders/", 404),
        ("/api/providers/%ff/", 404),
        ("*", 404),
        ("?", 400),
        ("?limit=1", 400),
    ],
)
async def test_a_get(port: int, target: str, status: int) -> None:
    assert (await ask(port, f"GET {target} HTTP/1.1"))[0] == status


@pytest.mark.parametrize("line", ["OPTIONS * HTTP/1.1", "OPTIONS / HTTP/1.0", "OPTIONS / HTTP/1.1"])
async def test_the_probe_of_a_balancer_finds_a_server(port: int, line: str) -> None:
    assert (await ask(port, line))[0] == 204


async def test_options_of_a_path_that_is_not_there_is_404(port: int) -> None:
    assert (await ask(port, "OPTIONS /nothing HTTP/1.1"))[0] == 404


async def test_who_asks_before_a_body_that_is_too_large_is_not_invited(port: int) -> None:
    expects = "Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: "
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"POST /api/login/ HTTP/1.1\r\nHost: a\r\n{expects}99999999\r\n\r\n".encode())
    assert (await reader.readuntil(b"\r\n")).split()[1] == b"413"
    writer.close()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = json.dumps({"username": "nobody", "password": "wrong one"}).encode()
    writer.write(f"POST /api/login/ HTTP/1.1\r\nHost: a\r\n{expects}{len(body)}\r\n\r\n".encode())
    assert (await reader.readuntil(b"\r\n\r\n")).split()[1] == b"100"
    writer.write(body)
    assert (await reader.readuntil(b"\r\n")).split()[1] == b"401"
    writer.close()
