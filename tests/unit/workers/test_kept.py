"""service/workers/kept.py"""

import asyncio
import contextlib
from typing import Any

import pytest

from service.workers import kept


async def test_a_worker_that_fails_is_told_of_and_begins_anew(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(kept, "AGAIN", 0.01)
    done = asyncio.Event()
    times = 0

    async def number(deps: Any) -> None:
        nonlocal times
        times += 1
        if times < 3:
            raise ValueError("a row that can't be read")
        done.set()
        await asyncio.sleep(60)

    working = asyncio.ensure_future(kept.kept(number, None))  # type: ignore[arg-type]
    async with asyncio.timeout(5):
        await done.wait()
    working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working
    failed = [one for one in caplog.records if one.message == "worker failed"]
    assert [one.fields["worker"].rpartition(".")[2] for one in failed] == ["number"] * 2  # type: ignore[attr-defined]
