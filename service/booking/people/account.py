"""Accounts: register, log in, log out, change the password."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from service.access.limits import Standing
from service.access.passwords import LONGEST
from service.access.sessions import Session, Token
from service.booking.answer import Answer
from service.booking.idempotency import NO_KEY, NOBODY, Key, known, of_nobody, once, sealed
from service.deps import Deps
from service.errors import (
    InvalidFields,
    InvalidToken,
    NotFound,
    OutcomeUnknown,
    Unavailable,
    WrongCredentials,
)
from service.values.names import username_key

Tell = Callable[[Standing | None], None]  # who hears how one stands with the limit

CHANGED = Answer('{"message":"Password changed successfully"}')


class Account(NamedTuple):
    id: int
    username: str
    email: str


class Profile(NamedTuple):
    id: int
    username: str
    email: str
    role: str


def unheard(_: Standing | None) -> None:
    """Nobody wants to know."""


async def register(
    deps: Deps,
    username: str,
    email: str,
    password: str,
    address: str,
    key: Key = NO_KEY,
    tell: Tell = unheard,
) -> Answer:
    """Add a customer. Raises InvalidFields (password), UsernameTaken, RateLimited, KeyReused."""
    check_password(deps, "password", password)
    deps.passwords.check_room()
    tell(await deps.limits.register(address))
    key = await sealed(deps, of_nobody(key, username), "register", password)
    before = await known(deps, NOBODY, key)
    if before is not None:
        return before
    hashed = await deps.passwords.hash(password)

    async def work(deps: Deps) -> Answer:
        return Answer.of(await create(deps, username, email, hashed))

    answer = await once(deps, NOBODY, key, work)
    await deps.limits.remember(username_key(username), address)
    return answer


async def create(
    deps: Deps,
    username: str,
    email: str,
    password_hash: str,
    *,
    role: str = "customer",
    provider_id: int = 0,
) -> Account:
    """Add an account. Raises UsernameTaken, NotFound (provider)."""
    row = await deps.db.run(
        "account_create",
        username=username,
        username_key=username_key(username),
        email=email,
        password_hash=password_hash,
        role=role,
        provider_id=provider_id,
    )
    return Account(*row)


async def by_username(deps: Deps, username: str) -> Any:
    """The row of whoever logs in by this name, in any of its spellings, or None."""
    return await deps.db.run(
        "account_by_username", username=username, username_key=username_key(username)
    )


def check_password(deps: Deps, field: str, password: str) -> None:
    """Raise InvalidFields unless the password is one that bcrypt can keep whole."""
    shortest = deps.settings.password_min
    if len(password) < shortest:
        raise InvalidFields({field: [f"Ensure this field has at least {shortest} characters."]})
    if len(password.encode()) > LONGEST:
        raise InvalidFields({field: [f"Ensure this field has no more than {LONGEST} bytes."]})


async def login(
    deps: Deps, username: str, password: str, address: str, tell: Tell = unheard
) -> tuple[str, str]:
    """A new token and the username as registered. Raises WrongCredentials, RateLimited."""
    deps.passwords.check_room()
    counted = username_key(username)
    tell(await deps.limits.login(counted, address))
    row = await by_username(deps, username)
    right = await deps.passwords.matches(password, row[2] if row else None)
    # A disabled account costs as much time and hears the same as a wrong password.
    if not right or row[5]:
        raise WrongCredentials
    account_id, name, hashed, role, provider_id, _ = row
    await deps.limits.remember(counted, address)
    if deps.passwords.outdated(hashed):
        hashed = await _hash_anew(deps, account_id, password, hashed)
        row = (*row[:2], hashed, *row[3:])
    token = await deps.sessions.issue(account_id, name, role, provider_id)
    # The account may have been changed meanwhile: another password or role, or disabled. That has
    # deleted the tokens it knew of, so this one stands only if the account still is what it was.
    if (now := await by_username(deps, username)) is None or tuple(now) != tuple(row):
        await logout(deps, await deps.sessions.resolve(token))
        raise WrongCredentials
    return token, name


async def _hash_anew(deps: Deps, account_id: int, password: str, old: str) -> str:
    """Keep the password by a hash of as many rounds as the settings want now; that hash."""
    new = await deps.passwords.hash(password)
    await deps.db.run("account_change_password", account_id=account_id, old_hash=old, new_hash=new)
    return new


async def logout(deps: Deps, actor: Session) -> None:
    """Delete the actor's token for good. Raises InvalidToken when another request just did."""
    if not await deps.sessions.revoke(actor, [actor.token_id]):
        raise InvalidToken


