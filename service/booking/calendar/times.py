"""Times at which a service can be booked, and why others can't be."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from service import errors
from service.booking.actor import Actor
from service.booking.answer import NO_APPOINTMENT, NO_SERVICE, REFUSED, Page
from service.booking.appointment.book_time import ANY_PROVIDER
from service.booking.calendar import zones
from service.booking.calendar.bounds import FIRST
from service.deps import Deps, named_lane
from service.errors import NotFound
from service.lane import Lane
from service.store.arrays import columns

SPAN, SPAN_OF_ANY = timedelta(days=31), timedelta(days=7)  # the longest that are listed at once
STEPS = (1, 7, 31, 92, 366, 731)  # days ahead, one after the other, in which the next is looked for


class Cursor(NamedTuple):
    """Where the last page ended."""

    starts_at: datetime = FIRST
    provider_id: int = 0


BEGINNING = Cursor()


class TimesItem(NamedTuple):
    """A page of the times of a service with one provider, or with any (0)."""

    service_id: int
    provider_id: int
    from_at: datetime
    to_at: datetime
    size: int
    except_slot_id: int
    after_at: datetime
    after_id: int
    limit: int
    known: str


class ServiceItem(NamedTuple):
    """A service that is asked about, with one provider or with any (0)."""

    service_id: int
    provider_id: int


class Service(NamedTuple):
    """What a request has to know of a service beforehand: how far ahead, and on whose clock."""

    horizon_days: int
    zone: ZoneInfo


class Reason(NamedTuple):
    """Something that speaks against a time with a provider."""

    code: str
    detail: str
    provider_id: int | None


class Explanation(NamedTuple):
    """Whether a time can be booked, what speaks against it, and what there is next, as JSON."""

    bookable: bool
    reasons: Sequence[Reason]
    following: str


@named_lane("times")
def list_lane(deps: Deps) -> Lane[TimesItem, Page[str | None, Cursor]]:
    """The lane in which times are read."""

    async def read(items: list[TimesItem]) -> list[Page[str | None, Cursor]]:
        rows = await deps.db.run("time_list", **columns(items))
        return [
            Page(body, Cursor(datetime.fromisoformat(at), last) if more else None, tag)
            for _, body, at, last, more, tag in rows
        ]

    return Lane.reading(deps.settings, read)


@named_lane("services")
def service_lane(deps: Deps) -> Lane[ServiceItem, Service]:
    """The lane in which services are looked up that are asked about."""

    async def read(items: list[ServiceItem]) -> list[Service | NotFound]:
        rows = await deps.db.run("time_service", **columns(items))
        return [
            NotFound(NO_SERVICE) if days is None else Service(days, zones.known(zone or "UTC"))
            for _, days, zone in rows
        ]

    return Lane.reading(deps.settings, read)


async def service(deps: Deps, service_id: int, provider_id: int) -> Service:
    """What is asked about. Raises NotFound for none, and for one that is retired."""
    found: Service = await deps.lanes[service_lane].submit(ServiceItem(service_id, provider_id))
    return found


async def moving(deps: Deps, actor: Actor, appointment_id: int) -> int:
    """The slot that does not count while an appointment of the actor's is moved, or 0.

    Raises NotFound.
    """
    row = await deps.db.run(
        "time_moving",
        appointment_id=appointment_id,
        account_id=actor.account_id,
        staff_of=actor.staff_of,
    )
    if row is None:
        raise NotFound(NO_APPOINTMENT)
    slot_id: int = row.slot_id
    return slot_id


async def list_page(
    deps: Deps,
    service_id: int,
    provider_id: int,
    *,
    from_at: datetime,
    to_at: datetime,
    size: int = 1,
    except_slot_id: int = 0,
    after: Cursor = BEGINNING,
    limit: int = 100,
    known: str = "",
) -> Page[str | None, Cursor]:
    """Times that begin from an instant to before another, by start and provider, as JSON."""
    page: Page[str | None, Cursor] = await deps.lanes[list_lane].submit(
        TimesItem(
            service_id, provider_id, from_at, to_at, size, except_slot_id, *after, limit, known
        )
    )
    return page


async def next_time(
    deps: Deps,
    service_id: int,
    provider_id: int,
    *,
    from_at: datetime,
    size: int,
    except_slot_id: int,
) -> str:
    """The first time from an instant on, as JSON, or "null" where there is none to the horizon."""
    asked = await service(deps, service_id, provider_id)
    now = datetime.now(UTC)
    last = now + timedelta(days=asked.horizon_days + 2)
    begins = from_at = max(from_at, now)
    for days in STEPS:
        if begins >= last:
            break
        ends = min(from_at + timedelta(days=days), last)
        page = await list_page(
            deps,
            service_id,
            provider_id,
            from_at=begins,
            to_at=ends,
            size=size,
            except_slot_id=except_slot_id,
            limit=1,
        )
        if page.body and page.body != "[]":
            return page.body[1:-1]
        begins = ends
    return "null"


async def explain(
    deps: Deps, actor: Actor, service_id: int, provider_id: int, starts_at: datetime, size: int
) -> Explanation:
    """Whether the actor could book a time, and if not, everything that speaks against it, in the
    order in which booking would tell it; with what could be booked next. Raises NotFound."""
    await service(deps, service_id, provider_id)
    rows = await deps.db.run(
        "time_explain",
        service_id=service_id,
        provider_id=provider_id,
        starts_at=starts_at,
        size=size,
        account_id=actor.account_id,
        staff_of=actor.staff_of,
        max_open=deps.settings.max_open_appointments,
        no_overlap=deps.settings.no_overlap,
        max_pending=deps.settings.max_pending,
    )
    reasons = [
        Reason(code, _detail(code, met, missing), one_id)
        for one_id, refusals, met, missing in rows
        for code in refusals
    ]
    bookable = any(not refusals for _, refusals, *_ in rows)
    if not rows:
        reasons = [Reason("not_offered", errors.NotOffered.detail, provider_id or None)]
    following = await deps.db.run(
        "time_near", service_id=service_id, provider_id=provider_id, near=starts_at, size=size
    )
    return Explanation(bookable, [] if bookable else reasons, following)


def _detail(code: str, met: str | None, missing: str | None) -> str:
    if code == "slot_taken":
        return errors.SlotTaken(times="[]", role=missing).detail
    if code == "limit_reached":
        return errors.LimitReached(limit=met).detail
    return REFUSED[code].detail


def wrong_span(from_at: datetime, to_at: datetime, provider_id: int) -> Sequence[str]:
    """What is wrong with a span, as messages."""
    longest = SPAN if provider_id != ANY_PROVIDER else SPAN_OF_ANY
    if to_at - from_at > longest + timedelta(hours=2):  # days may have more than 24 hours
        return [f"At most {longest.days} days at once{'' if provider_id else ' without provider'}."]
    return []
