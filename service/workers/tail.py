"""Follows the log of events for all streams of this process, and hears of it from the others."""

import asyncio
import contextlib
from collections.abc import Iterator

from service.booking.delivery import event
from service.booking.delivery.log import Reader, chunk_of
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
                await _look(deps)
                continue
            if await _go_on(deps):
                continue
            await _look(deps)
        await asyncio.sleep(EVERY)


async def beat(deps: Deps) -> None:
    """Tell all readers now and then how far the stream has come, for ever: that fires no event, but
    moves a browser's cursor. Who has logged out meanwhile is let go."""
    readers = deps.log.readers
    while True:
        await asyncio.sleep(BEAT)
        for some in _slices(readers):
            welcome = await asyncio.gather(*(_is_welcome(reader) for reader in some))
            for reader, stays in zip(some, welcome, strict=True):
                if not stays:
                    reader.stop()
                    readers.discard(reader)
                elif reader in readers:
                    reader.send(b"id: %d\n\n" % reader.position, reader.position)


async def _look(deps: Deps) -> None:
    """Read how far the log has come, which is less than was heard where its end was lost."""
    heard = deps.log.position
    head = await event.head(deps)
    if head.position < heard:
        deps.log.begin_anew(head.position)
    else:
        deps.log.reach(head.position)


async def _go_on(deps: Deps) -> bool:
    """Send the next events to all readers; False where none follows what they have. Who sees the
    same is sent the same bytes."""
    log = deps.log
    if not log.streams:
        log.forget(log.position)
        return True
    events = await event.told_after(deps, log.read, PAGE)
    if not events or events[0].id != log.read + 1:
        return False
    first, last = events[0].id, events[-1].id
    log.ring.extend(events)
    log.read = last
    owners = {told.account_id for told in events}
    chunks: dict[tuple[int, int], bytes] = {}
    for some in _slices(log.readers):
        for reader in some:
            if reader not in log.readers:
                continue
            account_id = reader.account_id if reader.account_id in owners else 0
            audience = account_id, reader.staff_of
            if reader.position >= first:  # it has read some of them itself
                new = (told for told in events if told.id > reader.position)
                reader.send(chunk_of(new, *audience), max(last, reader.position))
                continue
            if audience not in chunks:
                chunks[audience] = chunk_of(events, *audience)
            reader.send(chunks[audience], last)
        await asyncio.sleep(0)
    return True


async def _is_welcome(reader: Reader) -> bool:
    try:
        return await reader.is_welcome()
    except DomainError:  # nobody can say now
        return True


def _slices(readers: set[Reader]) -> Iterator[list[Reader]]:
    """Those who read now, some at a time: when their turn comes, some of them may be gone."""
    everybody = list(readers)
    return (everybody[n : n + SLICE] for n in range(0, len(everybody), SLICE))
