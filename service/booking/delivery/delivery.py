"""What became of events on their way to a webhook, as its owner sees it."""

import json
from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple

from service.booking.actor import Actor
from service.booking.answer import Answer, Page
from service.booking.delivery import webhook
from service.booking.idempotency import together
from service.deps import Deps
from service.errors import NotFound

NO_DELIVERY = "There is no such delivery."
ATTEMPTS = 100  # of one delivery that are shown, the last ones


class Listed(NamedTuple):
    """A delivery and its document."""

    id: int
    body: str


async def list_page(
    deps: Deps, actor: Actor, webhook_id: int, *, status: str, before_id: int, limit: int
) -> Page[Sequence[Listed], int]:
    """A page of deliveries, the newest first; of any status for an empty one. Raises NotFound."""
    await webhook.get(deps, actor, webhook_id)
    rows = await deps.db.run(
        "delivery_list",
        webhook_id=webhook_id,
        status=status,
        before_id=before_id,
        limit=limit + 1,
    )
    return Page.of([Listed(*row) for row in rows], limit, attrgetter("id"))


async def get(deps: Deps, actor: Actor, webhook_id: int, delivery_id: int) -> Answer:
    """One delivery with its attempts. Raises NotFound."""
    await webhook.get(deps, actor, webhook_id)
    row = await deps.db.run("delivery_get", webhook_id=webhook_id, delivery_id=delivery_id)
    if row is None:
        raise NotFound(NO_DELIVERY)
    attempts = await deps.db.run("delivery_attempts", delivery_id=delivery_id, most=ATTEMPTS)
    names = ("at", "trigger", "ms", "status", "error", "detail", "excerpt")
    told = [dict(zip(names, (one[0].isoformat(), *one[1:]), strict=True)) for one in attempts]
    return Answer.of(json.loads(row.body) | {"attempts_made": told})


async def replay(deps: Deps, actor: Actor, webhook_id: int, delivery_id: int) -> Answer:
    """Send it again, or now if it waits. Its id stays: a receiver that has processed it will
    rightly ignore it. Raises NotFound, NotActive."""
    async with together(deps) as inside:
        await webhook.check_enabled(inside, actor, webhook_id)
        found = await inside.db.run(
            "delivery_replay", webhook_id=webhook_id, delivery_id=delivery_id
        )
    if found is None:
        raise NotFound(NO_DELIVERY)
    return Answer.of({"count": 1})
