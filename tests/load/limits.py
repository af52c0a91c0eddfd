"""What HTTP, SQL and Redis would allow by themselves, measured in turn with the server itself.

Every arm does the same work with as many callers, one arm after the other, several times round:
whatever else the machine does meanwhile meets them all.
"""

import asyncio
import contextlib
import json
import os
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any, NamedTuple

from service import app
from service.deps import Deps
from tests.load import processes
from tests.load.caller import Caller
from tests.load.children import started
from tests.load.errors import LoadError
from tests.load.measure import Load, measured
from tests.load.scenarios.base import Scenario
from tests.load.target import GENERATOR, POSTGRES, REDIS, SERVER, Target, environment, load_settings
from tests.load.wire import Request

LANES_OFF = {"LANE_BATCH": "1"}
NEVER = str(10**9)
LIMITS = ("USER_LIMIT", "WRITES_A_DAY", "ADDRESS_LIMIT")
COUNTED = {"RATE_LIMIT": "on"} | dict.fromkeys(LIMITS, NEVER)
DROPPED = ("Content-Length", "Date", "Server", "Connection")  # Tornado adds its own
WARM_UP = 0.5
PATIENCE = 60.0  # seconds that a queue may take without HTTP


class Measure(NamedTuple):
    """One turn of one arm: answers a second, microseconds of CPU per answer by process.

    What goes over HTTP has latencies too, in microseconds.
    """

    throughput: float
    cpu: dict[str, float]
    p50: float = 0.0
    p99: float = 0.0


Arm = Callable[[float], Awaitable[Measure]]

WORDS = {
    "bare": "HTTP alone: a bare Tornado handler, same bytes",
    "server": "the server",
    "counted": "the server, counting requests for its rate limits",
    "single": "the server, lanes off: one statement per request",
    "database": "the same rules and SQL without HTTP, same batches",
    "statements": "the same, one statement per item",
    "redis": "the token look-up alone",
}


async def limits(
    target: Target, scenario: Scenario, *, connections: int, seconds: float, repeat: int
) -> dict[str, Any]:
    """Medians of every arm over some rounds, and the ratio of the server to each."""
    if not target.own or not scenario.direct or target.settings is None:
        raise LoadError("--limits needs a server of our own and the scenario book, move or read.")
    turns: dict[str, list[Measure]] = {name: [] for name in WORDS}
    async with arms(target, scenario, connections) as found:
        for _ in range(repeat):
            for name, arm in found.items():
                turns[name].append(await arm(seconds))
    return {
        "repeat": repeat,
        "seconds": seconds,
        "connections": connections,
        "arms": [summed(name, measures, turns["server"]) for name, measures in turns.items()],
    }


def summed(name: str, turns: list[Measure], server: list[Measure]) -> dict[str, Any]:
    """The medians of an arm; `ratio` is the server's throughput in its terms."""
    rate = statistics.median(turn.throughput for turn in turns)
    return {
        "name": name,
        "words": WORDS[name],
        "throughput": round(rate, 1),
        "ratio": round(statistics.median(turn.throughput for turn in server) / rate, 3),
        "turns": [round(turn.throughput, 1) for turn in turns],
        "cpu": {
            process: round(statistics.median(turn.cpu[process] for turn in turns), 1)
            for process in turns[0].cpu
        },
    }


@contextlib.asynccontextmanager
async def arms(
    target: Target, scenario: Scenario, connections: int
) -> AsyncIterator[dict[str, Arm]]:
    """Every arm, with the processes that it needs running."""
    assert target.settings
    ours = load_settings(environment(target.settings, {}))
    lane = ours.lane_queue
    patient = replace(ours, redis_timeout=5.0, lane_queue=max(lane, 4 * connections))
    single = replace(patient, lane_batch=1, lane_width=ours.pool_size)
    off = LANES_OFF | {"LANE_WIDTH": str(ours.pool_size)}
    answer = await sample(target, scenario)
    path = target.folder / "answer.json"
    path.write_text(json.dumps(answer))
    with contextlib.ExitStack() as stack:
        words = ["-m", "tests.load.bare", str(path)]
        bare = stack.enter_context(started(target.folder, "bare", words, os.environ))
        counts = stack.enter_context(target.beside("counted", COUNTED))
        slow = stack.enter_context(target.beside("lanes-off", off))
        async with app.opened(patient) as batched, app.opened(single) as by_one:
            yield {
                "bare": over_http(target, scenario, connections, (bare.pid, bare.address), True),
                "server": over_http(target, scenario, connections),
                "counted": over_http(target, scenario, connections, (counts.pid, counts.address)),
                "single": over_http(target, scenario, connections, (slow.pid, slow.address)),
                "database": without_http(target, connections, scenario, batched),
                "statements": without_http(target, connections, scenario, by_one),
                "redis": look_ups(target, connections, scenario, batched),
            }


