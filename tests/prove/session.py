"""One run from its stage to its files: people ask, faults strike, witnesses watch."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tests.prove import history
from tests.prove.cast import NOTICE, set_up
from tests.prove.checker.evidence import FACTS, FAULTS, FEED, HEARD, LOOKS, OPERATIONS, STREAM
from tests.prove.crowd import Crowd
from tests.prove.feed.reader import Feed
from tests.prove.hooks.hearing import hearing, untold
from tests.prove.live import Live
from tests.prove.neighbours import Neighbours
from tests.prove.people import World
from tests.prove.quiet import at_rest, holdings
from tests.prove.records import Fault
from tests.prove.schedule import Planned, injure
from tests.prove.stage import Stage, staged
from tests.prove.tables import Tables
from tests.prove.times.agree import agree
from tests.prove.times.furnish import furnish
from tests.prove.witness import Witness, as_superuser

QUIET = 1.0  # seconds in which the probe gets ready before the crowd comes
CAP, LOGINS, STRANGERS = 8, 12, 40
TOKEN_TTL = 20  # seconds
# What every server of a proof is told: limits that can be reached, cheap passwords.
ENVIRONMENT = {
    "MAX_OPEN_APPOINTMENTS": str(CAP),
    "RATE_LIMIT": "on",
    "LOGIN_LIMIT": str(LOGINS),
    "LOGIN_ACCOUNT_LIMIT": str(STRANGERS),
    "TOKEN_TTL": str(TOKEN_TTL),
    "NOTICE_MINUTES": str(NOTICE),
} | dict.fromkeys(
    # Almost everybody here comes from one address and asks without rest.
    (
        "USER_LIMIT",
        "WRITES_A_DAY",
        "ADDRESS_LIMIT",
        "LOGIN_ADDRESS_LIMIT",
        "REGISTER_LIMIT",
    ),
    "1000000000",
)


@dataclass
class Plan:
    """What a run does."""

    operations: int
    seed: int
    faults: list[Planned]
    servers: int = 3
    entry: list[str] | None = None
    environment: dict[str, str] = field(default_factory=dict)


async def perform(plan: Plan, folder: Path) -> None:
    """Run a plan; its history is in the folder afterwards, to be judged."""
    environment = ENVIRONMENT | plan.environment
    async with staged(
        folder / "stage", servers=plan.servers, entry=plan.entry, environment=environment
    ) as stage:
        with recorded(folder) as files:
            facts = await watched(plan, stage, files)
    facts |= {
        "seed": plan.seed,
        "servers": plan.servers,
        "cap": int(environment["MAX_OPEN_APPOINTMENTS"]),
        "logins": int(environment["LOGIN_LIMIT"]),
        "strangers": int(environment["LOGIN_ACCOUNT_LIMIT"]),
        "token_ttl": int(environment["TOKEN_TTL"]),
        "environment": environment,
        "planned": len(plan.faults),
    }
    (folder / FACTS).write_bytes(msgspec.json.format(msgspec.json.encode(facts)))


@dataclass
class Files:
    """Where each witness writes to."""

    operations: history.Writer
    stream: history.Writer
    looks: history.Writer
    faults: history.Writer
    feed: history.Writer
    heard: history.Writer


@contextlib.contextmanager
def recorded(folder: Path) -> Iterator[Files]:
    """The files of a run, complete when it is over."""
    with contextlib.ExitStack() as stack:
        yield Files(
            *(
                stack.enter_context(history.Writer(folder / name))
                for name in (OPERATIONS, STREAM, LOOKS, FAULTS, FEED, HEARD)
            )
        )


async def watched(plan: Plan, stage: Stage, files: Files) -> dict[str, Any]:
    """Everything between the stage's beginning and its end; what the judge has to know of it."""
    superuser = as_superuser(stage.admin_url, stage.database_url)
    witness = Witness(superuser, files.stream.write)
    witness.start()
    facts = await asyncio.to_thread(set_up, stage.database_url, plan.operations)
    facts = await furnish(stage.servers[0], facts)
    tables = Tables(superuser, files.looks.write)
    tables.start()
    urls = [f"http://{one.host}:{one.port}" for one in stage.servers]
    feed = Feed(facts["followers"], urls, files.feed.write)
    feed.start()
    before = [holdings(server.pid) for server in stage.servers]
    began_at, cpu = time.monotonic(), time.process_time()
    wall = time.time() - began_at
    crowd = Crowd(stage.servers, World(facts, plan.seed), files.operations.write, plan.operations)
    async with hearing(stage.servers[0], files.heard.write, plan.seed):
        with Neighbours() as neighbours, Live(crowd, tables, len(plan.faults)) as live:

            def struck(fault: Fault) -> None:
                files.faults.write(fault)
                live.struck(fault)

            await storm(plan, stage, crowd, struck)
        ended_at, cpu = time.monotonic(), time.process_time() - cpu
        live.say("waiting for quiet")
        followed_until = await asyncio.to_thread(feed.stop)
        left = await asyncio.to_thread(at_rest, tables, stage.redis_url, urls)
        await asyncio.to_thread(tables.stop)
        final = await asyncio.to_thread(tables.final)
        await asyncio.to_thread(witness.stop)
        left_to_tell = await asyncio.to_thread(untold, superuser)
    return facts | {
        "began_at": began_at,
        "wall": wall,  # what the clock on the wall is ahead of the one of the records
        "ended_at": ended_at,
        "cpu": cpu,
        "left": left,
        "followed_until": followed_until,
        "untold": left_to_tell,
        "others": neighbours.seen,
        "all_cpu": neighbours.used,
        "final": final,
        "processes": [
            {"server": n, "starts": one.starts, "before": before[n], "after": holdings(one.pid)}
            for n, one in enumerate(stage.servers)
        ],
    }


async def storm(plan: Plan, stage: Stage, crowd: Crowd, struck: Callable[[Fault], None]) -> None:
    """Ask and injure until all is asked and every fault has healed; then ask in peace."""
    with contextlib.closing(crowd):
        await asked_under_fire(plan, stage, crowd, struck)
        await agree(crowd, plan.operations)


async def asked_under_fire(
    plan: Plan, stage: Stage, crowd: Crowd, struck: Callable[[Fault], None]
) -> None:
    """Ask and injure at the same time."""
    async with asyncio.TaskGroup() as group:
        if plan.faults:
            injuring = group.create_task(injure(stage, plan.faults, struck, asyncio.Event()))
            await asyncio.sleep(QUIET)
        asking = group.create_task(crowd.ask_all())
        if plan.faults:
            await injuring
        crowd.struck = True
        await asking
