"""A provider's hours: what is written of them, and who is outside of them."""

from datetime import date, time
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from service.booking.answer import Answer
from service.booking.calendar.hours import change
from service.booking.calendar.hours.document import MIDNIGHT, WEEKDAYS, Weekday
from service.booking.calendar.hours.windows import Hours, Schedule, Special, Weekly
from service.deps import Deps
from service.errors import PreconditionFailed
from service.handlers import nested
from service.http import fields
from service.http.base import ApiHandler, endpoint
from service.http.fields import Body, Id
from service.openapi.answers import hours as answers

TAG = "Hours", "When providers work, and when they do not."

MOST_WEEKLY, MOST_DAYS, MOST_HOURS = 50, 500, 10

Clock = Annotated[
    str,
    Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z", description="a time of day such as 09:00."),
]
Closing = Annotated[
    str,
    Meta(
        pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)\Z",
        description="a time of day such as 17:00; at or before `opens` it is on the next day.",
    ),
]
Services = Annotated[list[Id], Meta(min_length=1, max_length=100)]
Reason = Annotated[str, Meta(max_length=500)]


class HoursBody(Body):
    """Closing at or before opening is on the next day; for some services, or for all."""

    opens: Clock
    closes: Closing
    services: Services | None = None

    def hours(self) -> Hours:
        """Them as the rules know them."""
        closes = "00:00" if self.closes == MIDNIGHT else self.closes
        services = None if self.services is None else tuple(self.services)
        return Hours(time.fromisoformat(self.opens), time.fromisoformat(closes), services)


class WeeklyBody(HoursBody, kw_only=True):
    """Hours of some weekdays, from a day until another, both included."""

    days: Annotated[list[Weekday], Meta(min_length=1, max_length=7)]
    from_day: date | None = msgspec.field(default=None, name="from")
    until: date | None = None


class DayBody(Body):
    """The hours of one day in place of the weekly ones; without any it is closed."""

    date: date
    hours: Annotated[list[HoursBody], Meta(max_length=MOST_HOURS)]
    reason: Reason | None = ""


class ScheduleBody(Body):
    weekly: Annotated[list[WeeklyBody], Meta(max_length=MOST_WEEKLY)]
    days: Annotated[list[DayBody], Meta(max_length=MOST_DAYS)] | None = msgspec.field(
        default_factory=list
    )


class DryRun(msgspec.Struct):
    dry_run: bool = False


class HoursOfProvider(ApiHandler):
    @endpoint("getSchedule", answers=(200, answers.Schedule))
    async def get(self, provider_id: int) -> None:
        """A provider's hours, as they were written."""
        found, tag = await change.get(self.deps, provider_id)
        self.answer(200, found.body, etag=tag)

    @endpoint(
        "replaceSchedule",
        query=DryRun,
        body=ScheduleBody,
        answers=(200, answers.ScheduleChanged),
        raises=(PreconditionFailed,),
        sends=("ETag",),
    )
    async def put(self, provider_id: int) -> None:
        """Write a provider's hours in place of those there are.

        Appointments stay as they are: `conflicts` has the coming ones that are outside of the hours
        now. With `dry_run` they are only told."""
        schedule, dry_run = _schedule(self.body), self.query.dry_run

        async def current() -> int:
            return (await change.get(self.deps, provider_id))[0].version

        version = await self.if_match(current)

        async def replace(deps: Deps) -> Answer:
            return await change.replace(
                deps, self.actor, provider_id, schedule, version=version, dry_run=dry_run
            )

        await self.give_once(200, replace, dry_run=dry_run)

    def read(self, kind: Any) -> Any:
        """The hours; whatever is wrong with one of them is told by its place."""
        return nested.convert(fields.decode(bytes(self._chunks)), kind, self.convert)


def _schedule(body: ScheduleBody) -> Schedule:
    weekly = tuple(
        Weekly(
            frozenset(WEEKDAYS.index(one) for one in rule.days),
            rule.hours(),
            rule.from_day,
            rule.until,
        )
        for rule in body.weekly
    )
    days = tuple(
        Special(one.date, tuple(hours.hours() for hours in one.hours), one.reason or "")
        for one in body.days or ()
    )
    return Schedule(weekly, days)
