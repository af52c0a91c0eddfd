"""Redis locks on slot pairs: a courtesy that spares PostgreSQL contention, never the guarantee."""

import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Iterable

from redis.asyncio import Redis

from service.errors import Unavailable
from service.settings import Settings
from service.store.redis import guarded

log = logging.getLogger(__name__)

Pair = tuple[int, int]

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
        self._redis = redis
        self._ttl = int(settings.lock_ttl * 1000)
        self._release = redis.register_script(_RELEASE)
        self.taken = self.missed = 0

    @contextlib.asynccontextmanager
    async def hold(self, pairs: Iterable[Pair]) -> AsyncIterator[set[Pair]]:
        """Those of the pairs that could be locked at once; released by owner on the way out.

        Pairs are sorted, so that a move and its mirror meet. Raises Unavailable without Redis.
        """
        owner = secrets.token_hex(16)
        wanted = sorted(set(pairs))
        with guarded():
            async with self._redis.pipeline(transaction=False) as pipe:
                for pair in wanted:
                    pipe.set(_key(pair), owner, nx=True, px=self._ttl)
                got = await pipe.execute()
        held = {pair for pair, taken in zip(wanted, got, strict=True) if taken}
        self.taken += len(held)
        self.missed += len(wanted) - len(held)
        try:
            yield held
        finally:
            await self._let_go(owner, held)

    async def _let_go(self, owner: str, held: set[Pair]) -> None:
        # What was decided is decided: trouble here must not change the answer.
        try:
            with guarded():
                if held:
                    await self._release(keys=[_key(pair) for pair in held], args=[owner])
        except Unavailable:
            log.warning("%d slot pair locks were left to expire", len(held))


def _key(pair: Pair) -> str:
    return f"lock:{{slot-pair}}:{pair[0]}:{pair[1]}"  # one hash slot: released by one script
