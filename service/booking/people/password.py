"""Changing one's own password."""

from service.access.sessions import Session
from service.booking.answer import Answer
from service.booking.idempotency import NO_KEY, Key, kept, once, sealed
from service.booking.people.account import check_password
from service.booking.people.attempt import Attempt
from service.booking.people.tokens import logout_elsewhere
from service.deps import Deps
from service.errors import InvalidFields, InvalidToken, OutcomeUnknown, Unavailable

CHANGED = Answer('{"message":"Password changed successfully"}')


async def change_password(
    deps: Deps,
    actor: Session,
    attempt: Attempt,
    current: str,
    new: str,
    key: Key = NO_KEY,
) -> Answer:
    """Change the password; every other token of the account dies. The attempt is one at_login():
    a stolen token must not be worth more guesses.

    Raises InvalidFields when the current password is wrong or the new one won't do, KeyReused.
    """
    check_password(deps, "new_password", new)
    row = await deps.db.run("account_password_hash", account_id=actor.account_id)
    if row is None:
        raise InvalidToken
    key = await sealed(deps, key, str(actor.account_id), current, new)
    answer = await kept(deps, actor.account_id, key)
    if answer is None:
        hashes = await _hashes(deps, row.password_hash, current, new)
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
