"""Events, as the list and the stream have them."""

from typing import Annotated, Any

from msgspec import Meta

from service.booking.delivery.event import EventType
from service.openapi.answers.shape import Instant, Shape


class Event(Shape):
    """What has happened. Ids order events, `at` does not: clocks differ."""

    id: Annotated[int, Meta(ge=1, description="Dense: each is one more than the one before.")]
    type: EventType
    at: Instant
    data: Annotated[
        dict[str, Any],
        Meta(
            description="Ids, times, statuses and versions: of an appointment where it is and was, "
            "of slots how they are now. Nothing of a person.",
            examples=[{"provider_id": 1, "version": 2}],
        ),
    ]


EventStream = Annotated[
    str,
    Meta(
        description="Server-Sent Events: each has `id`, `event`, which is its type, and `data`, "
        "which is the event as the list has it.",
        examples=["id: 7\nevent: slot.changed\ndata: {}\n\n"],
    ),
]
