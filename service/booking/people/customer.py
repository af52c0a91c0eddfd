"""Customers as staff see them: people who log in, and people whom only staff book for.

Staff of a provider see those who have or had an appointment there, or whom they made; admins all.
"""

import json
from collections.abc import Mapping
from typing import Any

from service.booking.actor import EVERYWHERE, Actor
from service.booking.answer import NO_CUSTOMER, Answer, Page
from service.booking.calendar.wall import check_zone
from service.booking.idempotency import together
from service.booking.people.account import index
from service.deps import Deps
from service.errors import InvalidFields, NotFound, PermissionDenied
from service.values import search
from service.values.phone import phone

LOOKS = 1000  # people who are looked at for one page
FIELDS = ("name", "email", "phone", "time_zone", "language")
THEIRS = "Only they themselves change the address of somebody who logs in."

Document = Mapping[str, Any]


async def create(deps: Deps, actor: Actor, document: Document) -> Answer:
    """Add somebody without a login. Raises InvalidFields."""
    said = await _settled(deps, dict.fromkeys(FIELDS) | dict(document))
    row = await deps.db.run(
        "customer_create", **said, made_by=actor.provider_id, words=_words(said)
    )
    return Answer(row.body)


async def get(deps: Deps, actor: Actor, customer_id: int) -> Answer:
    """One customer whom the actor may see. Raises NotFound."""
    row = await deps.db.run("customer_get", customer_id=customer_id, staff_of=actor.staff_of)
    if row is None:
        raise NotFound(NO_CUSTOMER)
    return Answer(row.body)


async def list_page(
    deps: Deps, actor: Actor, *, typed: str, after_id: int, limit: int
) -> Page[str, int]:
    """A page of the customers whom the actor may see, by id, as a JSON array; of those whose names,
    addresses or phone numbers have words that begin like the ones that were typed, if any were.

    It may have fewer than the limit, or none, where few of many are what was asked for.
    """
    asked = {"staff_of": actor.staff_of, "after_id": after_id, "limit": limit, "most_looks": LOOKS}
    begun = search.begun(typed)
    if begun:
        words = " & ".join(f"'{one}':*" for one in begun)
        return Page(*await deps.db.run("customer_find", **asked, words=words))
    if typed.strip():
        return Page("[]", None)
    return Page(*await deps.db.run("customer_list", **asked))


async def change(deps: Deps, actor: Actor, customer_id: int, changes: Document) -> Answer:
    """Change what the document of changes has; None takes it away.

    Raises NotFound, InvalidFields, PermissionDenied for an address that somebody logs in with.
    """
    said = await _settled(deps, changes)
    async with together(deps) as inside:
        row = await inside.db.run("customer_lock", customer_id=customer_id, staff_of=actor.staff_of)
        if row is None:
            raise NotFound(NO_CUSTOMER)
        before = json.loads(row.body)
        after = {name: before[name] for name in FIELDS} | said
        if before["username"] is not None and after["email"] != before["email"]:
            raise PermissionDenied(THEIRS)
        row = await inside.db.run(
            "customer_change",
            **after,
            customer_id=customer_id,
            words=_words(after, before["username"]),
        )
    return Answer(row.body)


async def merge(deps: Deps, customer_id: int, into_id: int) -> Answer:
    """Make all that one customer has another's, who is answered; the one is gone.

    Raises NotFound, InvalidFields.
    """
    if customer_id == into_id:
        raise InvalidFields({"into": ["Must be another customer."]})
    async with together(deps) as inside:
        both = [customer_id, into_id]
        there = {one for (one,) in await inside.db.run("customer_lock_both", customer_id=both)}
        if customer_id not in there:
            raise NotFound(NO_CUSTOMER)
        if into_id not in there:
            raise InvalidFields({"into": [NO_CUSTOMER]})
        await inside.db.run("customer_merge", customer_id=customer_id, into_id=into_id)
        await index(inside, into_id)
        row = await inside.db.run("customer_get", customer_id=into_id, staff_of=EVERYWHERE)
    return Answer(row.body)


async def _settled(deps: Deps, said: Document) -> dict[str, Any]:
    """What was said, as it is kept. Raises InvalidFields."""
    settled = dict(said)
    if said.get("time_zone") is not None:
        await check_zone(deps, said["time_zone"])
    if said.get("phone") is not None:
        try:
            settled["phone"] = phone(said["phone"])
        except ValueError as error:
            raise InvalidFields({"phone": [str(error)]}) from None
    return settled


def _words(said: Document, username: str | None = None) -> list[str]:
    return search.words(username, said["name"], said["email"], phone=said["phone"])
