"""Redis on several servers: found through Sentinels, or sharded as a Redis Cluster.

redis+sentinel://[user:password@]host:port,host:port/SERVICE[/DB][?sentinel_password=...]
redis+cluster://[user:password@]host:port,host:port
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Self, cast
from urllib.parse import parse_qs, unquote, urlsplit

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff

SENTINELS, CLUSTER = SCHEMES = ("redis+sentinel://", "redis+cluster://")
PORTS = {SENTINELS: 26379, CLUSTER: 6379}
_URL = re.compile(
    r"(?P<scheme>redis\+\w+://)(?:(?P<account>[^/?]*)@)?(?P<places>[^/?@]+)"
    r"(?P<path>/[^?]*)?(?:\?(?P<query>.*))?"
)


class Several(NamedTuple):
    """What such a URL says."""

    hosts: list[tuple[str, int]]
    account: dict[str, str]
    path: list[str]
    query: dict[str, list[str]]


def read(url: str) -> Several:
    """The parts of a URL of several hosts. Raises ValueError."""
    match = _URL.fullmatch(url)
    if not match:
        raise ValueError("not like the URL of several hosts")
    username, _, password = (match["account"] or "").partition(":")
    named = {"username": unquote(username), "password": unquote(password)}
    places = [urlsplit(f"//{place}") for place in match["places"].split(",")]
    several = Several(
        [(place.hostname or "", place.port or PORTS[match["scheme"]]) for place in places],
        {name: value for name, value in named.items() if value},
        [part for part in (match["path"] or "").split("/") if part],
        parse_qs(match["query"] or "", strict_parsing=bool(match["query"])),
    )
    if match["scheme"] == SENTINELS:
        _check_sentinels(several)
    elif several.path or several.query:
        raise ValueError("a cluster has neither databases nor options")
    return several


def _check_sentinels(several: Several) -> None:
    named = 1 <= len(several.path) <= 2 and (*several.path, "0")[1].isdecimal()
    if not named or several.query.keys() - {"sentinel_password"}:
        raise ValueError("not like SERVICE, SERVICE/DB or the one option")


def behind_sentinels(url: str, options: dict[str, Any]) -> "Redis":
    """A client of the master that the Sentinels name, asked anew for each new connection."""
    several = read(url)
    service, db = (*several.path, "0")[:2]
    asking = {name: value for name, value in options.items() if name.startswith("socket_")}
    if "sentinel_password" in several.query:
        asking["password"] = several.query["sentinel_password"][0]
    sentinel: Any = Sentinel(
        several.hosts, sentinel_kwargs=asking | {"retry": Retry(NoBackoff(), 0)}
    )  # type: ignore[no-untyped-call]
    options |= {"db": int(db)} | several.account
    found = sentinel.master_for(service, redis_class=_Found, **options)
    assert isinstance(found, _Found)
    found.sentinels = sentinel.sentinels
    return found


def cluster(url: str, options: dict[str, Any]) -> "Redis":
    """A client of a Redis Cluster that can do what the service asks of a single Redis."""
    several = read(url)
    nodes = [ClusterNode(*host) for host in several.hosts]
    client = _Cluster(startup_nodes=nodes, **(options | several.account))
    return cast("Redis", client)


class _Found(Redis):
    """Closes the connections to the Sentinels with its own."""

    sentinels: Sequence[Redis]

    async def aclose(self, *args: Any, **kwargs: Any) -> None:
        await super().aclose(*args, **kwargs)
        for one in self.sentinels:
            await one.aclose()


class _Cluster(RedisCluster):
    """Keys of one message may be on different servers: each is asked for its own."""

    async def mget(self, keys: Any, *args: Any) -> Any:
        return await self.mget_nonatomic(keys, *args)

    def pipeline(self, transaction: Any = None, shard_hint: Any = None) -> Any:
        return _Together(self, in_order=bool(transaction))


class _Together:
    """Commands that go out at once; in order, and none after one that failed, if so asked."""

    def __init__(self, client: _Cluster, in_order: bool) -> None:
        self._client, self._in_order = client, in_order
        self._calls: list[Callable[[], Any]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._calls.clear()

    def __getattr__(self, name: str) -> Callable[..., "_Together"]:
        def record(*args: Any, **kwargs: Any) -> _Together:
            self._calls.append(lambda: getattr(self._client, name)(*args, **kwargs))
            return self

        return record

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """The results, in the order of the commands."""
        if self._in_order:
            return [await call() for call in self._calls]
        calls = (call() for call in self._calls)
        return list(await asyncio.gather(*calls, return_exceptions=not raise_on_error))
