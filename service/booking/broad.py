"""Lists over a whole calendar, which read more than one's own: one by one, a few at a time."""

from typing import Any, NamedTuple

from service.lane import Lane
from service.settings import Settings
from service.store.postgres import Postgres


class Broad(NamedTuple):
    """A named query and its parameters."""

    query: str
    parameters: dict[str, Any]


def broad_lane(db: Postgres, settings: Settings) -> Lane[Broad, Any]:
    """The lane in which such lists wait for each other, so that nobody else waits for them."""

    async def read(items: list[Broad]) -> list[Any]:
        return [await db.run(item.query, **item.parameters) for item in items]

    return Lane.alone(settings, read)
