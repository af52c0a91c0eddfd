"""cli/commands/pages.py: a list is read to its end, and each page from where the last one ended."""

from collections.abc import Sequence

import pytest

from service.booking.answer import Page
from service.cli.commands.pages import whole


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4])
async def test_every_row_comes_once_however_many_pages_there_are(count: int) -> None:
    there = list(range(1, count + 1))

    async def read(after: int) -> Page[Sequence[int], int]:
        return Page.of([row for row in there if row > after][:3], 2, lambda row: row)

    assert await whole(read) == there
