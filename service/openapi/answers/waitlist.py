"""Those who wait, and what they are offered."""

from typing import Annotated, Literal

from msgspec import Meta, field

from service.openapi.answers.shape import Instant, Shape


class Joined(Shape):
    id: int
    status: Literal["waiting"]
    position: Annotated[int, Meta(description="In the line, from 1.")]


class Waiting(Shape):
    """`over` where its time has come and nothing was offered; `passed` where an offer was let go
    of, or ran out; `accepted` where it was confirmed."""

    id: int
    status: Literal["waiting", "offered", "accepted", "passed", "over"]
    position: int | None
    hold: int | None
    expires_at: Instant | None
    slot: int | None
    service: int | None
    provider: int | None
    from_at: Instant | None = field(name="from")
    to_at: Instant | None = field(name="to")
    size: int
