"""The tokens of an account: which there are, and the end of some."""

from collections.abc import Sequence
from typing import NamedTuple

from service.access.sessions import Session, Token
from service.booking.answer import Page
from service.deps import Deps
from service.errors import NotFound, OutcomeUnknown, Unavailable


class Cursor(NamedTuple):
    """Where the last page ended: with a token made so many seconds since 1970, of this id."""

    created_at: int = 0
    token_id: int = 0


async def tokens(
    deps: Deps, actor: Session, after: Cursor, limit: int
) -> Page[Sequence[Token], Cursor]:
    """A page of the actor's living tokens, oldest first."""
    living = await deps.sessions.tokens(actor.account_id)
    found = [token for token in living if (token.created_at, token.id) > after]
    return Page.of(found, limit, lambda token: Cursor(token.created_at, token.id))


async def logout_session(deps: Deps, actor: Session, token_id: int) -> None:
    """Delete one of the actor's tokens. Raises NotFound."""
    if not await deps.sessions.revoke(actor, [token_id]):
        raise NotFound("There is no such token.")


async def end_tokens(deps: Deps, account_id: int, half_done: str | None = None) -> int:
    """Delete all tokens of an account that was changed; how many. Raises OutcomeUnknown, with what
    is said of a change that is but half done."""
    try:
        return await deps.sessions.revoke_all(account_id)
    except Unavailable:
        raise OutcomeUnknown(half_done) from None


async def logout_elsewhere(deps: Deps, actor: Session, *, keep: int | None = None) -> None:
    """Delete all the actor's tokens but the one to keep."""
    await deps.sessions.revoke_all(actor.account_id, keep=keep)
