"""A Redis with a replica and three Sentinels; a Redis Cluster of three with a replica each."""

import contextlib
import socket
import subprocess
from pathlib import Path

import redis

from tests.ha.engines import Engine, program, wait
from tests.live import free_port

DURABLE = ("--appendonly", "yes", "--save", "", "--protected-mode", "no", "--bind", "127.0.0.1")
BUS = 10_000  # above its port, a node of a cluster listens for the others
SENTINEL = """
port {port}
bind 127.0.0.1
protected-mode no
dir {home}
sentinel monitor booking 127.0.0.1 {master} 2
sentinel down-after-milliseconds booking 1000
sentinel failover-timeout booking 5000
"""


class Server:
    """One redis-server."""

    def __init__(self, home: Path, name: str, *settings: str, port: int = 0) -> None:
        self.port, folder = port or free_port(), home / name
        folder.mkdir(mode=0o777)
        folder.chmod(0o777)
        own = ("--port", str(self.port), "--dir", str(folder))
        self.engine = Engine(home, name, ["redis-server", *own, *DURABLE, *settings])

    def start(self) -> None:
        self.engine.start(lambda: answers(self.port))

    def client(self) -> "redis.Redis":
        return redis.Redis(port=self.port, socket_timeout=1)


def answers(port: int) -> bool:
    """Whether a Redis or a Sentinel is there."""
    try:
        return bool(redis.Redis(port=port, socket_timeout=1).ping())
    except redis.RedisError:
        return False


class Watched:
    """A master, its replica, and three Sentinels that watch them."""

    def __init__(self, home: Path) -> None:
        self.master = Server(home, "master", "--min-replicas-to-write", "1")
        follows = ("--replicaof", f"127.0.0.1 {self.master.port}")
        self.replica = Server(home, "replica", *follows)
        self.sentinels = [self._sentinel(home, number) for number in range(3)]
        self.engines = [self.master.engine, self.replica.engine]
        self.engines += [engine for _, engine in self.sentinels]

    def _sentinel(self, home: Path, number: int) -> tuple[int, Engine]:
        port, file = free_port(), home / f"sentinel{number}.conf"
        file.write_text(SENTINEL.format(port=port, home=home, master=self.master.port))
        file.chmod(0o666)
        return port, Engine(home, f"sentinel{number}", ["redis-sentinel", str(file)])

    def start(self) -> str:
        """Start all; the URL of the service."""
        self.master.start()
        self.replica.start()
        for port, engine in self.sentinels:
            engine.start(lambda port=port: answers(port))  # type: ignore[misc]
        good = "min_slaves_good_slaves"
        wait(lambda: self.master.client().info("replication")[good] == 1, 20)
        wait(self._agreed, 30)
        hosts = ",".join(f"127.0.0.1:{port}" for port, _ in self.sentinels)
        return f"redis+sentinel://{hosts}/booking"

    def master_in_use(self) -> Engine:
        """The one whose death is felt."""
        return self.master.engine

    def _agreed(self) -> bool:
        """Each Sentinel knows the replica and the two others."""
        states = [
            redis.Redis(port=port).sentinel_masters()["booking"] for port, _ in self.sentinels
        ]
        return all(one["num-slaves"] == 1 and one["num-other-sentinels"] == 2 for one in states)


def free_ports() -> int:
    """A free port of a node whose bus finds its own free as well."""
    while True:
        port = free_port()
        with socket.socket() as bus, contextlib.suppress(OSError):
            bus.bind(("127.0.0.1", port + BUS))
            return port


class Cluster:
    """Three shards with a replica each."""

    def __init__(self, home: Path) -> None:
        mode = ("--cluster-enabled", "yes", "--cluster-node-timeout", "1000")
        ports = [free_ports() for _ in range(6)]
        self.servers = [Server(home, f"node{n}", *mode, port=port) for n, port in enumerate(ports)]
        self.engines = [server.engine for server in self.servers]

    def start(self) -> str:
        """Start all and join them; the URL of the service."""
        for server in self.servers:
            server.start()
        hosts = [f"127.0.0.1:{server.port}" for server in self.servers]
        tool = [program("redis-cli") or "redis-cli", "--cluster", "create", *hosts]
        subprocess.run(
            [*tool, "--cluster-replicas", "1", "--cluster-yes"], check=True, capture_output=True
        )
        wait(lambda: all(self._whole(server) for server in self.servers), 30)
        return f"redis+cluster://{','.join(hosts[:3])}"

    def master_in_use(self) -> Engine:
        """The one whose death most callers feel: it has most keys, so some of their tokens."""
        return max(self.servers[:3], key=lambda server: int(server.client().dbsize())).engine

    def _whole(self, server: Server) -> bool:
        """Whether it knows all others and, if a replica, can be promoted: it has its first copy."""
        client = server.client()
        state, link = client.execute_command("CLUSTER INFO"), client.info("replication")
        return (
            state["cluster_state"] == "ok"
            and state["cluster_known_nodes"] == "6"
            and link.get("master_link_status") != "down"
        )
