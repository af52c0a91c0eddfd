"""A process behind its doors: each parser of HTTP, by itself and behind nginx."""

import asyncio
import contextlib
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.deploy import test_nginx
from tests.live import Live, scratch_database, served

needs_nginx = test_nginx.pytestmark


class Door(NamedTuple):
    """Where to knock, the process behind it, and the log of nginx if that is in between."""

    port: int
    live: Live
    front_log: Path | None = None

    def inside(self, pattern: "re.Pattern[str]") -> Counter[str]:
        """What the app says that it was asked, among what the pattern finds."""
        return Counter(pattern.findall(self.live.log))

    def outside(self, pattern: "re.Pattern[str]") -> Counter[str]:
        """What nginx says that it was asked."""
        assert self.front_log
        found = [
            pattern.findall(line)
            for line in self.front_log.read_text(errors="replace").splitlines()
        ]
        return Counter(one for line in found for one in line[:1])  # of a request line, its target


def front_log(folder: Path, port: int) -> Path:
    """The access log of the nginx that listens on this port."""
    (found,) = [
        one.with_name("access.log")
        for one in folder.glob("nginx[0-9]*/nginx-common.conf")
        if f":{port} " in one.read_text()
    ]
    return found


@contextlib.contextmanager
def process(
    tmp_path_factory: pytest.TempPathFactory, admin_url: str, database_url: str, **told: str
) -> Iterator[Live]:
    """`run.py serve` on a database of its own."""
    with (
        scratch_database(admin_url, database_url, migrated=True) as url,
        served(tmp_path_factory.mktemp("live"), {"DATABASE_URL": url, **told}) as live,
    ):
        yield live


async def knock(port: int, messages: Sequence[bytes], *, at_once: int = 40) -> list[bytes]:
    """What comes back for each of these messages, each over a connection of its own."""
    turns = asyncio.Semaphore(at_once)

    async def one(message: bytes) -> bytes:
        async with turns:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            heard = b""
            try:
                writer.write(message)
                with contextlib.suppress(TimeoutError, ConnectionError):
                    async with asyncio.timeout(1.0):
                        while data := await reader.read(1 << 16):
                            heard += data
                            if heard.count(b"HTTP/1.1 ") >= 3:
                                break
            finally:
                writer.close()
            return heard

    return await asyncio.gather(*(one(message) for message in messages))


def waited_for(true, seconds: float = 5.0) -> bool:  # type: ignore[no-untyped-def]
    """Whether it becomes true in time."""
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
