"""Accounts, and what all that is done with them shares."""

from typing import Any, NamedTuple

from service.access.passwords import LONGEST
from service.booking.actor import Actor
from service.deps import Deps
from service.errors import InvalidFields, InvalidToken
from service.values.names import username_key
from service.values.search import words


class Details(NamedTuple):
    """What people say of themselves, besides their names: each is a column of account."""

    email: str


async def create(
    deps: Deps,
    username: str,
    details: Details,
    password_hash: str,
    *,
    role: str = "customer",
    provider_id: int = 0,
) -> Any:
    """Add an account; its row, as who registers may see it. Raises UsernameTaken, NotFound
    (provider)."""
    return await deps.db.run(
        "account_create",
        username=username,
        username_key=username_key(username),
        **details._asdict(),
        password_hash=password_hash,
        role=role,
        provider_id=provider_id,
        words=words(username, details.email),
    )


async def by_username(deps: Deps, username: str) -> Any:
    """The row of whoever logs in by this name, in any of its spellings, or None."""
    return await deps.db.run(
        "account_by_username", username=username, username_key=username_key(username)
    )


async def index(deps: Deps, account_id: int) -> None:
    """Let an account be found by what it is called now."""
    row = await deps.db.run("account_told", account_id=account_id)
    if row is not None:
        found = words(row.username, row.name, row.email, phone=row.phone)
        await deps.db.run("account_set_words", account_id=account_id, words=found)


def check_password(deps: Deps, field: str, password: str) -> None:
    """Raise InvalidFields unless the password is one that bcrypt can keep whole."""
    shortest = deps.settings.password_min
    if len(password) < shortest:
        raise InvalidFields({field: [f"Ensure this field has at least {shortest} characters."]})
    if len(password.encode()) > LONGEST:
        raise InvalidFields({field: [f"Ensure this field has no more than {LONGEST} bytes."]})


async def profile(deps: Deps, actor: Actor) -> Any:
    """The row of the actor's own account, as its owner may see it. Raises InvalidToken when the
    token outlived it."""
    row = await deps.db.run("account_get", account_id=actor.account_id)
    if row is None:
        raise InvalidToken
    return row
