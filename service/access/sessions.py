"""Tokens: issued, looked up, renewed and deleted in Redis, which alone knows them.

A token is 40 hex digits; only its SHA-256 is stored. Each account has a hash of its tokens by id.
"""

import hashlib
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from service.access.limits import Ask, Limits, Standing
from service.booking.actor import Actor
from service.errors import InvalidToken, OutcomeUnknown, RateLimited, Unavailable
from service.lane import Lane
from service.settings import Settings
from service.store.redis import guarded

_TOKEN = re.compile(r"[0-9a-f]{40}", re.ASCII)
RENEW_EVERY = 60.0  # seconds between two renewals of one token by this process, at most
REMEMBERED_MAX = 100_000  # tokens
SCANNED = 1000  # keys that Redis looks at in one go
LIVING_MAX = 100  # tokens of one account; the next one ends the oldest
STEP = 1000  # tokens of one account that are looked at in one command


class Session(msgspec.Struct, Actor, frozen=True, array_like=True):
    """Who is asking, and by which token: read from Redis on each request."""

    token_id: int
    account_id: int
    username: str
    role: str
    provider_id: int
    created_at: int

    @property
    def owner(self) -> "Owner":
        """Whom to charge for a request."""
        return Owner(self.account_id, self.role == "customer")


class Owner(NamedTuple):
    """Whose token it is; a customer may write only so many times a day."""

    account_id: int
    customer: bool


class Token(msgspec.Struct, frozen=True):
    """One of an account's tokens, as its owner sees it."""

    id: int
    created_at: int


class LookUp(NamedTuple):
    """A question whose token this is. The request is counted if it comes from an address; if it
    writes for good, it also counts against the customer's day."""

    key: str
    address: str | None
    writes: bool = False


