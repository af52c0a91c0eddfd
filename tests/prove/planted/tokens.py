"""Bugs in tokens: they live on after they were deleted, or die before."""

import asyncio
import itertools
from typing import Any

from service.access.limits import Standing
from service.access.sessions import LookUp, Session, Sessions
from service.booking.people import password
from service.errors import InvalidToken, Unavailable
from service.handlers.people import login
from tests.prove.planted.ground import Ground, bug

Entered = tuple[Session, Standing | None]  # what Sessions.enter gives

NO_REDIS = "redis-refused,redis-frozen,redis-cut"
AFTERWARDS = 0.05  # seconds


@bug("I12")
def tokens_cached(ground: Ground) -> None:
    """A process remembers every token that it has seen: logout elsewhere is not noticed."""
    enter = Sessions.enter
    seen: dict[str, Entered] = {}

    async def remembered(
        self: Sessions, token: str, address: str | None, writes: bool = False
    ) -> Entered:
        if token not in seen:
            seen[token] = await enter(self, token, address, writes)
        return seen[token]

    ground.put(Sessions, "enter", remembered)


@bug("I10 I12", NO_REDIS)
def open_without_redis(ground: Ground) -> None:
    """While Redis does not answer, a token that was good once is good."""
    enter = Sessions.enter
    seen: dict[str, Entered] = {}

    async def entered(
        self: Sessions, token: str, address: str | None, writes: bool = False
    ) -> Entered:
        try:
            seen[token] = await enter(self, token, address, writes)
        except Unavailable:
            if token not in seen:
                raise
        return seen[token]

    ground.put(Sessions, "enter", entered)


@bug("I10 I12", NO_REDIS)
def nobody_without_redis(ground: Ground) -> None:
    """While Redis does not answer, nobody's token is valid: 401 in the place of 503."""
    enter = Sessions.enter

    async def refused(
        self: Sessions, token: str, address: str | None, writes: bool = False
    ) -> Entered:
        try:
            return await enter(self, token, address, writes)
        except Unavailable:
            raise InvalidToken from None

    ground.put(Sessions, "enter", refused)


@bug("I12")
def logout_answered_first(ground: Ground) -> None:
    """Logging out is answered at once and done a little later."""
    logout = login.logout
    under_way: set[asyncio.Task[None]] = set()

    async def later(deps: Any, actor: Session) -> None:
        async def work() -> None:
            await asyncio.sleep(AFTERWARDS)
            await logout(deps, actor)

        task = asyncio.create_task(work())
        under_way.add(task)
        task.add_done_callback(under_way.discard)

    ground.put(login, "logout", later)


@bug("I12")
def logout_of_half(ground: Ground) -> None:
    """Every second logout only forgets which account the token belongs to."""
    revoke, turn = Sessions.revoke, itertools.count()

    async def half(self: Sessions, session: Session, token_ids: Any) -> int:
        if next(turn) % 2:
            return await revoke(self, session, token_ids)
        fields = [str(token_id) for token_id in token_ids]
        return int(await self._redis.hdel(f"account:{session.account_id}:tokens", *fields))

    ground.put(Sessions, "revoke", half)


@bug("I12")
def password_leaves_tokens(ground: Ground) -> None:
    """A change of the password leaves the other tokens of the account alive."""

    async def left(deps: Any, actor: Session, *, keep: int | None = None) -> None:
        pass

    ground.put(password, "logout_elsewhere", left)


@bug("I11 I12")
def tokens_shifted(ground: Ground) -> None:
    """Of the tokens that are looked up together, each gets the session of the next one."""
    look_up = Sessions._look_up

    async def shifted(self: Sessions, asked: list[LookUp]) -> list[Any]:
        results = await look_up(self, asked)
        return results[1:] + results[:1]

    ground.put(Sessions, "_look_up", shifted)
