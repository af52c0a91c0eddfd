"""Every route while PostgreSQL or Redis hangs: in time, honest, and well again at once."""

import asyncio
import time
from collections import Counter

from service.http.routing.declaration import EVERYONE, SIGNED_IN
from tests.frozen.conftest import FAREWELLS, Timed, World
from tests.security.calls import CALLS, Call, Things

ROUNDS = 6  # of all calls at once: more than the pool holds and than one batch takes
HEALTH = 0.05  # seconds
HEALED = 1.0
LOGGED = 2.0  # seconds from the last answer to its line in the log, at most
# Answers that ask neither server, or Redis alone.
ALWAYS = (
    *("/healthz/", "/metrics/", "/api/openapi.json", "/docs/"),
    *("/", "/api/", "/favicon.ico", "/robots.txt"),
)
REDIS_ALONE = (*FAREWELLS, ("GET", "/api/tokens/"), ("DELETE", "/api/tokens/{}/"))
NO_TOKEN_NEEDED = (
    *("/api/slots/", "/api/slots/{}/"),
    *("/api/providers/", "/api/providers/{}/", "/api/providers/{}/schedule/"),
    *("/api/services/", "/api/services/{}/"),
    *("/api/services/{}/times/", "/api/services/{}/times/next/"),
    *("/api/events/stream/", "/calendar/{}.ics"),
)


async def _everything(world: World) -> list[Timed]:
    """All calls, with the seconds that the server took: ours are spent on other calls too."""
    tasks = []
    for things in world.things[:ROUNDS]:
        tasks += [asyncio.ensure_future(world.ask(call, things)) for call in CALLS]
        await asyncio.sleep(0.1)
    answers = await asyncio.gather(*tasks)
    ids = [one.reply.headers["X-Request-ID"] for one in answers]
    until = time.monotonic() + LOGGED
    while not (took := world.took()).keys() >= set(ids) and time.monotonic() < until:
        await asyncio.sleep(0.05)
    return [one._replace(seconds=took[id]) for one, id in zip(answers, ids, strict=True)]


async def _healed(world: World) -> float:
    """Seconds until reading, booking and moving work."""
    began, things = time.monotonic(), world.things.pop()
    probes = [
        Call("GET", "/readyz/", EVERYONE),
        Call("GET", "/api/me/", SIGNED_IN),
        Call("PATCH", "/api/appointments/{}/reschedule/", SIGNED_IN),
    ]
    while probes:
        timed = await world.ask(probes[0], things)
        if timed.reply.status == 200:
            probes.pop(0)
        assert time.monotonic() - began < 10, (timed.call, timed.reply)
    return time.monotonic() - began


def _judge(timed: Timed, most: float, beats: list[float]) -> None:
    # Where /healthz has to wait for the machine, so has everybody else, and more than once.
    most += 0.1 + 3 * beats[-1]
    said = (str(timed.call), timed.reply.status, timed.reply.json, round(timed.seconds, 2))
    assert timed.seconds < most, said
    if timed.reply.status == 503:
        assert timed.reply.headers["Retry-After"], said
    if timed.reply.status == 504:
        assert timed.call.writes, said


def _told(what: str, answers: list[Timed], beats: list[float], healed: float) -> None:
    slowest = max(answers, key=lambda one: one.seconds)
    statuses = Counter(one.reply.status for one in answers)
    print(
        f"\n{what} frozen: {len(answers)} calls {dict(sorted(statuses.items()))}, slowest "
        f"{slowest.seconds:.2f} s ({slowest.call}), /healthz median "
        f"{beats[len(beats) // 2] * 1000:.0f} ms, 9 of 10 within "
        f"{beats[len(beats) * 9 // 10] * 1000:.0f} ms, all within "
        f"{beats[-1] * 1000:.0f}, well after {healed:.2f} s"
    )


async def test_postgresql_hangs(world: World) -> None:
    pid = world.live.process.pid
    with world.frozen("postgres"):
        answers, beats = await world.pulse(_everything(world))
    healed = await _healed(world)
    _told("PostgreSQL", answers, beats, healed)
    for timed in answers:
        _judge(timed, 3.0, beats)
        asked, status = (timed.call.verb, timed.call.path), timed.reply.status
        if timed.call.path in ALWAYS:
            assert status in (200, 204)
        elif asked in REDIS_ALONE:
            assert status in (200, 204, 401, 404, 503), (asked, timed.reply)
        else:
            assert status in ((503, 504) if timed.call.writes else (503,)), (asked, timed.reply)
    assert beats[len(beats) // 2] < HEALTH, "the loop was held up"
    assert healed < HEALED
    assert (world.live.process.pid, world.live.process.poll()) == (pid, None)


async def test_redis_hangs(world: World) -> None:
    with world.frozen("valkey"):
        answers, beats = await world.pulse(_everything(world))
    healed = await _healed(world)
    _told("Redis", answers, beats, healed)
    for timed in answers:
        _judge(timed, 1.0, beats)
        asked, status = timed.call.path, timed.reply.status
        if asked in ALWAYS or (asked in NO_TOKEN_NEEDED and not timed.call.who):
            assert status in (200, 204)
        else:
            assert status == 503, (asked, timed.reply)  # never 200, never 401: nothing is guessed
    assert beats[len(beats) // 2] < HEALTH, "the loop was held up"
    assert healed < HEALED


async def test_afterwards_nothing_is_left_over(world: World) -> None:
    metrics = await world.api.get("/readyz")
    assert metrics.status == 200
    assert "Traceback" not in world.live.log
    assert isinstance(world.things[0], Things)
