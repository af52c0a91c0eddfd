"""Lists from end to end, page by page."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from service.booking.answer import Page

Row = TypeVar("Row")

PAGE = 500  # rows fetched at once


async def whole(read: Callable[[int], Awaitable[Page[Sequence[Row], int]]]) -> list[Row]:
    """All rows of a list whose pages begin after an id."""
    found: list[Row] = []
    after: int | None = 0
    while after is not None:
        page = await read(after)
        found += page.body
        after = page.next
    return found
