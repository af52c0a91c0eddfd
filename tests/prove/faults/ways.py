"""Trouble on the way to PostgreSQL and to Redis, made by the proxies."""

import asyncio
import contextlib
from typing import Any

from service.store.queries import load_queries
from tests.prove.faults.kind import Harm, NoEffect, Turn, fault
from tests.prove.relay import Way

NAMES = {"postgres": "PostgreSQL", "redis": "Redis"}
WRITES = "|".join(sorted(name for name, query in load_queries().items() if query.writes))
# The message that decides: a transaction of one message, or the COMMIT of a longer one.
DECIDING = {
    "postgres": rf"EXECUTE (?:{WRITES})(?:_[0-9]+)?\b|\bCOMMIT\b",
    "redis": r"(?i)\r\n(?:SET|MGET|EVALSHA|EXEC|HMGET|DEL)\r\n",
}


def way(turn: Turn, victim: str) -> Way:
    """The way to it."""
    return turn.stage.to_postgres if victim == "postgres" else turn.stage.to_redis


def seen(done: dict[str, int], what: str) -> str:
    """How the trouble was seen to bite. Raises NoEffect."""
    if not done.get(what):
        raise NoEffect("nothing passed meanwhile")
    return f"{done[what]} {what}"


def armed(victim: str, kind: str, what: str, **options: Any) -> Harm:
    """A harm that changes what passes for as long as it lasts."""

    async def harm(turn: Turn) -> str:
        to = way(turn, victim)
        try:
            await to.arm(kind, **options)
            await turn.last()
        finally:
            done = await to.disarm()
        return seen(done, what)

    return harm


def once(victim: str, kind: str, what: str, **options: Any) -> Harm:
    """A harm that waits for its few messages, and is over when it had them."""

    async def harm(turn: Turn) -> str:
        to, times = way(turn, victim), turn.dice.choice((1, 2, 5))
        clock = asyncio.get_running_loop().time
        until = clock() + turn.seconds
        try:
            await to.arm(kind, pattern=DECIDING[victim], times=times, **options)
            while clock() < until and (await to.done()).get(what, 0) < times:
                await asyncio.sleep(0.02)
        finally:
            done = await to.disarm()
        return seen(done, what)

    return harm


def cut(victim: str) -> Harm:
    """A harm that resets all connections, over and over for a while."""

    async def harm(turn: Turn) -> str:
        to, ends = way(turn, victim), 0
        clock = asyncio.get_running_loop().time
        until = clock() + turn.seconds
        while True:
            ends += await to.cut()
            if clock() >= until or turn.stop.is_set():
                break
            await asyncio.sleep(0.05)
        return seen({"cut": ends}, "cut")

    return harm


def refused(victim: str) -> Harm:
    """A harm that resets all connections and takes no new ones."""

    async def harm(turn: Turn) -> str:
        to = way(turn, victim)
        try:
            await to.refuse()
            ends = await to.cut()
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", to.port)
                writer.close()
                raise AssertionError("a connection was taken")
            await turn.last()
        finally:
            await to.accept()
        return f"refused, {ends} cut"

    return harm


def register(victim: str, longest: float) -> None:
    """All kinds of trouble on one way."""
    name = NAMES[victim]
    late = {"seconds": 0.1 if victim == "redis" else 0.25}
    for kind, about, lasts, harm in (
        ("frozen-asking", f"nothing arrives at {name}", (0.2, longest),
         armed(victim, "frozen", "held", to_server=True)),
        ("frozen-answering", f"nothing arrives from {name}", (0.2, longest),
         armed(victim, "frozen", "held", to_client=True)),
        ("slow-asking", f"whatever goes to {name} comes late", (0.3, 0.9),
         armed(victim, "delayed", "delayed", to_server=True, **late)),
        ("slow-answering", f"whatever {name} says comes late", (0.3, 0.9),
         armed(victim, "delayed", "delayed", to_client=True, **late)),
        ("answer-lost", f"{name} decides and its answer is lost", (0.3, 0.9),
         once(victim, "swallowed", "swallowed")),
        ("answer-torn", f"an answer of {name} breaks off in the middle", (0.3, 0.9),
         once(victim, "torn", "torn", asked=False)),
        ("request-torn", f"a message to {name} breaks off in the middle", (0.3, 0.9),
         once(victim, "torn", "torn", asked=True)),
        ("cut", f"all connections to {name} are reset", (0.0, 0.3), cut(victim)),
        ("refused", f"{name} can't be reached", (0.1, 0.8), refused(victim)),
    ):  # fmt: skip
        fault(f"{victim}-{kind}", about, victim, lasts)(harm)


register("postgres", 2.6)
register("redis", 1.2)
