"""Registering: a new customer."""

from service.booking.answer import Answer
from service.booking.idempotency import NO_KEY, NOBODY, Key, kept, of_nobody, once, sealed
from service.booking.people.account import Details, check_password, create
from service.booking.people.attempt import Attempt
from service.deps import Deps
from service.values.names import username_key


async def register(
    deps: Deps, attempt: Attempt, details: Details, password: str, key: Key = NO_KEY
) -> Answer:
    """Add a customer. Raises InvalidFields (password), UsernameTaken, KeyReused."""
    username = attempt.username
    check_password(deps, "password", password)
    key = await sealed(deps, of_nobody(key, username), "register", password)
    before = await kept(deps, NOBODY, key)
    if before is not None:
        return before
    hashed = await deps.passwords.hash(password)

    async def work(deps: Deps) -> Answer:
        return Answer.of((await create(deps, username, details, hashed))._asdict())

    answer = await once(deps, NOBODY, key, work)
    await deps.limits.remember(username_key(username), attempt.address)
    return answer