async def tokens(
    deps: Deps, actor: Session, after: tuple[int, int], limit: int
) -> tuple[list[dict[str, Any]], Token | None]:
    """A page of the actor's living tokens, oldest first: id, created_at, and whether it is this
    one's. It begins after a token that was made so many seconds since 1970 and has that id. Also
    the last one, if there are more."""
    living = await deps.sessions.tokens(actor.account_id)
    found = [token for token in living if (token.created_at, token.id) > after]
    page = [
        {
            "id": token.id,
            "created_at": datetime.fromtimestamp(token.created_at, UTC),
            "current": token.id == actor.token_id,
        }
        for token in found[:limit]
    ]
    return page, found[limit - 1] if len(found) > limit else None


async def logout_session(deps: Deps, actor: Session, token_id: int) -> None:
    """Delete one of the actor's tokens. Raises NotFound."""
    if not await deps.sessions.revoke(actor, [token_id]):
        raise NotFound("There is no such token.")


async def logout_elsewhere(deps: Deps, actor: Session, *, keep: int | None = None) -> None:
    """Delete all the actor's tokens but the one to keep."""
    await deps.sessions.revoke_all(actor.account_id, keep=keep)


async def profile(deps: Deps, actor: Session) -> Profile:
    """The actor's own account. Raises InvalidToken when the token outlived it."""
    row = await deps.db.run("account_get", account_id=actor.account_id)
    if row is None:
        raise InvalidToken
    return Profile(*row[:4])


async def change_password(
    deps: Deps,
    actor: Session,
    current: str,
    new: str,
    address: str,
    key: Key = NO_KEY,
    tell: Tell = unheard,
) -> Answer:
    """Change the password; every other token of the account dies. A try counts as a login: a
    stolen token must not be worth more guesses.

    Raises InvalidFields when the current password is wrong or the new one won't do, RateLimited,
    KeyReused.
    """
    check_password(deps, "new_password", new)
    deps.passwords.check_room()
    row = await deps.db.run("account_get", account_id=actor.account_id)
    if row is None:
        raise InvalidToken
    tell(await deps.limits.login(username_key(row[1]), address))
    key = await sealed(deps, key, str(actor.account_id), current, new)
    answer = await known(deps, actor.account_id, key)
    if answer is None:
        hashes = await _hashes(deps, row[4], current, new)
        answer = await once(
            deps, actor.account_id, key, lambda deps: _replace(deps, actor, *hashes)
        )
    try:
        await logout_elsewhere(deps, actor, keep=actor.token_id)
    except Unavailable:
        raise OutcomeUnknown from None  # the password is new, the old tokens may still live
    return answer


async def _hashes(deps: Deps, hashed: str, current: str, new: str) -> tuple[str, str]:
    if not await deps.passwords.matches(current, hashed):
        raise InvalidFields({"current_password": ["Wrong password."]})
    return hashed, await deps.passwords.hash(new)


async def _replace(deps: Deps, actor: Session, old_hash: str, new_hash: str) -> Answer:
    changed = await deps.db.run(
        "account_change_password",
        account_id=actor.account_id,
        old_hash=old_hash,
        new_hash=new_hash,
    )
    if changed is None:
        raise InvalidFields({"current_password": ["Wrong password."]})
    return CHANGED
