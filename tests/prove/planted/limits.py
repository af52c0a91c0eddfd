"""Bugs in limits: too much passes, the wrong people are refused, or clients are told wrongly."""

from collections.abc import Sequence
from typing import Any

from service.access.limits import Ask, Limits, Standing
from service.access.sessions import Sessions
from service.http import problems
from tests.prove.planted.ground import Ground, bug

QUIET = "none"  # no fault is needed
NO_LIMIT = 10**9


@bug("I13", QUIET)
def strangers_counted_apart(ground: Ground) -> None:
    """Each strange address has its own budget at an account, and all together have none."""
    begin = Limits.__init__

    def apart(self: Limits, redis: Any, settings: Any) -> None:
        begin(self, redis, settings)
        of_account = self._policies["login-account"]
        self._policies["login-account"] = of_account._replace(limit=NO_LIMIT)

    ground.put(Limits, "__init__", apart)


@bug("I10", QUIET)
def owner_is_a_stranger(ground: Ground) -> None:
    """Nobody remembers from where an account was entered: strangers lock its owner out."""

    async def forget(self: Limits, username_key: str, address: str) -> None:
        pass

    ground.put(Limits, "remember", forget)


@bug("I13", QUIET)
def one_more_is_told(ground: Ground) -> None:
    """RateLimit says what was left before this request was counted."""
    rate_limit = problems.rate_limit

    def before(
        policy: str, limit: int, window: int, remaining: int, seconds: int
    ) -> tuple[str, str]:
        return rate_limit(policy, limit, window, remaining + 1, seconds)

    ground.put(problems, "rate_limit", before)


@bug("I13", QUIET)
def standings_shifted(ground: Ground) -> None:
    """Of those who are counted together, each hears how the next one stands."""
    judged = Limits.judged

    def shifted(self: Limits, asks: Sequence[Ask], answers: Sequence[int]) -> list[Any]:
        results = judged(self, asks, answers)
        if all(isinstance(one, Standing) for one in results):
            return results[1:] + results[:1]
        return results

    ground.put(Limits, "judged", shifted)


@bug("I10", QUIET)
def token_not_renewed(ground: Ground) -> None:
    """A token dies some time after the login, however much it is used."""

    async def leave(self: Sessions, keys: list[str], sessions: list[Any]) -> None:
        pass

    ground.put(Sessions, "_touch", leave)


@bug("I12", QUIET)
def token_lives_longer(ground: Ground) -> None:
    """A token that nobody uses lives twice as long as it should."""
    begin = Sessions.__init__

    def longer(
        self: Sessions, redis: Any, unrepeated: Any, settings: Any, limits: Any = None
    ) -> None:
        begin(self, redis, unrepeated, settings, limits)
        self._ttl *= 2

    ground.put(Sessions, "__init__", longer)
