"""Services: what can be booked, how long it takes, with whom, what it needs, how often it may be.

A service is its document, as clients write and read it. Every change makes a new version, and the
document of each is kept: appointments stay as they were made.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from service.booking.actor import Actor
from service.booking.answer import NO_SERVICE, Answer, Page
from service.booking.idempotency import together
from service.deps import Deps
from service.errors import InvalidFields, NotFound, PreconditionFailed
from service.values import names

LONGEST_ROLE = 50  # characters
MOST_NEEDED = 500  # providers in all roles together

Document = Mapping[str, Any]

USUAL: Document = MappingProxyType(
    {
        "description": "",
        "step_minutes": None,  # as long as the duration
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 0,
        "lead_minutes": 0,
        "horizon_days": 90,
        "per_day": None,
        "per_customer_day": None,
        "per_customer_open": None,
        "capacity": 1,
        "party_max": 1,
        "approval_minutes": None,
        "hold_seconds": None,
        "offer_minutes": None,
        "notice_minutes": None,
        "needs": {},
    }
)


async def create(deps: Deps, actor: Actor, document: Document) -> Answer:
    """Add a service; what its document leaves out, or says None of, is as USUAL.

    Raises InvalidFields.
    """
    said = {name: value for name, value in document.items() if value is not None}
    wanted = _settled({**USUAL, **said})
    async with together(deps) as inside:
        service_id = await inside.db.run("service_create", **_plain(wanted))
        return await _staff(inside, actor, service_id, wanted, ())


async def get(deps: Deps, service_id: int) -> Answer:
    """One service. Raises NotFound, also where it is retired."""
    row = await deps.db.run("service_get", service_id=service_id)
    if row is None:
        raise NotFound(NO_SERVICE)
    return Answer(*row)


async def list_page(
    deps: Deps, *, provider_ids: Sequence[int] = (), after_id: int, limit: int
) -> Page[str, int]:
    """A page of services by id, or of those of some providers, as a JSON array; the next begins
    after an id."""
    body, last_id, more = await deps.db.run(
        "service_list", provider_ids=list(provider_ids), after_id=after_id, limit=limit
    )
    return Page(body, last_id if more else None)


async def change(
    deps: Deps, actor: Actor, service_id: int, changes: Document, version: int = 0
) -> Answer:
    """Change what the document of changes has; lists as a whole. None clears a limit.

    A version other than 0 must be the current one. Raises NotFound, InvalidFields,
    PreconditionFailed.
    """
    async with together(deps) as inside:
        row = await inside.db.run("service_lock", service_id=service_id)
        if row is None or row.retired:
            raise NotFound(NO_SERVICE)
        if version not in (0, row.version):
            raise PreconditionFailed
        before = json.loads(row.body)
        wanted = _settled(before | dict(_followed(before, changes)))
        await inside.db.run("service_change", service_id=service_id, **_plain(wanted))
        return await _staff(inside, actor, service_id, wanted, _concerned(before))


async def retire(deps: Deps, actor: Actor, service_id: int, version: int = 0) -> None:
    """Take no more bookings of a service; those there are stay. Again it changes nothing.

    A version other than 0 must be the current one. Raises NotFound, PreconditionFailed.
    """
    async with together(deps) as inside:
        row = await inside.db.run("service_lock", service_id=service_id)
        if row is None:
            raise NotFound(NO_SERVICE)
        if row.retired:
            return
        if version not in (0, row.version):
            raise PreconditionFailed
        await inside.db.run("service_retire", service_id=service_id)
        await _touch(inside, _concerned(json.loads(row.body)))
        await _keep(inside, actor, service_id)


async def _staff(
    deps: Deps, actor: Actor, service_id: int, wanted: Document, before: Iterable[int]
) -> Answer:
    """Give a service its providers, and keep its version; `before` are those who had it."""
    known = await _touch(deps, {*before, *_concerned(wanted)})
    offers, needs = wanted["providers"], wanted["needs"]
    wrong = {
        "providers": _missing((offer["provider"] for offer in offers), known),
        "needs": _missing((one for ids in needs.values() for one in ids), known),
    }
    if any(wrong.values()):
        raise InvalidFields({name: messages for name, messages in wrong.items() if messages})
    await deps.db.run(
        "service_staff",
        service_id=service_id,
        provider_id=[offer["provider"] for offer in offers],
        weight=[offer["weight"] for offer in offers],
        role=[role for role, ids in needs.items() for _ in ids],
        room_id=[one for ids in needs.values() for one in ids],
    )
    return await _keep(deps, actor, service_id)


async def _touch(deps: Deps, provider_ids: Iterable[int]) -> set[int]:
    """Lock these providers, whose times change; those that there are."""
    rows = await deps.db.run("service_lock_providers", provider_id=sorted(provider_ids))
    return {provider_id for (provider_id,) in rows}


async def _keep(deps: Deps, actor: Actor, service_id: int) -> Answer:
    row = await deps.db.run("service_keep", service_id=service_id, actor_id=actor.account_id)
    return Answer(*row)


def _concerned(document: Document) -> set[int]:
    """Everybody who gives a service, and every room and thing that it may need."""
    needed = {one for ids in document["needs"].values() for one in ids}
    return needed.union(offer["provider"] for offer in document["providers"])


def _missing(wanted: Iterable[int], known: set[int]) -> list[str]:
    return [f"There is no provider {one}." for one in wanted if one not in known]


def _plain(document: Document) -> dict[str, Any]:
    """The columns of a service's own row."""
    return {
        name: value
        for name, value in document.items()
        if name not in ("id", "version", "providers", "needs")
    }


def _followed(before: Document, changes: Document) -> Document:
    """The changes, with the step as long as the duration if it was so."""
    follows = before["step_minutes"] == before["duration_minutes"]
    return {"step_minutes": None, **changes} if follows else changes


def _settled(document: Document) -> dict[str, Any]:
    """The document with its step and needs. Raises InvalidFields where parts contradict others."""
    needs = {_role(role): ids for role, ids in document["needs"].items()}
    offers = [offer["provider"] for offer in document["providers"]]
    needed = [one for ids in needs.values() for one in ids]
    wrong = {}
    if document["party_max"] > document["capacity"]:
        wrong["party_max"] = ["Must not be greater than capacity."]
    if message := _twice(offers):
        wrong["providers"] = [message]
    elif message := _twice([*offers, *needed]) or _too_few_or_many(needs, len(needed)):
        wrong["needs"] = [message]
    if wrong:
        raise InvalidFields(wrong)
    step = document["step_minutes"] or document["duration_minutes"]
    return dict(document) | {"step_minutes": step, "needs": needs}


def _role(typed: str) -> str:
    """The name of a role. Raises InvalidFields."""
    try:
        role = names.title(typed)
    except ValueError as error:
        raise InvalidFields({"needs": [str(error)]}) from None
    if len(role) > LONGEST_ROLE:
        raise InvalidFields({"needs": [names.LONG.format(LONGEST_ROLE)]})
    return role


def _twice(ids: Sequence[int]) -> str:
    """That a provider is named twice, if one is: nobody can be in two places."""
    seen: set[int] = set()
    for one in ids:
        if one in seen:
            return f"Provider {one} is named twice."
        seen.add(one)
    return ""


def _too_few_or_many(needs: Mapping[str, Sequence[int]], count: int) -> str:
    if not all(needs.values()):
        return "Each role needs somebody who can take it."
    return f"Ensure there are no more than {MOST_NEEDED}." if count > MOST_NEEDED else ""
