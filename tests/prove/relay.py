"""The proxies in a process of their own, so that a busy proof does not slow the databases down.

Commands are lines of JSON on its standard input, each answered by one line.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from service.settings import ROOT
from tests.prove.proxy import Proxy

DEADLINE = 5.0  # seconds for an answer of our own process


class Way:
    """The way to one database: the commands of a Proxy, said to its process."""

    def __init__(self, relay: "Relay", number: int, port: int) -> None:
        self._relay, self._number, self.port = relay, number, port

    async def arm(self, kind: str, **options: Any) -> None:
        """Make trouble until disarm(): frozen, delayed, swallowed, torn; see tests/prove/proxy."""
        await self._say("arm", kind=kind, **options)

    async def disarm(self) -> dict[str, int]:
        """Let everything pass again; what the trouble did."""
        return dict(await self._say("disarm"))

    async def done(self) -> dict[str, int]:
        """What the trouble has done so far."""
        return dict(await self._say("done"))

    async def cut(self) -> int:
        """Reset every connection; how many there were."""
        return int(await self._say("cut"))

    async def refuse(self) -> None:
        """Refuse new connections until accept()."""
        await self._say("refuse")

    async def accept(self) -> None:
        """Accept new connections again."""
        await self._say("accept")

    async def _say(self, command: str, **options: Any) -> Any:
        return await self._relay.say([self._number, command, options])


class Relay:
    """The process that holds the proxies."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process, self._turn = process, asyncio.Lock()
        self.pid = process.pid

    async def hear(self) -> Any:
        """Its next line."""
        assert self._process.stdout
        async with asyncio.timeout(DEADLINE):
            return json.loads(await self._process.stdout.readline())

    async def say(self, command: list[Any]) -> Any:
        """Its answer to a command."""
        assert self._process.stdin
        async with self._turn:
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            return await self.hear()

    async def stop(self) -> None:
        """End it."""
        assert self._process.stdin
        self._process.stdin.close()
        await self._process.wait()


@asynccontextmanager
async def relayed(*paths: str) -> AsyncIterator[list[Way]]:
    """A way to each unix socket."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.prove.relay",
        *paths,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        process_group=0,
    )
    relay = Relay(process)
    try:
        yield [Way(relay, number, port) for number, port in enumerate(await relay.hear())]
    finally:
        await relay.stop()


async def main(paths: list[str]) -> None:
    """Hold the proxies and do what standard input says, until it ends."""
    proxies = [await Proxy.listening(path) for path in paths]
    print(json.dumps([proxy.port for proxy in proxies]), flush=True)
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        number, command, options = json.loads(line)
        print(json.dumps(await getattr(proxies[number], command)(**options)), flush=True)
    for proxy in proxies:
        proxy.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
