"""What an operator may do to anybody's account: see it, change name, role or password, lock it out.

Whoever is logged in with a changed account is logged out: tokens carry what they were issued for.
"""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from service.booking.actor import Actor
from service.booking.answer import Page
from service.booking.idempotency import together
from service.booking.people.account import by_username, check_password, index
from service.booking.people.tokens import end_tokens
from service.deps import Deps
from service.errors import InvalidFields, NotFound
from service.values import names

HALF_DONE = (
    "The account is changed, but Redis does not answer, so whoever is logged in may still be. "
    "Do it again."
)


class Operator(Actor):
    """Whoever has the command line: an admin without an account."""

    account_id, username, role, provider_id = 0, "operator", "admin", 0


OPERATOR = Operator()


class Listed(NamedTuple):
    """An account as an operator sees it; provider_id is 0 for none."""

    id: int
    username: str
    email: str
    role: str
    provider_id: int
    created_at: datetime
    disabled_at: datetime | None


async def list_page(
    deps: Deps, *, role: str, disabled: bool, after_id: int, limit: int
) -> Page[Sequence[Listed], int]:
    """A page of accounts by id; of any role for an empty one, only disabled ones if asked."""
    rows = await deps.db.run(
        "account_list", role=role, disabled=disabled, after_id=after_id, limit=limit + 1
    )
    return Page.of([Listed(*row) for row in rows], limit, attrgetter("id"))


async def change_role(deps: Deps, username: str, role: str, provider_id: int) -> int:
    """Change the role; how many tokens ended. Raises NotFound (account or provider)."""
    account_id = await _id_of(deps, username)
    await deps.db.run("account_set_role", account_id=account_id, role=role, provider_id=provider_id)
    return await end_tokens(deps, account_id, HALF_DONE)


async def set_password(deps: Deps, username: str, password: str) -> int:
    """Set the password; how many tokens ended. Raises InvalidFields (password), NotFound."""
    check_password(deps, "password", password)
    hashed = await deps.passwords.hash(password)
    account_id = await _id_of(deps, username)
    await deps.db.run("account_set_password", account_id=account_id, password_hash=hashed)
    return await end_tokens(deps, account_id, HALF_DONE)


async def rename(deps: Deps, username: str, new: str) -> int:
    """Give the account another username; how many tokens ended.

    Raises InvalidFields, UsernameTaken, NotFound.
    """
    try:
        shown = names.username(new)
    except ValueError as error:
        raise InvalidFields({"username": [str(error)]}) from None
    account_id, key = await _id_of(deps, username), names.username_key(shown)
    async with together(deps) as inside:
        await inside.db.run(
            "account_rename", account_id=account_id, username=shown, username_key=key
        )
        await index(inside, account_id)
    return await end_tokens(deps, account_id, HALF_DONE)


async def set_disabled(deps: Deps, username: str, disabled: bool) -> int:
    """Lock the account out, or let it log in again; how many tokens ended. Raises NotFound."""
    account_id = await _id_of(deps, username)
    await deps.db.run("account_set_disabled", account_id=account_id, disabled=disabled)
    return await end_tokens(deps, account_id, HALF_DONE)


async def _id_of(deps: Deps, username: str) -> int:
    row = await by_username(deps, username)
    if row is None:
        raise NotFound(f"There is no account {username}.")
    return int(row.id)
