"""The processes of hasher.py from this side: started when first needed, asked, ended."""

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path

HASHER = str(Path(__file__).with_name("hasher.py"))


class Hasher:
    """One process, asked one thing at a time; one that has ended is replaced by the next call."""

    def __init__(self, on_refused: Callable[[list[str]], None], *options: str) -> None:
        """`on_refused` is called with what the system refused it, if anything."""
        self._on_refused, self._options = on_refused, options
        self._process: Process | None = None

    async def hash(self, password: bytes, salt: bytes) -> bytes:
        """The hash, or b"" for a salt that is none. Raises OSError when the process has ended or
        can't be started."""
        await self.started()
        return await self._answer(f"{password.hex()} {salt.hex()}\n")

    async def started(self) -> None:
        """See to it that the process runs. Raises OSError when it can't be started."""
        if self._process:
            return
        # In a session of its own: for Ctrl-C, which is not for it, and for lower_session().
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", HASHER, *self._options),
            stdin=PIPE,
            stdout=PIPE,
            start_new_session=True,
        )
        refused = await self._answer("")
        if refused:
            self._on_refused(refused.decode().split("; "))

    async def _answer(self, line: str) -> bytes:
        process = self._process
        assert process
        assert process.stdin
        assert process.stdout
        process.stdin.write(line.encode())
        answer = await process.stdout.readline()
        if not answer:
            await self.close()
            raise ConnectionResetError
        return answer[:-1]

    async def close(self) -> None:
        """End the process; what it is at is not waited for."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin
        assert process.stdout
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.stdin.close()
        await process.stdout.read()
        await process.wait()
