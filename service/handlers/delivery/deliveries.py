"""What became of events on their way to a webhook."""

from typing import Literal

import msgspec

from service.booking.answer import Answer, Page
from service.booking.delivery import delivery
from service.deps import Deps
from service.errors import NotActive
from service.handlers.delivery import webhooks
from service.http import cursor
from service.http.base import ApiHandler, endpoint
from service.http.fields import INT64, Cursor, Limit
from service.openapi.answers.delivery import webhook as answers

TAG = webhooks.TAG


class DeliveryQuery(msgspec.Struct):
    status: Literal["pending", "delivered", "failed"] | None = None
    limit: Limit = 100
    cursor: Cursor = ""


class Deliveries(ApiHandler):
    @endpoint("listDeliveries", query=DeliveryQuery, answers=(200, list[answers.Delivery]))
    async def get(self, webhook_id: int) -> None:
        """What was sent, or is to be sent, the newest first. It is forgotten after 30 days."""
        page = await delivery.list_page(
            self.deps,
            self.actor,
            webhook_id,
            status=self.query.status or "",
            before_id=cursor.read(self.query.cursor, int) or INT64,
            limit=self.query.limit,
        )
        self.give_page(Page(f"[{','.join(one.body for one in page.body)}]", page.next))


class Delivery(ApiHandler):
    @endpoint("getDelivery", answers=(200, answers.DeliveryTold))
    async def get(self, webhook_id: int, delivery_id: int) -> None:
        """One delivery, and what came of each attempt."""
        self.give(200, await delivery.get(self.deps, self.actor, webhook_id, delivery_id))


class ReplayDelivery(ApiHandler):
    @endpoint("replayDelivery", answers=(202, answers.DeliveryReplayed), raises=(NotActive,))
    async def post(self, webhook_id: int, delivery_id: int) -> None:
        """Send one again, or now if it waits."""

        async def replay(deps: Deps) -> Answer:
            return await delivery.replay(deps, self.actor, webhook_id, delivery_id)

        await self.give_once(202, replay)
