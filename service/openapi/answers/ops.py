"""The process, the API itself, and what went wrong."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from service.openapi.answers.calendar import Slot, Time
from service.openapi.answers.series import SeriesLine
from service.openapi.answers.shape import Shape


class Overview(Shape):
    """Paths on this server."""

    title: str
    version: str
    docs: Annotated[str, Meta(description="The API in a browser.")]
    openapi: Annotated[str, Meta(description="The API as an OpenAPI document.")]
    resources: Annotated[dict[str, str], Meta(description="Path by name.")]


class Healthy(Shape):
    status: Literal["ok"]


class Ready(Shape):
    status: Literal["ready"]


Figures = Annotated[
    str,
    Meta(
        description="Prometheus text exposition.",
        examples=["# TYPE http_requests_total counter\n"],
    ),
]
RobotsText = Annotated[
    str,
    Meta(description="As in RFC 9309.", examples=["User-agent: *\nDisallow: /calendar/\n"]),
]
Page = Annotated[str, Meta(description="HTML.", examples=["<!doctype html>"])]


class Problem(Struct):
    """RFC 9457. `errors` comes with `invalid`; `alternatives`, or of a service `times`, with
    `slot_taken`, and `remaining` where a group has places, but too few; of a service `limit` with
    `limit_reached`; `dates` with `series_conflict`; `oldest` and `head` with `cursor_expired`;
    `index` where several things were asked for at once."""

    type: str
    title: str
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: Annotated[str, Meta(description="A sentence for a person.")]
    code: Annotated[str, Meta(description="Stable: what programs may decide by.")]
    request_id: str
    errors: dict[str, list[str]] | UnsetType = UNSET
    alternatives: Annotated[list[Slot], Meta(max_length=3)] | UnsetType = UNSET
    times: Annotated[list[Time], Meta(max_length=3)] | UnsetType = UNSET
    remaining: int | UnsetType = UNSET
    limit: str | UnsetType = UNSET
    dates: list[SeriesLine] | UnsetType = UNSET
    oldest: int | UnsetType = UNSET
    head: int | UnsetType = UNSET
    index: Annotated[int, Meta(ge=0, description="Of the one that was refused.")] | UnsetType = (
        UNSET
    )
