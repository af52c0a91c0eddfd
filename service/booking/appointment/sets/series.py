"""A series: the same time of day on many dates, booked in one transaction.

Each date is decided as any booking of a time is, and is an appointment of its own afterwards.
"""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from service import errors
from service.booking.actions import CANCEL
from service.booking.actor import Actor
from service.booking.answer import NO_SERIES, Answer
from service.booking.appointment import book_time, end
from service.booking.appointment.book_time import TimeItem, Wish
from service.booking.appointment.sets.dates import MOST, Rule, beginnings
from service.booking.calendar import times
from service.booking.calendar.hours.clock import reading
from service.booking.idempotency import together
from service.deps import Deps
from service.errors import Busy, DomainError, InvalidFields, NotFound, SeriesConflict
from service.lane import AGAIN
from service.settings import Settings
from service.store.arrays import columns
from service.store.postgres import Queries, Waiting

Conflicts = Literal["refuse", "skip"]
Line = dict[str, Any]

NO_SUCH_TIME = "no_such_time"
# What is said of one date; anything else is said of the whole series.
OF_ONE_DATE = (
    errors.SlotTaken,
    errors.AlreadyBooked,
    errors.SlotInPast,
    errors.TooSoon,
    errors.TooFar,
    errors.Closed,
    errors.OffGrid,
    errors.LimitReached,
)


class Row(NamedTuple):
    """A date as it is kept: with its appointment, or with why it has none."""

    day: date
    starts_at: datetime | None
    appointment_id: int | None
    code: str | None


async def create(
    deps: Deps, actor: Actor, wish: Wish, rule: Rule, conflicts: Conflicts, *, dry_run: bool
) -> Answer:
    """Book a time on each date of a rule, the wish being of the first: all or none, or with "skip"
    those that can be had. A dry run tells what would be.

    Raises InvalidFields, SeriesConflict, and what booking does of a whole series.
    """
    asked = await times.service(deps, wish.service_id, wish.provider_id)
    begins = _begins(wish.starts_at, asked.zone, rule)
    item = book_time.item(actor, wish, expand=False)
    items = [None if at is None else item._replace(starts_at=at) for _, at in begins]
    async with together(deps, keep=not dry_run) as inside:
        results = await _booked(Waiting(inside.db), deps.settings, items)
        lines = [_line(*one, result) for one, result in zip(begins, results, strict=True)]
        booked = [line for line in lines if "code" not in line]
        if len(booked) < (len(lines) if conflicts == "refuse" else 1):
            raise SeriesConflict([_tried(line, "refused") for line in lines])
        if dry_run:
            return Answer.of({"dates": [_tried(line, "skipped") for line in lines]})
        rows = [
            Row(day, at, line.get("appointment_id"), line.get("code"))
            for (day, at), line in zip(begins, lines, strict=True)
        ]
        series_id = await inside.db.run(
            "series_create",
            service_id=wish.service_id,
            provider_id=wish.provider_id,
            **columns(rows),
        )
    return Answer.of({"id": series_id, "dates": lines})


async def get(deps: Deps, actor: Actor, series_id: int) -> Answer:
    """A series as it is now. Raises NotFound for what is not the actor's or its calendar's."""
    rows = await _rows(deps, actor, series_id)
    lines = []
    for _, _, day, at, appointment_id, code, status, _ in rows:
        line: Line = {"date": day.isoformat()} | _starts(at)
        if appointment_id is None:
            lines.append(line | {"result": "skipped", "code": code})
        else:
            found = {"appointment_id": appointment_id, "status": status}
            lines.append(line | {"result": "booked"} | found)
    service_id, provider_id = rows[0][:2]
    return Answer.of(
        {"id": series_id, "service": service_id, "provider": provider_id, "dates": lines}
    )


async def cancel(
    deps: Deps, actor: Actor, series_id: int, from_day: date | None, reason: str
) -> Answer:
    """Cancel what is to come of a series, from a day on the provider's clock; the series then.

    Raises NotFound, and what cancelling each does, with the `index` of its date.
    """
    async with together(deps) as inside:
        rows = await _rows(inside, actor, series_id)
        coming = [
            (index, row[4])
            for index, row in enumerate(rows)
            if row[7] is not None and (from_day is None or row[7] >= from_day)
        ]
        if coming:
            items = [end.ending_item(actor, one, CANCEL, reason) for _, one in coming]
            ended = await end.decide(Waiting(inside.db), deps.settings, items)
            for (index, _), result in zip(coming, ended, strict=True):
                _check_ended(result, index)
        return await get(inside, actor, series_id)


async def _rows(deps: Deps, actor: Actor, series_id: int) -> Sequence[Any]:
    """The dates of a series that the actor may see. Raises NotFound."""
    rows: Sequence[Any] = await deps.db.run(
        "series_get", series_id=series_id, account_id=actor.account_id, staff_of=actor.staff_of
    )
    if not rows:
        raise NotFound(NO_SERIES)
    return rows


def _begins(starts_at: datetime, zone: ZoneInfo, rule: Rule) -> list[tuple[date, datetime | None]]:
    """The dates of a rule with their instants. Raises InvalidFields."""
    first = reading(starts_at, zone).date()
    if rule.days and first.weekday() not in rule.days:
        raise InvalidFields({"days": ["Must have the day of starts_at."]})
    if rule.until is not None and rule.until < first:
        raise InvalidFields({"until": ["Must not be before starts_at."]})
    begins = beginnings(starts_at, zone, rule)
    if len(begins) > MOST:
        raise InvalidFields({"until": [f"A series has at most {MOST} dates."]})
    return begins


async def _booked(
    queries: Queries, settings: Settings, items: Sequence[TimeItem | None]
) -> list[Any]:
    """What becomes of each date, one after the other where they are in each other's way."""
    results: list[Any] = [AGAIN if item else None for item in items]
    while turn := [n for n, result in enumerate(results) if result is AGAIN]:
        wanted = [item for n in turn if (item := items[n])]
        decided = await book_time.decide(queries, settings, wanted)
        for n, result in zip(turn, decided, strict=True):
            if isinstance(result, DomainError) and not isinstance(result, OF_ONE_DATE):
                raise result
            if result is not AGAIN and not isinstance(result, Answer | DomainError):
                raise Busy
            results[n] = result
    return results


def _line(day: date, at: datetime | None, result: Any) -> Line:
    """What is told of a date that was booked, or could not be."""
    line: Line = {"date": day.isoformat()} | _starts(at)
    if isinstance(result, Answer):
        return line | {"result": "booked", "appointment_id": json.loads(result.body)["id"]}
    line |= {"result": "skipped", "code": getattr(result, "code", NO_SUCH_TIME)}
    if isinstance(result, errors.SlotTaken):
        line["times"] = json.loads(result.times or "[]")
    if isinstance(result, errors.LimitReached):
        line["limit"] = result.limit
    return line


def _starts(at: datetime | None) -> Line:
    return {} if at is None else {"starts_at": at.isoformat()}


def _tried(line: Line, refused: str) -> Line:
    """The same of what was not kept: there is no appointment."""
    told = {name: value for name, value in line.items() if name != "appointment_id"}
    return told | {"result": refused if "code" in line else "bookable"}


def _check_ended(result: Any, index: int) -> None:
    """Raise an error that cancelling one date came to, unless it has ended meanwhile."""
    if isinstance(result, DomainError) and not isinstance(result, errors.NotActive):
        result.index = index
        raise result
    if not isinstance(result, Answer | DomainError):
        raise Busy
