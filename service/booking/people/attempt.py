"""Tries to get in: each is counted before a password is looked at, which costs a lot of work."""

from typing import NamedTuple

from service.access.limits import Standing
from service.deps import Deps
from service.values.names import username_key


class Attempt(NamedTuple):
    """A try that was counted: at which account, from where, and how the client stands with the
    limit now. Whatever looks at passwords asks for one."""

    username: str
    address: str
    standing: Standing | None


async def at_login(deps: Deps, username: str, address: str) -> Attempt:
    """Count one more try at the account's password. Raises RateLimited, Unavailable; where there
    is no room for one more password, nothing is counted."""
    deps.passwords.check_room()
    return Attempt(username, address, await deps.limits.login(username_key(username), address))


async def at_register(deps: Deps, username: str, address: str) -> Attempt:
    """Count one more registration from the address; raises as at_login() does."""
    deps.passwords.check_room()
    return Attempt(username, address, await deps.limits.register(address))
