"""A clock that jumps: one of our processes believes what a file says (libfaketime)."""

import asyncio
import http.client
import time
from email.utils import parsedate_to_datetime

from tests.prove.faults.kind import NoEffect, Turn, fault
from tests.prove.servers import AppServer, bent_clock

HOUR = 3600
SEEN = 5.0  # seconds that a date may differ without a jump


def missing() -> str:
    """Why no clock can be bent here; empty when one can."""
    return "" if bent_clock() else "libfaketime is not installed"


def says(server: AppServer) -> float:
    """How many seconds the server's clock is ahead of ours, by the Date of an answer."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=3)
    try:
        connection.request("GET", "/healthz")
        date = connection.getresponse().getheader("Date") or ""
    finally:
        connection.close()
    return parsedate_to_datetime(date).timestamp() - time.time()


def jump(server: AppServer, seconds: int) -> None:
    """Make its clock differ from ours by so much, from now on."""
    assert server.clock
    fresh = server.clock.with_suffix(".new")
    fresh.write_text(f"{seconds:+d}\n")
    fresh.replace(server.clock)


async def jumped(turn: Turn, seconds: int) -> str:
    """The clock of the one server that has such a clock jumps, and jumps back."""
    bent = [server for server in turn.stage.servers if server.clock]
    if not bent:
        raise NoEffect("no server has a clock that can be bent")
    turn.server = bent[0]
    try:
        jump(turn.server, seconds)
        said = await asyncio.to_thread(says, turn.server)
        await turn.last()
    except (OSError, http.client.HTTPException) as error:
        raise NoEffect(f"the server did not say what time it is: {error}") from error
    finally:
        jump(turn.server, 0)
    if abs(said - seconds) > SEEN:
        raise AssertionError(f"its clock is {said:+.0f} s from ours, not {seconds:+d} s")
    return f"its clock was {said:+.0f} s from ours"


@fault("clock-ahead", "the clock of one of our processes jumps an hour ahead and back", "server",
       (0.2, 0.9), weight=1, missing=missing)  # fmt: skip
async def ahead(turn: Turn) -> str:
    """What is to come seems past."""
    return await jumped(turn, HOUR)


@fault("clock-behind", "the clock of one of our processes jumps an hour back and ahead again",
       "server", (0.2, 0.9), weight=1, missing=missing)  # fmt: skip
async def behind(turn: Turn) -> str:
    """What is past seems to come."""
    return await jumped(turn, -HOUR)
