"""Customers, for staff."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from service.booking.answer import Answer
from service.booking.broad import in_turn
from service.booking.people import customer
from service.booking.people.tokens import end_tokens
from service.deps import Deps
from service.handlers.calendar.provider import Zone
from service.http import cursor
from service.http.base import ApiHandler, endpoint
from service.http.fields import Body, Cursor, Email, Id, Limit, Title
from service.openapi.answers import people as answers
from service.values.phone import LONGEST, PHONE

TAG = "Customers", "Whoever staff book for, and who books."

Phone = Annotated[str, Meta(min_length=1, max_length=LONGEST, description=PHONE)]
Language = Annotated[
    str,
    Meta(
        min_length=2,
        max_length=35,
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z",
        description="A language, such as en or de-CH (BCP 47).",
    ),
]


class CustomerBody(Body):
    name: Title
    email: Email | None = None
    phone: Phone | None = None
    time_zone: Zone | None = None
    language: Language | None = None


class CustomerChanges(Body):
    """What is null is taken away, but for the name."""

    name: Title | None = None
    email: Email | UnsetType | None = UNSET
    phone: Phone | UnsetType | None = UNSET
    time_zone: Zone | UnsetType | None = UNSET
    language: Language | UnsetType | None = UNSET


class CustomerQuery(msgspec.Struct):
    q: Annotated[str, Meta(max_length=200)] = ""
    limit: Limit = 100
    cursor: Cursor = ""


class MergeBody(Body):
    into: Id


class Customers(ApiHandler):
    @endpoint("listCustomers", query=CustomerQuery, answers=(200, list[answers.Customer]))
    async def get(self) -> None:
        """The customers whom you may see, by id: of a provider's staff those who have or had an
        appointment there, or whom they made.

        A page may have fewer than `limit`, or none, and still name a next one in `Link`: only so
        many people are looked at for each."""
        query: CustomerQuery = self.query
        page = await customer.list_page(
            self.deps,
            self.actor,
            typed=query.q,
            after_id=cursor.read(query.cursor, int),
            limit=query.limit,
        )
        self.give_page(page)

    @endpoint(
        "createCustomer", body=CustomerBody, answers=(201, answers.Customer), sends=("Location",)
    )
    async def post(self) -> None:
        """Add somebody to book for, who can't log in."""

        async def create(deps: Deps) -> Answer:
            return await customer.create(deps, self.actor, msgspec.to_builtins(self.body))

        made = await in_turn(self.deps, self.actor.account_id, self.key, create)
        self.set_header("Location", f"/api/customers/{msgspec.json.decode(made.body)['id']}/")
        self.give(201, made)


class Customer(ApiHandler):
    @endpoint("getCustomer", answers=(200, answers.Customer))
    async def get(self, customer_id: int) -> None:
        """One customer."""
        self.give(200, await customer.get(self.deps, self.actor, customer_id))

    @endpoint("changeCustomer", body=CustomerChanges, answers=(200, answers.Customer))
    async def patch(self, customer_id: int) -> None:
        """Change what is known of a customer; null takes it away. The address of one who logs in
        is their own to change."""
        changes: dict[str, Any] = msgspec.to_builtins(self.body)
        if changes["name"] is None:
            del changes["name"]

        async def change(deps: Deps) -> Answer:
            return await customer.change(deps, self.actor, customer_id, changes)

        await self.give_once(200, change)


class Merge(ApiHandler):
    @endpoint("mergeCustomer", body=MergeBody, answers=(200, answers.Customer))
    async def post(self, customer_id: int) -> None:
        """Make all that a customer has another's: appointments, their history, keys.

        The one is gone and its tokens die; the other is answered."""

        async def merge(deps: Deps) -> Answer:
            return await customer.merge(deps, customer_id, self.body.into)

        merged = await in_turn(self.deps, self.actor.account_id, self.key, merge)
        await end_tokens(self.deps, customer_id)
        self.give(200, merged)
