"""Redis locks on slot pairs: a courtesy that spares PostgreSQL contention, never the guarantee."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Collection, Iterable, Sequence

from redis.asyncio import Redis

from service.errors import Unavailable
from service.settings import Settings
from service.store.redis import guarded

log = logging.getLogger(__name__)

Pair = tuple[int, int]

# The numbers of the keys that were free and are this owner's now. One command for a whole set costs
# less to send and to read than a SET for each.
_TAKE = """
local taken = {}
for number, key in ipairs(KEYS) do
    if redis.call('SET', key, ARGV[1], 'NX', 'PX', ARGV[2]) then
        taken[#taken + 1] = number
    end
end
return taken
"""

# The numbers of the sets, each of so many keys, that were free as a whole and are this owner's now.
# Sets may share keys.
_TAKE_SETS = """
local taken, first = {}, 1
for number = 3, #ARGV do
    local last, free = first + ARGV[number] - 1, true
    for n = first, last do
        local owner = redis.call('GET', KEYS[n])
        free = free and (not owner or owner == ARGV[1])
    end
    for n = first, free and last or 0 do
        redis.call('SET', KEYS[n], ARGV[1], 'PX', ARGV[2])
    end
    taken[#taken + 1] = free and number - 2 or nil
    first = last + 1
end
return taken
"""

# Deletes only what this owner set: a lock that ran out and was taken by another stays theirs.
_RELEASE = """
local released = 0
for _, key in ipairs(KEYS) do
    if redis.call('GET', key) == ARGV[1] then
        released = released + redis.call('DEL', key)
    end
end
return released
"""


class Locks:
    """Locks that end by themselves after `lock_ttl` seconds, whatever becomes of their owner."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._ttl = int(settings.lock_ttl * 1000)
        self._take = redis.register_script(_TAKE)
        self._take_sets = redis.register_script(_TAKE_SETS)
        self._release = redis.register_script(_RELEASE)
        self._releasing: set[asyncio.Task[None]] = set()
        self.taken = self.missed = 0

    @contextlib.asynccontextmanager
    async def hold(self, pairs: Iterable[Pair]) -> AsyncIterator[set[Pair]]:
        """Those of the pairs that could be locked at once; released by owner right after.

        Pairs are sorted, so that a move and its mirror meet. Raises Unavailable without Redis.
        """
        owner = secrets.token_hex(16)
        wanted = sorted(set(pairs))
        keys = [_key(pair) for pair in wanted]
        with guarded():
            numbers = await self._take(keys=keys, args=[owner, self._ttl]) if keys else []
        async with self._held(owner, wanted, {wanted[number - 1] for number in numbers}) as held:
            yield held

    @contextlib.asynccontextmanager
    async def hold_sets(self, sets: Sequence[set[Pair]]) -> AsyncIterator[list[int]]:
        """The indices of those sets, of which all pairs could be locked at once; as hold()."""
        owner = secrets.token_hex(16)
        keys = [_key(pair) for pairs in sets for pair in sorted(pairs)]
        with guarded():
            args: list[str | int] = [owner, self._ttl, *map(len, sets)]
            numbers = await self._take_sets(keys=keys, args=args) if keys else []
        whole = [number - 1 for number in numbers]
        wanted = set().union(*sets)
        async with self._held(owner, wanted, set().union(*(sets[n] for n in whole))):
            yield whole

    @contextlib.asynccontextmanager
    async def _held(
        self, owner: str, wanted: Collection[Pair], held: set[Pair]
    ) -> AsyncIterator[set[Pair]]:
        self.taken += len(held)
        self.missed += len(wanted) - len(held)
        try:
            yield held
        finally:
            if held:  # nobody's answer waits for this
                task = asyncio.create_task(self._let_go(owner, held))
                self._releasing.add(task)
                task.add_done_callback(self._releasing.discard)

    async def released(self) -> None:
        """Wait until all that was held has been given back."""
        await asyncio.gather(*self._releasing)

    async def _let_go(self, owner: str, held: set[Pair]) -> None:
        # What was decided is decided: trouble here must not change the answer.
        try:
            with guarded():
                await self._release(keys=[_key(pair) for pair in held], args=[owner])
        except Unavailable:
            log.warning("%d slot pair locks were left to expire", len(held))


def _key(pair: Pair) -> str:
    return f"lock:{{slot-pair}}:{pair[0]}:{pair[1]}"  # one hash slot: released by one script
