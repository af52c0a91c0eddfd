"""Rate limits, counted in Redis so that all processes share them and no race slips through."""

from collections import Counter

from redis.asyncio import Redis

from service.errors import RateLimited
from service.settings import Settings
from service.store.redis import guarded

WINDOW = 60  # seconds

# Counts one more in the window of each key; answers the seconds to wait, or 0. Nothing is counted
# when any of them is full, so a refused attempt does not keep the others waiting longer.
_COUNT = """
for i, key in ipairs(KEYS) do
    if tonumber(redis.call('GET', key) or '0') >= tonumber(ARGV[i + 1]) then
        return math.max(redis.call('TTL', key), 1)
    end
end
for _, key in ipairs(KEYS) do
    if redis.call('INCR', key) == 1 then
        redis.call('EXPIRE', key, ARGV[1])
    end
end
return 0
"""


class Limits:
    """How often something may be tried within a minute."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._on = settings.rate_limit
        self._login, self._address = settings.login_limit, settings.address_limit
        self._count = redis.register_script(_COUNT)
        self.refused = Counter({"login": 0, "register": 0})

    async def login(self, username: str, address: str) -> None:
        """One more attempt at this account from this address. Raises RateLimited, Unavailable."""
        account = username.lower()[:150]
        await self._pass(
            "login",
            {
                f"limit:login:{address}:{account}": self._login,
                f"limit:address:{address}": self._address,
            },
        )

    async def register(self, address: str) -> None:
        """One more registration from this address. Raises RateLimited, Unavailable."""
        await self._pass("register", {f"limit:address:{address}": self._address})

    async def _pass(self, action: str, limits: dict[str, int]) -> None:
        if not self._on:
            return
        with guarded():
            wait = await self._count(keys=list(limits), args=[WINDOW, *limits.values()])
        if wait:
            self.refused[action] += 1
            raise RateLimited(int(wait))
