"""Databases to back up, and what can be told of one."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import psycopg2
from psycopg2 import sql
from tornado.platform.asyncio import AsyncIOLoop

from service import app as service_app
from service.booking import waitlist
from service.booking.actions import CANCEL
from service.booking.appointment.book_time import ANY_PROVIDER, Wish, book_time
from service.booking.appointment.end import end
from service.booking.appointment.move_time import move_time
from service.booking.appointment.sets import series
from service.booking.appointment.sets.dates import Rule
from service.booking.calendar.hours import change
from service.booking.calendar.hours.windows import Hours, Schedule, Special, Weekly
from service.booking.delivery import busy, event, link, send, webhook
from service.booking.delivery.send import Outcome
from service.booking.people.operator import OPERATOR
from service.deps import Deps
from service.settings import Settings
from service.store.schema.migrate import migrate
from tests.cast import Given, Person
from tests.contract.test_schema import CATALOGUES
from tests.live import connected

HARD_TO_WRITE = ["\\.", "\\N", "tab\there", "two\nlines\r\n", "Grüße \U0001f389", "''\"\\", ""]


def filled(io_loop: AsyncIOLoop, settings: Settings) -> Person:
    """Bring a database's schema up to date and book, move and cancel in it; one of its people."""
    migrate(settings.database_url)

    async def fill() -> Person:
        async with service_app.opened(settings) as deps:
            given = Given(io_loop, deps)
            who = await given.make_person("hanna")
            for notes, slot_id in zip(HARD_TO_WRITE, await given.make_slots(7), strict=True):
                await given.make_appointment(who, slot_id, notes)
            await given.make_slots(40, capacity=3)
            await _told(deps, given)
            await _with_times(deps, given, who)
            return who

    return io_loop.run_sync(fill, timeout=60)


async def _told(deps: Deps, given: Given) -> None:
    """What has happened is told by a webhook, in vain; and calendars lead to here and away."""
    teller = await given.make_person("teller", role="admin")
    await link.create(deps, teller.session, link.OWN)
    elsewhere = "https://calendar.invalid/busy.ics"
    await busy.create(deps, teller.session, await given.make_provider(), elsewhere)
    await webhook.create(deps, teller.session, "https://webhooks.invalid/", [], [])
    await event.number(deps, full=True, most=event.AT_ONCE)
    await send.make(deps)
    failed = [
        Outcome(one.id, one.lease, one.webhook_id, "failed", 60_000, None, 1, 500, "server_error",
                None, HARD_TO_WRITE[4])
        for one in await send.claim(deps, 1)
    ]  # fmt: skip
    await send.settle(deps, failed)


async def _with_times(deps: Deps, given: Given, who: Person) -> None:
    """Something of all that times of services bring: one is booked, one moved, one cancelled, some
    are a series, and somebody waits."""
    clinic, room = await given.make_provider(time_zone="Europe/Berlin"), await given.make_provider()
    hours = Hours(time(9), time(17))
    special = Special(date(2036, 12, 23), (Hours(time(10), time(12)),), HARD_TO_WRITE[3])
    schedule = Schedule((Weekly(frozenset(range(7)), hours),), (special,))
    await change.replace(deps, OPERATOR, clinic, schedule)
    await given.make_closure(clinic)
    visit = await given.make_service(clinic, needs={"room": [room]}, duration_minutes=60)
    boss = await given.make_person("boss", role="admin")
    other = await given.make_customer(boss, HARD_TO_WRITE[4], phone="+49 30 901820")
    begins = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0)
    booked = []
    for n, (provider_id, customer_id) in enumerate(
        [(clinic, None), (clinic, None), (clinic, None), (ANY_PROVIDER, other)], start=2
    ):
        wish = Wish(visit, begins + timedelta(days=n), provider_id, customer_id=customer_id)
        actor = boss if customer_id else who
        booked.append(json.loads((await book_time(deps, actor.session, wish, False)).body)["id"])
    await move_time(deps, who.session, booked[1], begins + timedelta(days=2, hours=2))
    await end(deps, who.session, booked[2], CANCEL)
    daily = Wish(visit, begins + timedelta(days=2, hours=4), clinic)
    await series.create(deps, who.session, daily, Rule(1, "day", most=2), "refuse", dry_run=False)
    (full,) = await given.make_slots(1)
    await given.make_appointment(who, full)
    await waitlist.join(deps, boss.session, waitlist.WaitWish(slot_id=full))


SOME = {"event_head": "position, settled, settling, settling_xid"}  # a copy's log is another one


def contents(url: str) -> dict[str, Any]:
    """Every row, every sequence and every object of a database, to compare it with another."""
    with connected(url) as connection, connection.cursor() as cursor:
        found: dict[str, Any] = {}
        cursor.execute(
            "SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'S') AND relname <> 'schema_migration'"
        )
        for name, kind in cursor.fetchall():
            columns = SOME.get(name, "*") if kind == "r" else "last_value, is_called"
            cursor.execute(sql.SQL(f"SELECT {columns} FROM {{}}").format(sql.Identifier(name)))
            found[name] = sorted(cursor.fetchall(), key=repr)
        for name, text in CATALOGUES.items():
            cursor.execute(text)
            found[f"the {name}"] = sorted(cursor.fetchall(), key=repr)
        return found


def run(url: str, text: str, given: Mapping[str, Any] | None = None) -> list[Any]:
    """The rows of a statement."""
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(text, given)
        return list(cursor.fetchall()) if cursor.description else []


def is_empty(url: str) -> bool:
    """Whether nothing was ever made in a database."""
    try:
        run(url, "SELECT FROM schema_migration")
    except psycopg2.errors.UndefinedTable:
        return True
    return False
