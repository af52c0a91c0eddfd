"""Accounts: register, log in, log out, change the password."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from service.deps import Deps
from service.errors import (
    InvalidFields,
    InvalidToken,
    NotFound,
    OutcomeUnknown,
    Unavailable,
    WrongCredentials,
)
from service.passwords import LONGEST
from service.sessions import Session


class Account(NamedTuple):
    id: int
    username: str
    email: str


class Profile(NamedTuple):
    id: int
    username: str
    email: str
    role: str


async def register(deps: Deps, username: str, email: str, password: str, address: str) -> Account:
    """Add a customer. Raises InvalidFields (password), UsernameTaken, RateLimited."""
    check_password(deps, "password", password)
    await deps.limits.register(address)
    return await create(deps, username, email, password, role="customer", provider_id=0)


async def create(
    deps: Deps, username: str, email: str, password: str, *, role: str, provider_id: int
) -> Account:
    """Add an account of any role. Raises InvalidFields, UsernameTaken, NotFound (provider)."""
    check_password(deps, "password", password)
    row = await deps.db.run(
        "account_create",
        username=username,
        email=email,
        password_hash=await deps.passwords.hash(password),
        role=role,
        provider_id=provider_id,
    )
    return Account(*row)


def check_password(deps: Deps, field: str, password: str) -> None:
    """Raise InvalidFields unless the password is one that bcrypt can keep whole."""
    shortest = deps.settings.password_min
    if len(password) < shortest:
        raise InvalidFields({field: [f"Ensure this field has at least {shortest} characters."]})
    if len(password.encode()) > LONGEST:
        raise InvalidFields({field: [f"Ensure this field has no more than {LONGEST} bytes."]})


async def login(deps: Deps, username: str, password: str, address: str) -> tuple[str, str]:
    """A new token and the username as registered. Raises WrongCredentials, RateLimited."""
    await deps.limits.login(username, address)
    row = await deps.db.run("account_by_username", username=username)
    hashed = row[2] if row else None
    if not await deps.passwords.matches(password, hashed):
        raise WrongCredentials
    account_id, name, _, role, provider_id = row
    token = await deps.sessions.issue(account_id, name, role, provider_id)
    # The password may have been changed while it was being checked; that change has deleted the
    # tokens it knew of. So a token stands only if the password still does after it was issued.
    row = await deps.db.run("account_by_username", username=username)
    if row is None or row[2] != hashed:
        await logout(deps, await deps.sessions.resolve(token))
        raise WrongCredentials
    return token, name


async def logout(deps: Deps, actor: Session) -> None:
    """Delete the actor's token for good. Raises InvalidToken when another request just did."""
    if not await deps.sessions.revoke(actor, [actor.token_id]):
        raise InvalidToken


async def tokens(deps: Deps, actor: Session) -> list[dict[str, Any]]:
    """The actor's living tokens, oldest first: id, created_at, and whether it is this one's."""
    return [
        {
            "id": token.id,
            "created_at": datetime.fromtimestamp(token.created_at, UTC),
            "current": token.id == actor.token_id,
        }
        for token in await deps.sessions.tokens(actor.account_id)
    ]


async def logout_session(deps: Deps, actor: Session, token_id: int) -> None:
    """Delete one of the actor's tokens. Raises NotFound."""
    if not await deps.sessions.revoke(actor, [token_id]):
        raise NotFound


async def logout_elsewhere(deps: Deps, actor: Session, *, keep: int | None = None) -> None:
    """Delete all the actor's tokens but the one to keep."""
    tokens = await deps.sessions.tokens(actor.account_id)
    await deps.sessions.revoke(actor, [token.id for token in tokens if token.id != keep])


async def profile(deps: Deps, actor: Session) -> Profile:
    """The actor's own account. Raises NotFound."""
    row = await deps.db.run("account_get", account_id=actor.account_id)
    if row is None:
        raise NotFound
    return Profile(*row[:4])


async def change_password(deps: Deps, actor: Session, current: str, new: str) -> None:
    """Change the password; every other token of the account dies.

    Raises InvalidFields when the current password is wrong or the new one won't do.
    """
    check_password(deps, "new_password", new)
    row = await deps.db.run("account_get", account_id=actor.account_id)
    hashed = row[4] if row else None
    if not await deps.passwords.matches(current, hashed):
        raise InvalidFields({"current_password": ["Wrong password."]})
    changed = await deps.db.run(
        "account_change_password",
        account_id=actor.account_id,
        old_hash=hashed,
        new_hash=await deps.passwords.hash(new),
    )
    if changed is None:
        raise InvalidFields({"current_password": ["Wrong password."]})
    try:
        await logout_elsewhere(deps, actor, keep=actor.token_id)
    except Unavailable:
        raise OutcomeUnknown from None  # the password is new, the old tokens may still live
