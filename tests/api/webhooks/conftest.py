"""A clinic that has what happens in it sent to a receiver, step by step.

receiver  somebody's server on this machine
clinic    a provider with staff, and the webhook of these
"""

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from tornado.platform.asyncio import AsyncIOLoop

from service.booking.delivery import send
from service.booking.delivery.send import NOW, Outcome
from service.deps import Deps
from tests.cast import Api, Given, Person, tomorrow_at_ten
from tests.receiver import Receiver


async def number(deps: Deps) -> None:
    """What has happened is in the log."""
    while await deps.db.run("event_number", full=True, most=2000):
        pass


@dataclass
class Clinic:
    """A provider's calendar, who keeps it, and the webhook of these."""

    api: Api
    deps: Deps
    given: Given
    provider_id: int
    staff: Person
    id: int
    secret: str
    turns: Iterator[int] = field(default_factory=itertools.count)

    @property
    def path(self) -> str:
        return f"/api/webhooks/{self.id}"

    async def appointment(self, who: Person) -> int:
        """One in the next half hour of the day."""
        at = tomorrow_at_ten() + next(self.turns) * timedelta(minutes=30)
        [slot_id] = await self.given.make_slots(1, provider_id=self.provider_id, starts_at=at)
        return await self.given.make_appointment(who, slot_id)

    async def make(self) -> None:
        """All that has happened becomes deliveries."""
        await number(self.deps)
        while (await send.make(self.deps)).more:
            pass

    async def go(self, ahead: timedelta = NOW) -> list[Outcome]:
        """One round: what is due is sent, and settled."""
        await self.make()
        claims = await send.claim(self.deps, 100, ahead)
        outcomes = await asyncio.gather(*(send.send(self.deps, one) for one in claims))
        if outcomes:
            await send.settle(self.deps, outcomes, ahead)
        return outcomes

    async def go_on(self, ahead: timedelta = NOW) -> list[Outcome]:
        """Rounds until nothing is due any more."""
        outcomes: list[Outcome] = []
        while some := await self.go(ahead):
            outcomes += some
        return outcomes

    async def change(self, **changes: Any) -> None:
        changed = await self.api.patch(f"{self.path}/", changes, who=self.staff)
        assert changed.status == 200, changed

    async def shown(self) -> Any:
        return (await self.api.get(f"{self.path}/", who=self.staff)).json

    async def deliveries(self, query: str = "") -> Any:
        return (await self.api.get(f"{self.path}/deliveries/{query}", who=self.staff)).json

    async def attempts(self, delivery_id: int) -> Any:
        told = await self.api.get(f"{self.path}/deliveries/{delivery_id}/", who=self.staff)
        return told.json["attempts_made"]


@pytest.fixture
def receiver(io_loop: AsyncIOLoop) -> Iterator[Receiver]:
    listening = Receiver().listening()
    yield io_loop.run_sync(listening.__aenter__)
    io_loop.run_sync(lambda: listening.__aexit__(None, None, None))


async def clinic_of(
    api: Api, deps: Deps, given: Given, provider_id: int, staff: Person, **webhook: Any
) -> Clinic:
    """A clinic whose webhook hears of what happens from now on."""
    await number(deps)
    made = await api.post("/api/webhooks/", webhook, who=staff)
    assert made.status == 201, made
    return Clinic(api, deps, given, provider_id, staff, made.json["id"], made.json["secret"])


@pytest.fixture
def clinic(
    io_loop: AsyncIOLoop, api: Api, deps: Deps, given: Given, receiver: Receiver
) -> Iterator[Clinic]:
    provider_id = given.provider(name="Clinic with a webhook")
    staff = given.person(f"staff{provider_id}", role="provider", provider_id=provider_id)
    made = io_loop.run_sync(
        lambda: clinic_of(api, deps, given, provider_id, staff, url=receiver.url)
    )
    yield made
    io_loop.run_sync(lambda: api.delete(f"{made.path}/", who=staff))


@pytest.fixture(autouse=True)
def nothing_else(io_loop: AsyncIOLoop, deps: Deps, database: Any) -> None:
    """What happened before is told to nobody here, and nobody else is told anything."""
    io_loop.run_sync(lambda: number(deps))
    with database.cursor() as cursor:
        cursor.execute("UPDATE webhook SET status = 'disabled' WHERE status = 'enabled'")
