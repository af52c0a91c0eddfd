"""Fixtures: `numbering`, while which events are numbered and sent as a serving process does it;
`subscribe`, which reads calendars as other programs do."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tornado.platform.asyncio import AsyncIOLoop

from service.deps import Deps
from service.workers import sequencer, tail
from tests import rfc5545, told
from tests.api.calendar.times.scene import Clinic
from tests.api.delivery.diary import Diary
from tests.calendars import elsewhere
from tests.cast import Api, Given, Person, Reply


@pytest.fixture
def numbering(io_loop: AsyncIOLoop, deps: Deps) -> Iterator[None]:
    async def start() -> list[asyncio.Task[None]]:
        return [asyncio.create_task(work(deps)) for work in (sequencer.number, tail.follow)]

    async def stop(tasks: list[asyncio.Task[None]]) -> None:
        while deps.postgres.pool.in_use:  # none is cut in the middle of a statement
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    tasks = io_loop.run_sync(start)
    yield
    io_loop.run_sync(lambda: stop(tasks))


@pytest.fixture
def since(io_loop: AsyncIOLoop, numbering: None, deps: Deps, database: object) -> int:
    """The last event before the test."""

    async def settled() -> int:
        while deps.log.streams:  # of a test before
            await asyncio.sleep(0.01)
        while True:
            before = told.head(database)
            await asyncio.sleep(0.05)
            with database.cursor() as cursor:  # type: ignore[attr-defined]
                cursor.execute("SELECT count(*) FROM outbox")
                if cursor.fetchone() == (0,) and told.head(database) == before:
                    return before

    return io_loop.run_sync(settled)


class Subscriber:
    """Has a link to a calendar, and remembers what it read."""

    def __init__(self, api: Api, url: str) -> None:
        self.api, self.path = api, url.removeprefix(api.url)
        self.reply: Reply

    async def read(self, **headers: str) -> list[rfc5545.Event]:
        """The events, in the order in which they stand."""
        self.reply = await self.api.get(self.path, headers=headers)
        assert self.reply.status == 200, self.reply
        self.calendar, events = rfc5545.read(self.reply.body)
        return events

    async def again(self) -> int:
        """The status where nothing may have changed since."""
        known = {"If-None-Match": self.reply.headers["ETag"]}
        return (await self.api.get(self.path, headers=known)).status


Subscribe = Callable[..., Any]


@pytest.fixture
def subscribe(api: Api) -> Subscribe:
    async def subscribe(who: Person, **body: Any) -> Subscriber:
        made = await api.post("/api/calendar-links/", body or {"of": "me"}, who=who)
        assert made.status == 201, made
        return Subscriber(api, made.json["url"])

    return subscribe


@pytest.fixture
def diary(
    io_loop: AsyncIOLoop, api: Api, given: Given, keeper: Person, deps: Deps, database: Any
) -> Iterator[Diary]:
    listening = elsewhere()
    there = io_loop.run_sync(listening.__aenter__)
    one = Diary(Clinic(api, given, keeper), there, deps, database)
    yield one
    one.deps.http.close()
    io_loop.run_sync(lambda: listening.__aexit__(None, None, None))
