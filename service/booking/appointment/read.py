"""Looking at appointments: one, one by one, and what became of each."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from operator import attrgetter
from typing import Any, Literal, NamedTuple

from service.booking.actions import STAFF_ONLY
from service.booking.actor import Actor
from service.booking.answer import NO_APPOINTMENT, Answer, Page, tag
from service.booking.broad import Work, broad_lane
from service.booking.status import APPOINTMENT_STATUSES
from service.deps import Deps, named_lane
from service.errors import InvalidFields, NotFound, PermissionDenied
from service.lane import Lane
from service.store.arrays import columns

PAGE_BYTES = 256 * 1024  # of notes, after which a page ends
LOOKS = 2000  # appointments that are looked at for one page, and slots that have none


Order = Literal["booked", "starts_at", "-starts_at"]


class ListItem(NamedTuple):
    """A page of somebody's own appointments; "" stands for any provider or status, and several have
    commas between them."""

    account_id: int
    provider_ids: str
    status: str
    from_at: datetime | str
    to_at: datetime | str
    after_id: int
    limit: int
    expand: bool
    known: str


class Cursor(NamedTuple):
    """Where the last page ended: with this appointment, and in a list by time in this slot."""

    slot_id: int = 0
    appointment_id: int = 0


BEGINNING = Cursor()
BOOKED: Order = "booked"
BACK: Order = "-starts_at"


@named_lane("appointments")
def list_lane(deps: Deps) -> Lane[ListItem, Page[str | None, Cursor]]:
    """The lane in which lists of one's own appointments are read."""

    async def read(items: list[ListItem]) -> list[Page[str | None, Cursor]]:
        rows = await deps.db.run(
            "appointment_list", **columns(items), most_bytes=PAGE_BYTES, most_looks=LOOKS
        )
        return [
            Page(body, Cursor(0, last) if more else None, tag) for _, body, last, more, tag in rows
        ]

    return Lane.reading(deps.settings, read, owner=attrgetter("account_id"))


async def get(deps: Deps, actor: Actor, appointment_id: int, expand: bool) -> tuple[Answer, str]:
    """One appointment that the actor may see, and its tag. Raises NotFound."""
    row = await deps.db.run(
        "appointment_get",
        appointment_id=appointment_id,
        actor_id=actor.account_id,
        staff_of=actor.staff_of,
        expand=expand,
    )
    if row is None:
        raise NotFound(NO_APPOINTMENT)
    body, version, slot_version, provider_version = row
    shown = f"{version}.{slot_version}" if expand else str(version)
    return Answer(body, version), tag(shown, provider_version)


async def history(
    deps: Deps, actor: Actor, appointment_id: int, *, after_id: int, limit: int
) -> Page[str, int]:
    """A page of the changes of an appointment that the actor may see, oldest first. Customers see
    "staff" for any of them, and of their reasons those of cancelling. Raises NotFound."""
    row = await deps.db.run(
        "appointment_history",
        appointment_id=appointment_id,
        actor_id=actor.account_id,
        staff_of=actor.staff_of,
        staff_only=STAFF_ONLY,
        after_id=after_id,
        limit=limit,
    )
    if row is None:
        raise NotFound(NO_APPOINTMENT)
    body, last_id, more = row
    return Page(body, last_id if more else None)


async def list_page(
    deps: Deps,
    actor: Actor,
    *,
    provider_ids: Sequence[int] = (),
    statuses: Sequence[str] = (),
    from_at: datetime | str,
    to_at: datetime | str,
    order: Order | None = None,
    after: Cursor,
    limit: int,
    expand: bool,
    outside_hours: bool = False,
    known: str = "",
) -> Page[str | None, Cursor]:
    """A page of the actor's own appointments, in the order they were booked unless told otherwise;
    or of all with some providers for those who are staff of each, by the time of their slots.

    Outside of hours are those that are still to come, and that no hours hold now; they are for
    staff. It may have fewer than the limit, or none, where notes are long or few in so many are
    what was asked for. A page with the tag `known` comes without its body. Raises InvalidFields for
    a cursor of the other list, PermissionDenied.
    """
    of_staff = bool(provider_ids) and all(map(actor.keeps, provider_ids))
    if outside_hours:
        if not provider_ids:
            raise InvalidFields({"provider": ["This field is required with outside_hours."]})
        if not of_staff:
            raise PermissionDenied
        now = datetime.now(UTC)
        from_at = now if isinstance(from_at, str) else max(from_at, now)
    if of_staff and order == BOOKED:
        raise InvalidFields({"order": ["A provider's list is by starts_at or -starts_at."]})
    by_time = of_staff or order not in (None, BOOKED)
    if after != BEGINNING and bool(after.slot_id) != by_time:
        raise InvalidFields({"cursor": ["Invalid cursor."]})
    if not by_time:
        whose = actor.account_id, ",".join(map(str, provider_ids)), ",".join(statuses)
        item = ListItem(*whose, from_at, to_at, after.appointment_id, limit, expand, known)
        return await deps.lanes[list_lane].submit(item)
    asked = {
        "provider_ids": list(dict.fromkeys(provider_ids)),
        "statuses": list(statuses or APPOINTMENT_STATUSES),
        "from_at": from_at,
        "to_at": to_at,
        "after_slot_id": after.slot_id,
        "after_id": after.appointment_id,
        "limit": limit,
        "expand": expand,
        "most_bytes": PAGE_BYTES,
        "most_looks": LOOKS,
    }
    if of_staff:
        look = partial(_of_staff, deps, order == BACK, asked | {"outside_hours": outside_hours})
    else:
        look = partial(_own_by_time, deps, actor, order == BACK, asked)
    body, last_slot_id, last_id, more = await deps.lanes[broad_lane].submit(
        Work(actor.account_id, look)
    )
    return Page(body, Cursor(last_slot_id, last_id) if more else None)


async def _of_staff(deps: Deps, back: bool, asked: Mapping[str, Any]) -> Any:
    if back:
        return await deps.db.run("appointment_list_provider_back", **asked)
    return await deps.db.run("appointment_list_provider", **asked)


async def _own_by_time(deps: Deps, actor: Actor, back: bool, asked: Mapping[str, Any]) -> Any:
    whose = {"account_id": actor.account_id, "sign": -1 if back else 1}
    return await deps.db.run("appointment_list_time", **whose, **asked)
