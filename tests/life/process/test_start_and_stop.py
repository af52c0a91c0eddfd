"""A process that starts or stops while its servers are in trouble."""

import asyncio
import dataclasses
from typing import Any

from service.cli import welcome
from service.deps import Deps
from service.errors import Unavailable
from service.process import heartbeat
from service.process.systemd import Manager


class Silent:
    """A database that answers nothing."""

    async def run(self, name: str, /, **parameters: Any) -> Any:
        raise Unavailable


class Deaf:
    """A check that does not hear the first time that it shall end."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()

    async def check(self) -> None:
        self.begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise Unavailable from None


async def test_no_server_falls_over_its_own_welcome(deps: Deps) -> None:
    said = await welcome.calls(dataclasses.replace(deps, db=Silent()), "http://there")
    assert "http://there/api/register/" in said
    assert "/api/appointments/" not in said


async def test_the_pulse_stops_although_a_cancellation_was_swallowed(deps: Deps) -> None:
    deaf: Any = Deaf()
    async with asyncio.timeout(5):
        beaten = dataclasses.replace(deps, readiness=deaf)
        async with heartbeat.beating(beaten, Manager(deps.settings)):
            await deaf.begun.wait()
