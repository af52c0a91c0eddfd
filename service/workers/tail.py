"""Follows the log of events for all streams of this process, and hears of it from the others."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from service.booking.delivery import event
from service.booking.delivery.log import Reader, Told, chunk_of
from service.deps import Deps
from service.errors import DomainError
from service.store.redis import news

EVERY = 1.0  # seconds without a word after which it looks by itself
PAGE = 500  # events read at once
BEAT = 15.0  # seconds between blocks that say only how far the stream has come
SLICE = 200  # readers who are sent something before others of this process have their turn


async def listen(deps: Deps) -> None:
    """Hear from other processes how far the log has come, for ever."""
    async for position in news.heard(deps.redis):
        deps.log.reach(position)


async def follow(deps: Deps) -> None:
    """Send what happens to whoever has a stream open, for ever; a failure is tried again."""
    log = deps.log
    while not log.closed:
        with contextlib.suppress(DomainError):
            if not await log.beyond(log.read, EVERY):
                log.reach((await event.head(deps)).position)
            elif log.streams:
                await _send(deps, await event.told_after(deps, log.read, PAGE))
            else:
                log.forget(log.position)
            continue
        await asyncio.sleep(EVERY)


async def beat(deps: Deps) -> None:
    """Tell all readers now and then how far the stream has come, for ever: that fires no event, but
    moves a browser's cursor. Who has logged out meanwhile is let go."""
    while True:
        await asyncio.sleep(BEAT)
        async for reader in _in_slices(deps.log.readers):
            try:
                welcome = await reader.is_welcome()
            except DomainError:  # nobody can say now
                welcome = True
            if not welcome:
                reader.end()
                deps.log.readers.discard(reader)
            elif reader in deps.log.readers:
                reader.send(b"id: %d\n\n" % reader.position, reader.position)


async def _send(deps: Deps, events: list[Told]) -> None:
    """Send the next events to all readers. Who sees the same is sent the same bytes."""
    log = deps.log
    if not events or events[0].id != log.read + 1:  # somebody has begun anew meanwhile
        return
    first, last = events[0].id, events[-1].id
    log.ring.extend(events)
    log.read = last
    owners = {told.account_id for told in events}
    chunks: dict[tuple[int, int], bytes] = {}
    async for reader in _in_slices(log.readers):
        account_id = reader.account_id if reader.account_id in owners else 0
        audience = account_id, reader.staff_of
        if reader.position >= first:  # it has read some of them itself
            new = (told for told in events if told.id > reader.position)
            reader.send(chunk_of(new, *audience), max(last, reader.position))
            continue
        if audience not in chunks:
            chunks[audience] = chunk_of(events, *audience)
        reader.send(chunks[audience], last)


async def _in_slices(readers: set[Reader]) -> AsyncIterator[Reader]:
    """Those who read now and are not gone when their turn comes."""
    for number, reader in enumerate(list(readers)):
        if number % SLICE == SLICE - 1:
            await asyncio.sleep(0)
        if reader in readers:
            yield reader
