"""Logging in and out."""

from service.access.sessions import Session
from service.booking.people.account import by_username
from service.booking.people.attempt import Attempt
from service.deps import Deps
from service.errors import InvalidToken, WrongCredentials
from service.values.names import username_key


async def login(deps: Deps, attempt: Attempt, password: str) -> tuple[str, str]:
    """A new token and the username as registered. Raises WrongCredentials."""
    username = attempt.username
    row = await by_username(deps, username)
    right = await deps.passwords.matches(password, row.password_hash if row else None)
    # A disabled account costs as much time and hears the same as a wrong password.
    if not right or row.disabled:
        raise WrongCredentials
    await deps.limits.remember(username_key(username), attempt.address)
    if deps.passwords.outdated(row.password_hash):
        hashed = await _hash_anew(deps, row.id, password, row.password_hash)
        row = row._replace(password_hash=hashed)
    token = await deps.sessions.issue(row.id, row.username, row.role, row.provider_id)
    # The account may have been changed meanwhile: another password or role, or disabled. That has
    # deleted the tokens it knew of, so this one stands only if the account still is what it was.
    if await by_username(deps, username) != row:
        await logout(deps, await deps.sessions.resolve(token))
        raise WrongCredentials
    return token, row.username


async def _hash_anew(deps: Deps, account_id: int, password: str, old: str) -> str:
    """Keep the password by a hash of as many rounds as the settings want now; that hash."""
    new = await deps.passwords.hash(password)
    await deps.db.run("account_change_password", account_id=account_id, old_hash=old, new_hash=new)
    return new


async def logout(deps: Deps, actor: Session) -> None:
    """Delete the actor's token for good. Raises InvalidToken when another request just did."""
    if not await deps.sessions.revoke(actor, [actor.token_id]):
        raise InvalidToken
