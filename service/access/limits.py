"""Rate limits, counted in Redis so that all processes share them and no race slips through.

Windows slide: however requests fall, no more than the limit pass within any window. One script
(limits.lua) decides for all requests of a loop turn; its keys share a hash slot.
"""

import contextlib
import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from redis.asyncio import Redis

from service.errors import RateLimited, Unavailable
from service.lane import Lane
from service.settings import Settings
from service.store.redis import guarded
from service.values.address import network_of

MINUTE, HOUR, DAY = 60, 3600, 86400  # seconds
SLICES = 12  # of a window; as in limits.lua
STRANGERS = 5  # so many strange addresses have to try before an account takes no more of them
KNOWN_FOR = 90 * 24 * HOUR
BLIND = 1.0  # seconds without counting visitors after Redis failed

# Every limit: by its name the setting that says how many pass, and within how many seconds.
LIMITS = {
    "user": ("user_limit", MINUTE),
    "writes": ("writes_a_day", DAY),
    "address": ("address_limit", MINUTE),
    "probe": ("address_limit", MINUTE),
    "login": ("login_limit", MINUTE),
    "login-address": ("login_address_limit", MINUTE),
    "login-stranger": ("login_account_limit", HOUR),  # a part of them, see STRANGERS
    "login-account": ("login_account_limit", HOUR),
    "register": ("register_limit", MINUTE),
}

_SCRIPT = Path(__file__).with_suffix(".lua").read_text()


class Policy(NamedTuple):
    """So many requests within any so many seconds."""

    name: str
    limit: int
    window: int


class Charge(NamedTuple):
    """What counts a request, and how many it lets pass."""

    key: str
    policy: Policy


class Standing(NamedTuple):
    """How many more requests a policy lets pass within the next seconds."""

    policy: Policy
    remaining: int
    seconds: int


Ask = Sequence[Charge]  # one request: it passes when all of these have room


class Limits:
    """How often something may be done. What is refused is not counted.

    Logins are counted in three ways. Each account has a budget per address, and each address one
    for all accounts. Addresses that the account never logged in from share a third, so that many
    of them can't guess together; its own addresses never hear of it.
    """

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis = redis
        self._script = redis.register_script(_SCRIPT)
        self.on = settings.rate_limit
        self._policies = {
            name: Policy(name, getattr(settings, setting), window)
            for name, (setting, window) in LIMITS.items()
        }
        fewer = max(1, settings.login_account_limit // STRANGERS)
        self._policies["login-stranger"] = self._policies["login-stranger"]._replace(limit=fewer)
        self._blind_until = 0.0
        self.lane: Lane[Ask, Standing] = Lane(
            self.decide,
            width=settings.lane_width,
            batch=settings.lane_batch * 4,
            queue=settings.lane_queue * 2,
            patience=settings.redis_timeout,
        )
        self.refused = Counter(dict.fromkeys(LIMITS, 0))
        self.uncounted = 0  # requests that passed because Redis could not count them

    # What is counted

    async def login(self, username_key: str, address: str) -> Standing | None:
        """One more attempt at this account from this address. Raises RateLimited, Unavailable.

        All spellings of a name have one key, by which its account is found.
        """
        if not self.on:
            return None
        network = network_of(address)
        pair = _digest(username_key, network)
        charges = [self._charge("login", pair), self._charge("login-address", network)]
        with guarded():
            stranger = not await self._redis.exists(f"known:{pair}")
        if stranger:
            charges += [
                self._charge("login-stranger", pair),
                self._charge("login-account", _digest(username_key)),
            ]
        return await self.lane.submit(charges)

    async def remember(self, username_key: str, address: str) -> None:
        """Note that this account was made, or logged in, from this address.

        Never fails: while Redis is away, the address stays that of a stranger.
        """
        if self.on:
            pair = _digest(username_key, network_of(address))
            with contextlib.suppress(Unavailable), guarded():
                await self._redis.set(f"known:{pair}", 1, ex=KNOWN_FOR)

    async def register(self, address: str) -> Standing | None:
        """One more registration from this address. Raises RateLimited, Unavailable."""
        return await self.count("register", network_of(address))

    async def count(self, limit: str, whose: str) -> Standing | None:
        """One more of what has a limit, by its name in LIMITS. Raises RateLimited, Unavailable."""
        return await self.lane.submit([self._charge(limit, whose)]) if self.on else None

    async def visit(self, address: str, *, probes: bool = False) -> Standing | None:
        """One more request without a valid token, of a visitor or of whoever watches the service;
        while Redis is away it passes. Raises RateLimited."""
        if not self.on:
            return None
        if self.lane.now() >= self._blind_until:
            try:
                return await self.count("probe" if probes else "address", network_of(address))
            except Unavailable:
                self._blind_until = self.lane.now() + BLIND
        self.uncounted += 1
        return None

    def user(self, account_id: int, *, writes: bool = False) -> Ask:
        """What a request of this user is charged to; one that writes for good, to its day too."""
        limits = ("user", "writes") if writes else ("user",)
        return [self._charge(limit, str(account_id)) for limit in limits]

    def visitor(self, address: str) -> Charge:
        """What a request from this address is charged to when its user is not known."""
        return self._charge("address", network_of(address))

    # How

    def _charge(self, limit: str, whose: str) -> Charge:
        return Charge(f"limit:{{limit}}:{limit}:{whose}", self._policies[limit])

    async def decide(self, asks: Sequence[Ask]) -> list[Any]:
        """For each request its Standing, or RateLimited. Raises Unavailable."""
        keys, arguments = message(asks)
        with guarded():
            answers = await self._script(keys=keys, args=arguments)
        return self.judged(asks, answers)

    def command(self, asks: Sequence[Ask]) -> list[Any]:
        """decide() as the arguments of EVALSHA, for a pipeline with other commands."""
        keys, arguments = message(asks)
        return [self._script.sha, len(keys), *keys, *arguments]

    def judged(self, asks: Sequence[Ask], answers: Sequence[int]) -> list[Any]:
        """The results of a script's answers."""
        policies = list({key: policy for ask in asks for key, policy in ask}.values())
        results: list[Any] = []
        for n in range(0, len(answers), 3):
            counter, remaining, wait = answers[n : n + 3]
            policy, seconds = policies[counter - 1], math.ceil(wait / 1000)
            if remaining < 0:
                self.refused[policy.name] += 1
                results.append(RateLimited(max(seconds, 1), *policy))
            else:
                results.append(Standing(policy, remaining, seconds))
        return results

    async def close(self) -> None:
        await self.lane.close()


def message(asks: Sequence[Ask]) -> tuple[list[str], list[int]]:
    """The keys and arguments of the script for these requests."""
    policies = {key: policy for ask in asks for key, policy in ask}
    number = {key: n for n, key in enumerate(policies, 1)}
    arguments = []
    for policy in policies.values():
        arguments += [policy.limit, policy.window * 1000 // SLICES]
    for ask in asks:
        arguments += [len(ask), *(number[charge.key] for charge in ask)]
    return list(policies), arguments


def _digest(*parts: str) -> str:
    """Parts of a key, not to be read there: people type passwords as usernames, and addresses are
    personal."""
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()
