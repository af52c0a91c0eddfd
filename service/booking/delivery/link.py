"""Links by which other calendars read one of ours. Whoever has one needs nothing else."""

import hashlib
import secrets
from typing import NamedTuple

from service.booking.actor import EVERYWHERE, Actor
from service.booking.answer import NO_PROVIDER
from service.deps import Deps
from service.errors import InvalidFields, LimitReached, NotFound, PermissionDenied

MOST = 10  # links of one account
TOKEN_BYTES = 32
OWN = 0  # the provider of a link to one's own appointments


class Made(NamedTuple):
    """A new link as JSON, and its token, which nobody can tell again."""

    body: str
    token: str


class Opened(NamedTuple):
    """What a link opens: an account's own appointments, or those with a provider; and whose."""

    account_id: int
    provider_id: int
    name: str


async def create(deps: Deps, actor: Actor, provider_id: int) -> Made:
    """One more link, to one's own appointments or to a provider's calendar.

    Raises PermissionDenied, NotFound (provider), LimitReached.
    """
    if provider_id != OWN and not actor.keeps(provider_id):
        raise PermissionDenied
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = await deps.db.run(
        "calendar_link_create",
        account_id=actor.account_id,
        provider_id=provider_id,
        digest=_digest(token),
        most=MOST,
    )
    if row.verdict == "no_provider":
        raise NotFound(NO_PROVIDER)
    if row.verdict == "limit_reached":
        raise LimitReached(limit="calendar_links")
    return Made(row.body, token)


def calendar_of(actor: Actor, provider_id: int | None) -> int:
    """The provider that staff mean: the one they name, or else keep. Raises PermissionDenied,
    InvalidFields where an admin names none."""
    if provider_id:
        return provider_id
    if actor.staff_of == EVERYWHERE:
        raise InvalidFields({"provider": ["This field is required."]})
    if not actor.staff_of:
        raise PermissionDenied
    return actor.staff_of


async def listed(deps: Deps, actor: Actor) -> str:
    """All links of the actor, by id, as a JSON array; never their tokens."""
    body: str = await deps.db.run("calendar_link_list", account_id=actor.account_id)
    return body


async def delete(deps: Deps, actor: Actor, link_id: int) -> None:
    """From now on it opens nothing. Raises NotFound."""
    gone = await deps.db.run("calendar_link_delete", link_id=link_id, account_id=actor.account_id)
    if not gone:
        raise NotFound("There is no such link.")


async def find(deps: Deps, token: str) -> Opened:
    """What a token opens, and note that it was used. Raises NotFound for one that was never made
    or opens nothing any more, which takes the same time."""
    row = await deps.db.run("calendar_link_find", digest=_digest(token))
    if row is None:
        raise NotFound
    if row.unused:
        await deps.db.run("calendar_link_use", link_id=row.id)
    return Opened(row.account_id, row.provider_id, row.name)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
