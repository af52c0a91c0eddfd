"""Webhooks, and what was sent to them."""

from typing import Annotated, Literal

from msgspec import Meta

from service.booking.delivery.event import EventType
from service.openapi.answers.shape import Instant, Shape

Key = Annotated[
    str,
    Meta(
        description="For Standard Webhooks 1.0: `whsec_` and base64.",
        examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD5xVtgYkYRGo="],
    ),
]


class Webhook(Shape):
    """`reason` says why it is disabled: `owner` has done it, its URL is `gone` (410), or it was
    `failing` for days. `cursor` is that of the events behind which it goes on."""

    id: int
    url: str
    types: list[EventType]
    include: list[Literal["appointment"]]
    status: Literal["enabled", "disabled"]
    reason: Literal["", "failing", "gone", "owner"]
    failing_since: Instant | None
    cursor: int
    created_at: Instant


class WebhookMade(Webhook):
    secret: Key


class Secret(Shape):
    secret: Key
    old_until: Instant | None


class Tested(Shape):
    delivery: int


class Replayed(Shape):
    """How many deliveries are pending because of it, and up to which event it came."""

    count: int
    until: int


class DeliveryReplayed(Shape):
    count: int


class Delivery(Shape):
    """`event` is null of a test. `last_error` is a class: none where it was taken."""

    id: int
    event: int | None
    type: Literal[EventType, "webhook.test"]
    status: Literal["pending", "delivered", "failed"]
    attempts: int
    due_at: Instant | None
    last_status: int | None
    last_error: str | None
    created_at: Instant
    settled_at: Instant | None


class Attempt(Shape):
    """`trigger` is `manual` where somebody asked for it; `excerpt` is how the answer began."""

    at: Instant
    trigger: Literal["auto", "manual"]
    ms: int
    status: int | None
    error: str | None
    detail: str | None
    excerpt: str | None


class DeliveryTold(Delivery):
    attempts_made: list[Attempt]
