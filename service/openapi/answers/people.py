"""Accounts and their tokens."""

from typing import Annotated, Literal

from msgspec import Meta

from service.booking.status import Role
from service.openapi.answers.shape import Instant, Shape


class Account(Shape):
    id: int
    username: str
    email: str


class Me(Account):
    role: Role


class Customer(Shape):
    """Somebody who has or gets appointments; without a username one who can't log in."""

    id: int
    username: str | None
    name: str | None
    email: str | None
    phone: str | None
    time_zone: str | None
    language: str | None
    made_by: Annotated[int | None, Meta(description="Id of the provider whose staff made them.")]
    created_at: Instant


class Login(Shape):
    token: Annotated[str, Meta(pattern="^[0-9a-f]{40}$")]
    username: str


class LoggedOut(Shape):
    message: Literal["Logged out successfully"]


class PasswordChanged(Shape):
    message: Literal["Password changed successfully"]


class Token(Shape):
    """A living token, by id: the token itself is shown once, at login."""

    id: int
    created_at: Instant
    current: Annotated[bool, Meta(description="Whether it is the one of this request.")]
