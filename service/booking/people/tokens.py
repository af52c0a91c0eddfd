"""The tokens of an account: which there are, and the end of some."""

from datetime import UTC, datetime
from typing import Any

from service.access.sessions import Session, Token
from service.deps import Deps
from service.errors import (
    NotFound,
)


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
