"""Webhooks: URLs to which staff have events sent. Each is its owner's alone."""

import json
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from service.booking.actor import Actor
from service.booking.answer import Answer, Page
from service.booking.idempotency import together
from service.deps import Deps
from service.errors import InvalidFields, LimitReached, NotActive, NotFound, PreconditionFailed
from service.values.url import names_no_public_address

MOST = 10  # of one owner
MOST_REPLAYED = 10_000  # events that are looked at in one go
NO_WEBHOOK = "There is no such webhook."
DISABLED = "This webhook is disabled: enable it first."
NOT_PUBLIC = "This address is not of the public net."
ANYBODY = 0  # the owner, for who has the command line
FIRST = 1  # generation of a secret


class Listed(NamedTuple):
    """A webhook and its document."""

    id: int
    body: str


def owner(actor: Actor) -> int:
    """Whose webhooks somebody may see: their own; an operator all."""
    return actor.account_id or ANYBODY


async def create(
    deps: Deps, actor: Actor, url: str, types: Sequence[str], include: Sequence[str]
) -> Answer:
    """Have events sent to a URL, from now on; no types stand for all. Raises InvalidFields (url),
    LimitReached, Unavailable (key)."""
    deps.signer.check()
    _check(deps, url)
    async with together(deps) as inside:
        row = await inside.db.run(
            "webhook_create",
            owner_id=actor.account_id,
            url=url,
            types=sorted(set(types)),
            include=sorted(set(include)),
            most=MOST,
        )
    if row is None:
        raise LimitReached(limit="webhooks")
    return Answer(row.body, row.version)


def with_secret(deps: Deps, made: Answer) -> Answer:
    """The answer of create() with the secret in it, which is kept nowhere, not even there."""
    document = json.loads(made.body)
    return made._replace(
        body=json.dumps(document | {"secret": deps.signer.secret(document["id"], FIRST)})
    )


async def get(deps: Deps, actor: Actor, webhook_id: int) -> tuple[Answer, str]:
    """One's own webhook, and the tag of what is shown of it. Raises NotFound."""
    row = await _row(deps, actor, webhook_id)
    return Answer(row.body, row.version), row.tag


async def list_page(
    deps: Deps, actor: Actor, *, after_id: int, limit: int
) -> Page[Sequence[Listed], int]:
    """A page of one's own webhooks, by id."""
    rows = await deps.db.run(
        "webhook_list", owner_id=owner(actor), after_id=after_id, limit=limit + 1
    )
    return Page.of([Listed(*row) for row in rows], limit, attrgetter("id"))


async def change(
    deps: Deps, actor: Actor, webhook_id: int, changes: Mapping[str, Any], version: int = 0
) -> Answer:
    """Change url, types, include, or disable it by its status. A version other than 0 must be the
    current one. Raises NotFound, InvalidFields (url), PreconditionFailed."""
    if "url" in changes:
        _check(deps, changes["url"])
    wanted = dict.fromkeys(("url", "types", "include", "status")) | dict(changes)
    async with together(deps) as inside:
        await _locked(inside, actor, webhook_id, version)
        row = await inside.db.run("webhook_change", webhook_id=webhook_id, **wanted)
    return Answer(row.body, row.version)


async def delete(deps: Deps, actor: Actor, webhook_id: int, version: int = 0) -> None:
    """Send nothing there any more, and forget what was sent. Raises NotFound,
    PreconditionFailed."""
    async with together(deps) as inside:
        await _locked(inside, actor, webhook_id, version)
        await inside.db.run("webhook_delete", webhook_id=webhook_id)


async def secret(deps: Deps, actor: Actor, webhook_id: int) -> Answer:
    """What signs now, and until when the one before it does, too. Raises NotFound."""
    row = await _row(deps, actor, webhook_id)
    return _secret(deps, webhook_id, row.generation, row.old_until)


async def rotate(deps: Deps, actor: Actor, webhook_id: int, overlap_hours: int) -> Answer:
    """Sign with another secret, and for so many hours with the old one, too; with_rotated() tells
    it. Raises NotFound, Unavailable (key)."""
    deps.signer.check()
    async with together(deps) as inside:
        await _locked(inside, actor, webhook_id)
        row = await inside.db.run(
            "webhook_rotate", webhook_id=webhook_id, overlap_hours=overlap_hours
        )
    until = row.old_until and row.old_until.isoformat()
    return Answer.of({"generation": row.generation, "old_until": until}, row.version)


def with_rotated(deps: Deps, webhook_id: int, made: Answer) -> Answer:
    """The answer of rotate() with the secret in it."""
    document = json.loads(made.body)
    shown = _secret(deps, webhook_id, document["generation"], document["old_until"])
    return made._replace(body=shown.body)


async def enable(deps: Deps, actor: Actor, webhook_id: int, *, from_now: bool) -> Answer:
    """Send again, from where it was, or only what happens from now on; at once, if it was in
    trouble. Raises NotFound."""
    async with together(deps) as inside:
        await _locked(inside, actor, webhook_id)
        row = await inside.db.run("webhook_enable", webhook_id=webhook_id, from_now=from_now)
    return Answer(row.body, row.version)


async def test(deps: Deps, actor: Actor, webhook_id: int) -> Answer:
    """Send something of type webhook.test; the delivery's id. Raises NotFound, NotActive."""
    async with together(deps) as inside:
        await check_enabled(inside, actor, webhook_id)
        delivery_id = await inside.db.run("webhook_test", webhook_id=webhook_id)
    return Answer.of({"delivery": delivery_id})


async def replay(
    deps: Deps,
    actor: Actor,
    webhook_id: int,
    *,
    after_id: int,
    until_id: int,
    only_failed: bool,
) -> Answer:
    """Send events after one, up to another, again: how many, and up to which it came. Raises
    NotFound, NotActive."""
    async with together(deps) as inside:
        await check_enabled(inside, actor, webhook_id)
        row = await inside.db.run(
            "webhook_replay",
            webhook_id=webhook_id,
            after_id=after_id,
            until_id=until_id,
            only_failed=only_failed,
            most=MOST_REPLAYED,
        )
    return Answer.of(row._asdict())


def _secret(deps: Deps, webhook_id: int, generation: int, old_until: Any) -> Answer:
    until = old_until.isoformat() if hasattr(old_until, "isoformat") else old_until
    return Answer.of({"secret": deps.signer.secret(webhook_id, generation), "old_until": until})


async def _row(deps: Deps, actor: Actor, webhook_id: int) -> Any:
    row = await deps.db.run("webhook_get", webhook_id=webhook_id, owner_id=owner(actor))
    if row is None:
        raise NotFound(NO_WEBHOOK)
    return row


async def _locked(deps: Deps, actor: Actor, webhook_id: int, version: int = 0) -> Any:
    row = await deps.db.run("webhook_lock", webhook_id=webhook_id, owner_id=owner(actor))
    if row is None:
        raise NotFound(NO_WEBHOOK)
    if version not in (0, row.version):
        raise PreconditionFailed
    return row


async def check_enabled(deps: Deps, actor: Actor, webhook_id: int) -> None:
    """Lock it until the transaction ends. Raises NotFound, NotActive."""
    row = await _locked(deps, actor, webhook_id)
    if row.status != "enabled":
        raise NotActive(DISABLED)


def _check(deps: Deps, url: str) -> None:
    """Names are looked up when they are sent to, and whenever they are."""
    if not deps.settings.webhook_private_addresses and names_no_public_address(url):
        raise InvalidFields({"url": [NOT_PUBLIC]})
