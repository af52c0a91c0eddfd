"""Services: what can be booked."""

from typing import Annotated

from msgspec import Meta

from service.openapi.answers.shape import Shape

Ids = dict[str, list[int]]


class Offer(Shape):
    """A provider who gives a service, and its share where anybody may."""

    provider: int
    weight: int


class Service(Shape):
    id: int
    name: str
    description: str
    duration_minutes: int
    step_minutes: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    lead_minutes: int
    horizon_days: int
    per_day: int | None
    per_customer_day: int | None
    per_customer_open: int | None
    capacity: int
    party_max: int
    approval_minutes: int | None
    hold_seconds: int | None
    offer_minutes: int | None
    notice_minutes: int | None
    providers: list[Offer]
    needs: Annotated[
        Ids, Meta(description="One of each role is needed.", examples=[{"room": [21, 22]}])
    ]
    version: int