class Sessions:
    """The tokens of all accounts. Every method raises Unavailable when Redis does not answer."""

    def __init__(
        self, redis: Redis, unrepeated: Redis, settings: Settings, limits: Limits | None = None
    ) -> None:
        """`unrepeated` is a client that never sends a command twice by itself."""
        self._redis, self._unrepeated = redis, unrepeated
        self._limits = limits if limits and limits.on else None
        self._ttl, self._sliding = settings.token_ttl, settings.token_sliding
        self._renew_every = min(RENEW_EVERY, settings.token_ttl / 10)
        self._touched: dict[str, float] = {}
        self._owners: dict[str, Owner] = {}  # whom to charge; whether a token lives, Redis says
        self.lane: Lane[LookUp, tuple[Session, Standing | None]] = Lane(
            self._look_up,
            width=settings.lane_width,
            batch=settings.lane_batch * 4,
            queue=settings.lane_queue * 2,
            patience=settings.redis_timeout,
        )

    async def issue(self, account_id: int, username: str, role: str, provider_id: int) -> str:
        """A new token of the account, from the system's generator."""
        token = secrets.token_hex(20)
        now = int(time.time())
        session = Session(secrets.randbits(52), account_id, username, role, provider_id, now)
        key, of_account = _key(token), _account_key(account_id)
        with guarded():
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.set(key, msgspec.json.encode(session), ex=self._ttl)
                pipe.hset(of_account, str(session.token_id), key)
                pipe.expire(of_account, self._ttl)
                await pipe.execute()
        living = await self.tokens(account_id)
        await self._revoke(account_id, [one.id for one in living[:-LIVING_MAX]])
        return token

    async def resolve(self, token: str) -> Session:
        """The session of a token, whose life is renewed. Raises InvalidToken."""
        return (await self.enter(token, None))[0]

    async def enter(
        self, token: str, address: str | None, writes: bool = False
    ) -> tuple[Session, Standing | None]:
        """The session of a token, whose life is renewed, and how its user stands with the limit.

        A request without a valid token is charged to its address; one of a customer that writes
        for good, to the day too. Raises InvalidToken, RateLimited.
        """
        if not _TOKEN.fullmatch(token):
            if self._limits and address is not None:
                await self._limits.visit(address)
            raise InvalidToken
        return await self.lane.submit(LookUp(_key(token), address, writes))

    async def revoke_all(self, account_id: int, *, keep: int | None = None) -> int:
        """Delete all the account's tokens for good, but one; how many there were.

        In steps: each holds Redis up for a moment only. Raises OutcomeUnknown as revoke() does.
        """
        of_account, cursor, ended = _account_key(account_id), 0, 0
        while True:
            with guarded():
                step: Any = await self._redis.hscan(of_account, cursor, count=STEP)
            cursor, keys = step[0], {int(one): key for one, key in step[1].items()}
            if keep is not None:
                keys.pop(keep, None)
            if keys:
                fields = [str(token_id) for token_id in keys]
                ended += await self._end(of_account, fields, list(keys.values()))
            if not cursor:
                return ended

    async def revoke(self, session: Session, token_ids: Sequence[int]) -> int:
        """Delete some of the account's tokens for good; how many there were.

        Raises OutcomeUnknown when Redis may have deleted them and does not say so.
        """
        return await self._revoke(session.account_id, token_ids)

    async def end_all(self) -> int:
        """Delete the tokens of all accounts for good; how many there were."""
        ended = 0
        with guarded():
            for pattern in ("token:*", _account_key("*")):
                async for key in self._redis.scan_iter(pattern, count=SCANNED):
                    deleted = await self._redis.unlink(key)
                    ended += deleted if pattern == "token:*" else 0
        return ended

    async def _revoke(self, account_id: int, token_ids: Sequence[int]) -> int:
        if not token_ids:
            return 0
        fields = [str(token_id) for token_id in token_ids]
        of_account = _account_key(account_id)
        with guarded():
            keys = [key for key in await self._redis.hmget(of_account, fields) if key]
        return await self._end(of_account, fields, keys) if keys else 0

    async def _end(self, of_account: str, fields: list[str], keys: list[Any]) -> int:
        try:
            return await self._delete(of_account, fields, keys)
        except Unavailable:
            # The answer is lost, but Redis may have deleted them, which is all that was asked for.
            try:
                await self._delete(of_account, fields, keys)
            except Unavailable as error:
                raise OutcomeUnknown from error
            return len(keys)

    async def _delete(self, of_account: str, fields: list[str], keys: list[Any]) -> int:
        with guarded():
            async with self._unrepeated.pipeline(transaction=True) as pipe:
                pipe.delete(*keys)
                pipe.hdel(of_account, *fields)
                deleted, _ = await pipe.execute()
        return int(deleted)

    async def tokens(self, account_id: int) -> list[Token]:
        """The account's living tokens, oldest first; forgets those that have expired. Accounts
        from before there was a limit may have over a thousand: then only some of them."""
        of_account = _account_key(account_id)
        with guarded():
            step: Any = await self._redis.hscan(of_account, 0, count=STEP)
            keys = step[1]
            if not keys:
                return []
            values = await self._redis.mget(list(keys.values()))
            dead = [field for field, value in zip(keys, values, strict=True) if value is None]
            if dead:
                await self._redis.hdel(of_account, *dead)
        sessions = [msgspec.json.decode(value, type=Session) for value in values if value]
        return sorted(
            (Token(session.token_id, session.created_at) for session in sessions),
            key=lambda token: (token.created_at, token.id),
        )

    async def close(self) -> None:
        await self.lane.close()

    async def _look_up(self, asked: list[LookUp]) -> list[Any]:
        keys = [one.key for one in asked]
        standings: dict[int, Any] = {}
        with guarded():
            if self._limits:
                sessions, standings = await self._count(self._limits, asked, keys)
            else:
                sessions = _sessions(await self._redis.mget(keys))
            if self._sliding:
                await self._touch(keys, sessions)
        return [_result(session, standings.get(n)) for n, session in enumerate(sessions)]

    async def _count(
        self, limits: Limits, asked: list[LookUp], keys: list[str]
    ) -> tuple[list[Session | None], dict[int, Any]]:
        """The sessions, and the standings by number. Both come with one message where this process
        knows the owner of the token; a new or invalid token takes a second message."""
        owners = self._owners
        counted = [(n, one.key) for n, one in enumerate(asked) if one.address is not None]

        def charged(owner: Owner, n: int) -> Ask:
            return limits.user(owner.account_id, writes=owner.customer and asked[n].writes)

        charges = {n: charged(owners[key], n) for n, key in counted if key in owners}
        sessions, standings = await self._together(limits, keys, charges)
        late: dict[int, Ask] = {}
        for n, key in counted:
            session, address = sessions[n], asked[n].address or ""
            if n not in charges:
                late[n] = charged(session.owner, n) if session else [limits.visitor(address)]
            if session:
                owners[key] = session.owner
            else:
                owners.pop(key, None)
        if late:
            results = await limits.decide(list(late.values()))
            standings |= dict(zip(late, results, strict=True))
        if len(owners) > REMEMBERED_MAX:
            owners.clear()
        return sessions, standings

    async def _together(
        self, limits: Limits, keys: list[str], charges: Mapping[int, Ask]
    ) -> tuple[list[Session | None], dict[int, Any]]:
        """Both in one message. If it is sent twice, requests are counted twice, which allows fewer
        of them, never more. Where Redis can read but not count, the token is enough."""
        if not charges:
            return _sessions(await self._redis.mget(keys)), {}
        asks = list(charges.values())
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.mget(keys)
            pipe.evalsha(*limits.command(asks))
            values, answers = await pipe.execute(raise_on_error=False)
        if isinstance(values, Exception):
            raise values
        if isinstance(answers, NoScriptError):  # Redis has been restarted
            results = await limits.decide(asks)
        elif isinstance(answers, Exception):
            limits.uncounted += len(asks)
            return _sessions(values), {}
        else:
            results = limits.judged(asks, answers)
        return _sessions(values), dict(zip(charges, results, strict=True))

    async def _touch(self, keys: list[str], sessions: list[Session | None]) -> None:
        now = time.monotonic()
        due = {
            key: session
            for key, session in zip(keys, sessions, strict=True)
            if session and now - self._touched.get(key, -RENEW_EVERY) >= self._renew_every
        }
        if not due:
            return
        if len(self._touched) > REMEMBERED_MAX:
            self._touched.clear()
        async with self._redis.pipeline(transaction=False) as pipe:
            for key, session in due.items():
                pipe.expire(key, self._ttl)
                pipe.expire(_account_key(session.account_id), self._ttl)
            await pipe.execute()
        self._touched.update(dict.fromkeys(due, now))


def _sessions(values: Sequence[Any]) -> list[Session | None]:
    return [msgspec.json.decode(value, type=Session) if value else None for value in values]


def _result(session: Session | None, standing: Any) -> Any:
    """What a look-up comes to: an error to raise, or the session and its user's standing."""
    if isinstance(standing, RateLimited):
        return standing
    return (session, standing) if session else InvalidToken()


def _key(token: str) -> str:
    return "token:" + hashlib.sha256(token.encode("ascii")).hexdigest()


def _account_key(account_id: int | str) -> str:
    return f"account:{account_id}:tokens"
