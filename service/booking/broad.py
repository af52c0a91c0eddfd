"""Lists over a whole calendar, which read more than one's own: one by one, a few at a time."""

from collections.abc import Awaitable, Callable
from typing import Any

from service.lane import Lane
from service.settings import Settings

Reading = Callable[[], Awaitable[Any]]


def broad_lane(settings: Settings) -> Lane[Reading, Any]:
    """The lane in which such lists wait for each other, so that nobody else waits for them."""

    async def read(items: list[Reading]) -> list[Any]:
        return [await item() for item in items]

    return Lane.alone(settings, read)
