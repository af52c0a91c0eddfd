"""A write that the client may send again: the same key brings the same answer, done once.

The answer is kept in the transaction of what it answers, so a crash leaves both or neither, and a
refused request leaves no key (draft-ietf-httpapi-idempotency-key-header).
"""

import contextlib
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import NamedTuple

from service.booking.answer import Answer, ruled
from service.deps import Deps


class Key(NamedTuple):
    """What the client calls this request, and a digest of what it asks for."""

    key: str
    fingerprint: str


NO_KEY = Key("", "")
NOBODY = 0  # the account of those who have none yet
SOME = 1000  # keys forgotten in one transaction


async def once(
    deps: Deps, account_id: int, key: Key, work: Callable[[Deps], Awaitable[Answer]]
) -> Answer:
    """The answer of `work`, or the one it gave when it was first done under this key.

    `work` runs in a transaction. Raises KeyReused, KeyInFlight, and what `work` raises.
    """
    if key is NO_KEY:
        return await work(deps)
    async with together(deps) as inside:
        before = await kept(inside, account_id, key)
        if before is not None:
            return before
        answer = await work(inside)
        await inside.db.run(
            "idempotency_keep",
            account_id=account_id,
            key=key.key,
            fingerprint=key.fingerprint,
            body=answer.body,
            version=answer.version,
        )
    return answer


@contextlib.asynccontextmanager
async def together(deps: Deps, *, keep: bool = True) -> AsyncIterator[Deps]:
    """Deps in whose transaction several queries are all done or none: in that of the key, or in one
    of their own, which may be undone at its end."""
    if deps.db is not deps.postgres:
        yield deps
        return
    async with deps.postgres.transaction(keep=keep) as transaction:
        yield replace(deps, db=transaction)


async def sealed(deps: Deps, key: Key, scope: str, *secrets: str) -> Key:
    """The key with the request's secrets in its fingerprint: as hard to guess from it as from the
    hash of a password. Raises Unavailable."""
    if key is NO_KEY:
        return key
    text = "\n".join(_digest(one) for one in secrets)
    seal = await deps.passwords.seal(text, f"{scope}\n{key.key}")
    return key._replace(fingerprint=_digest(f"{key.fingerprint}\n{seal}"))


def of_nobody(key: Key, username: str) -> Key:
    """The key of somebody without an account, who shares it with nobody who asks for another."""
    return key if key is NO_KEY else key._replace(key=_digest(f"{username}\n{key.key}"))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


async def kept(deps: Deps, account_id: int, key: Key) -> Answer | None:
    """The answer kept under this key, or None. Raises KeyReused, KeyInFlight."""
    if key is NO_KEY:
        return None
    verdict, body, version = await deps.db.run(
        "idempotency_claim", account_id=account_id, key=key.key, fingerprint=key.fingerprint
    )
    if verdict is None:
        return None
    return ruled(verdict, body, version)


async def forget(deps: Deps) -> int:
    """Forget the keys that are older than 24 hours; how many there were."""
    forgotten = 0
    while True:
        some: int = await deps.db.run("idempotency_expire", most=SOME)
        forgotten += some
        if some < SOME:
            return forgotten
