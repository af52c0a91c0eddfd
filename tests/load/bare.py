"""A Tornado handler that answers given bytes and does nothing else: the limit that HTTP sets.

    python3 -m tests.load.bare answer.json

The file holds {"status": 201, "headers": {...}, "body": "..."}.
"""

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler


class Same(RequestHandler):
    """Answers every request alike."""

    def initialize(self, answer: dict[str, Any]) -> None:
        self.status, self.headers = answer["status"], answer["headers"]
        self.body = answer["body"].encode()

    def set_default_headers(self) -> None:
        del self._headers["Server"]

    async def prepare(self) -> None:
        self.set_status(self.status)
        for name, value in self.headers.items():
            self._headers[name] = value
        await self.finish(self.body)


async def main(answer: dict[str, Any]) -> None:
    """Serve on any free port until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    server = HTTPServer(Application([(r".*", Same, {"answer": answer})], log_function=quiet))
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    print(f"listening on http://127.0.0.1:{sockets[0].getsockname()[1]}", flush=True)
    await stop.wait()
    server.stop()
    await server.close_all_connections()


def quiet(handler: RequestHandler) -> None:
    """No line per request."""


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text())))
