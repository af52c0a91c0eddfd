"""Who waits for what: a few places and times that many want, and some who keep them."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from tests.prove.times.cast import hours_body

PEOPLE, DESKS = 28, 4
SLOTS, PLACES = 12, 2  # and so many places at most, in the beginning
STARTS = 8  # times of the service that are wanted
MINUTES = 30
HOLD_SECONDS = 6
TAG = "around"  # what reasons of closures begin with here
NAMES = ("Line", "Line times", "Line asked")
SETUP = "setup-around"

Said = Callable[[str, str, Any], Awaitable[Any]]


def cast_of(start: datetime) -> dict[str, Any]:
    """The people, by their names, and the first of the times, which are beside the slots."""
    return {
        "people": [f"queue{n}" for n in range(PEOPLE)],
        "desks": [f"desk{n}" for n in range(DESKS)],
        "first": int(start.timestamp()),
    }


async def furnish(said: Said, facts: dict[str, Any]) -> dict[str, Any]:
    """Make the services of these people and the hours in which they are given: always."""
    around = facts["around"]
    services = {
        "held": {"duration_minutes": MINUTES, "step_minutes": MINUTES, "horizon_days": 20,
                 "hold_seconds": HOLD_SECONDS, "offer_minutes": 1, "notice_minutes": 0},
        "asked": {"duration_minutes": 1, "step_minutes": 1, "horizon_days": 2,
                  "approval_minutes": 1, "notice_minutes": 0},
    }  # fmt: skip
    made = {}
    for name, body in services.items():
        provider = around[name]
        offered = body | {
            "name": name, "description": SETUP, "providers": [{"provider": provider, "weight": 100}]
        }  # fmt: skip
        made[f"{name}_service"] = (await said("POST", "/api/services/", offered))["id"]
        path = f"/api/providers/{provider}/schedule/"
        await said("PUT", path, hours_body([["00:00", "24:00"]], [], SETUP))
    return facts | {"around": around | made}