async def sample(target: Target, scenario: Scenario) -> dict[str, Any]:
    """One real answer of the server, for the bare handler to repeat."""
    await scenario.prepare(10)
    request = scenario.next()
    assert request
    async with Caller(*target.address) as caller:
        status, head, body = await caller.send(request)
    scenario.answered(request, status, head, body)
    lines = [line.split(b": ", 1) for line in head.split(b"\r\n")[1:]]
    headers = {name.decode(): value.decode() for name, value in lines}
    kept = {name: value for name, value in headers.items() if name not in DROPPED}
    return {"status": status, "headers": kept, "body": body.decode()}


class Deaf(Scenario):
    """Sends what another scenario would send and believes nothing of the answers."""

    def __init__(self, scenario: Scenario, request: Request) -> None:
        super().__init__(scenario.world, scenario.options)
        self._request = request

    def next(self) -> Request | None:
        return self._request


def over_http(
    target: Target,
    scenario: Scenario,
    connections: int,
    other: tuple[int, tuple[str, int]] | None = None,
    deaf: bool = False,
    rate: float | None = None,
) -> Arm:
    """The arm that asks a server, the target's own or another one; a rate makes it an open loop."""
    pid, address = other or (target.processes[SERVER][0], target.address)
    there = replace(target, processes=target.processes | {SERVER: [pid]})

    async def run(seconds: float) -> Measure:
        load = Load(connections, seconds, WARM_UP, rate=rate)
        await scenario.prepare(load.most)
        asked = scenario
        if deaf:
            request = scenario.next()
            assert request
            scenario.answered(request, 503, b"", b"")  # it was never sent
            asked = Deaf(scenario, request)
        found = await measured(there, asked, load, f"{address[1]}", address=address)
        names = (SERVER, POSTGRES, REDIS)
        used = {name: found["cpu"].get(name, {}).get("per_request") or 0.0 for name in names}
        latency = found["latency"]
        return Measure(found["throughput"], used, latency["p50"], latency["p99"])

    return run


def without_http(target: Target, callers: int, scenario: Scenario, deps: Deps) -> Arm:
    """The arm that calls the rules in this process: their lanes make the same batches."""

    async def run(seconds: float) -> Measure:
        await scenario.prepare(Load(callers, seconds, WARM_UP).most)
        return await busily(target, callers, seconds, lambda: scenario.once(deps))

    return run


def look_ups(target: Target, callers: int, scenario: Scenario, deps: Deps) -> Arm:
    """The arm that only finds out whose token it is."""

    async def look_up() -> None:
        await deps.sessions.resolve(scenario.anyone().token)

    async def run(seconds: float) -> Measure:
        return await busily(target, callers, seconds, look_up)

    return run


async def busily(
    target: Target, callers: int, seconds: float, work: Callable[[], Awaitable[None]]
) -> Measure:
    """So many callers that do one piece of work after the other, for some time."""
    until = time.monotonic() + seconds
    done = 0

    async def call() -> None:
        nonlocal done
        while time.monotonic() < until:
            await work()
            done += 1

    before, began = processes.read(target.processes), time.monotonic()
    async with asyncio.timeout(seconds + PATIENCE):
        await asyncio.gather(*(call() for _ in range(callers)))
    span = time.monotonic() - began
    used = processes.read(target.processes).since(before)
    per_item = {name: used.get(name, 0.0) * 1e6 / max(done, 1) for name in (POSTGRES, REDIS)}
    per_item[SERVER] = used.get(GENERATOR, 0.0) * 1e6 / max(done, 1)
    return Measure(done / span, per_item)
