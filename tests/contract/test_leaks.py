"""Opening and closing, and many requests, leave nothing behind."""

import asyncio
import contextlib
import gc
import os
import threading
from collections import Counter
from dataclasses import replace

from tornado.web import RequestHandler

from service import app as service_app
from service.deps import Deps
from service.process.drain import drain
from service.settings import Settings
from tests.cast import Api, Given, Person

ROUNDS = 10
REQUESTS = 500
JSON = {"Content-Type": "application/json"}


def held() -> tuple[int, int, int]:
    """How many file descriptors, threads and tasks this process has now."""
    gc.collect()
    return len(os.listdir("/proc/self/fd")), threading.active_count(), len(asyncio.all_tasks())


async def once(settings: Settings) -> None:
    """Open the application, have it use everything it has, close it."""
    async with service_app.opened(settings) as deps:
        server, port = service_app.listen(deps)
        api = Api(f"http://127.0.0.1:{port}")
        wrong = {"username": "nobody", "password": "not the one"}
        assert (await api.get("/readyz")).status == 200
        assert (await api.post("/api/login/", wrong)).status == 401
        token = {"Authorization": f"Token {'0' * 40}"}
        assert (await api.get("/api/me/", headers=token)).status == 401
        api.close()
        await drain(server, deps, announced=False)


async def test_opening_and_closing_leaves_nothing(settings: Settings) -> None:
    settings = replace(settings, drain_seconds=1.0)
    for _ in range(3):  # what is made once for all is made now
        await once(settings)
    before = held()
    for _ in range(ROUNDS):
        await once(settings)
    for _ in range(100):  # threads end a moment after they are told to
        if (after := held()) <= before:
            break
        await asyncio.sleep(0.02)
    fds, threads, tasks = (now - then for now, then in zip(after, before, strict=True))
    assert fds <= 2  # a socket may still be on its way out
    assert threads <= 0
    assert tasks <= 0


async def visit(api: Api, slots: list[int], who: Person, number: int) -> int:
    """One request of seven sorts, or two; the status of the last."""
    slot_id = slots[number % len(slots)]
    match number % 7:
        case 0 | 1:
            reply = await api.book(who, slot_id)
            if reply.status == 201 and number % 3:
                other = slots[(number + 5) % len(slots)]
                reply = await api.reschedule(who, reply.json["id"], other)
        case 2:
            reply = await api.get("/api/appointments/?limit=5", who=who)
        case 3:
            mine = (await api.get("/api/appointments/?status=booked&limit=1", who=who)).json
            reply = await api.cancel(who, mine[0]["id"] if mine else 0)
        case 4:
            reply = await api.post("/api/appointments/", raw=b"{", headers=JSON, who=who)
        case 5:
            reply = await api.get("/api/slots/?limit=3")
        case _:
            reply = await api.reschedule(who, 10**9, slot_id)
    return reply.status


async def test_many_requests_leave_nothing(
    api: Api, deps: Deps, given: Given, ada: Person, ben: Person, unbroken: None
) -> None:
    slots = await given.make_slots(20)
    statuses: Counter[int] = Counter()
    for start in range(0, REQUESTS, 50):
        numbers = range(start, start + 50)
        visits = (visit(api, slots, (ada, ben)[n % 2], n) for n in numbers)
        statuses.update(await asyncio.gather(*visits))
    assert sum(statuses.values()) == REQUESTS
    assert {200, 201, 400, 404, 409} <= statuses.keys() <= {200, 201, 400, 404, 409, 422}
    pool = deps.db.pool
    assert pool.in_use == 0
    async with contextlib.AsyncExitStack() as all_of_them, asyncio.timeout(5):
        for _ in range(pool.size):
            link = await all_of_them.enter_async_context(pool.link())
            assert await link.execute("SELECT 1") == [(1,)]
    assert await deps.redis.keys("lock:*") == []
    assert deps.traffic.in_flight == 0


async def test_what_was_answered_goes_without_the_collector(
    api: Api, given: Given, ada: Person
) -> None:
    """A cycle in each request costs a twentieth of the CPU, and pauses of milliseconds."""
    slots = await given.make_slots(20)
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        for number in range(70):
            await visit(api, slots, ada, number)
        gc.collect()
        kept = Counter(type(one).__name__ for one in gc.garbage if isinstance(one, RequestHandler))
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert kept.total() <= 1  # the last may not have come to its end
