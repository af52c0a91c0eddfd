"""GET /calendar/{token}.ics: what is in it, and for how long."""

import re
from typing import Any

import icalendar
import pytest

from tests.api.conftest import Served
from tests.api.delivery.conftest import Subscribe, Subscriber
from tests.cast import Api, Given, Person

ANYTHING = ["*/*", "text/html", "application/json", "text/calendar", "image/png;q=0.1", ""]


async def test_booked_moved_twice_and_cancelled_is_one_event_that_goes_after_seven_days(
    api: Api, given: Given, stranger: Person, subscribe: Subscribe, database: Any
) -> None:
    slots = await given.make_slots(3)
    feed: Subscriber = await subscribe(stranger)
    assert await feed.read() == []
    seen = []
    booked = (await api.book(stranger, slots[0])).json["id"]
    seen += await feed.read()
    for slot_id in slots[1:]:
        assert (await api.reschedule(stranger, booked, slot_id)).status == 200
        seen += await feed.read()
        wanted = (await api.get(f"/api/slots/{slot_id}/")).json
        assert seen[-1]["DTSTART"] == re.sub("[-:]", "", wanted["starts_at"][:19]) + "Z"
        assert seen[-1]["DTEND"] == re.sub("[-:]", "", wanted["ends_at"][:19]) + "Z"
    assert (await api.cancel(stranger, booked)).status == 200
    seen += await feed.read()
    assert len({one["UID"] for one in seen}) == 1
    assert [one["SEQUENCE"] for one in seen] == ["0", "1", "2", "3"]
    assert [one["STATUS"] for one in seen] == ["CONFIRMED"] * 3 + ["CANCELLED"]
    assert seen[-1]["TRANSP"] == "TRANSPARENT"
    with database.cursor() as cursor:
        for days, left in (6, 1), (8, 0):
            cursor.execute(
                "UPDATE appointment_history SET at = now() - %s * interval '1 day'"
                " WHERE appointment_id = %s",
                [days, booked],
            )
            database.commit()
            assert len(await feed.read()) == left


async def test_a_program_that_reads_calendars_reads_the_instants(
    api: Api, given: Given, stranger: Person, subscribe: Subscribe
) -> None:
    slot_id = (await given.make_slots(1))[0]
    await api.book(stranger, slot_id)
    feed: Subscriber = await subscribe(stranger)
    await feed.read()
    [event] = icalendar.Calendar.from_ical(feed.reply.body).walk("VEVENT")
    wanted = (await api.get(f"/api/slots/{slot_id}/")).json
    assert event.start.isoformat() == wanted["starts_at"]
    assert event.end.isoformat() == wanted["ends_at"]
    assert str(event["SUMMARY"]) == wanted["provider"]


async def test_a_customer_sees_with_whom_and_the_provider_sees_who(
    api: Api, given: Given, keeper: Person, stranger: Person, ben: Person, subscribe: Subscribe
) -> None:
    provider_id = keeper.session.provider_id
    mine, theirs = await given.make_slots(2, provider_id=provider_id)
    secret = "Only between us"
    await api.book(stranger, mine, notes=secret)
    await api.book(ben, theirs, notes=secret)
    own: Subscriber = await subscribe(stranger)
    [event] = await own.read()
    assert event["SUMMARY"] == "Clinic"
    assert ben.username.encode() not in own.reply.body
    assert own.calendar["X-WR-CALNAME"] == stranger.username
    whole: Subscriber = await subscribe(keeper, of="provider")
    events = await whole.read()
    assert [one["SUMMARY"] for one in events] == [stranger.username, ben.username]
    assert whole.calendar["X-WR-CALNAME"] == "Clinic"
    for feed in own, whole:
        assert secret.encode() not in feed.reply.body
        assert b"@example.org" not in feed.reply.body


async def test_of_what_has_been_only_the_last_thirty_days_are_in_it(
    given: Given, stranger: Person, subscribe: Subscribe, database: Any
) -> None:
    slots = await given.make_slots(2)
    for slot_id in slots:
        await given.make_appointment(stranger, slot_id)
    feed: Subscriber = await subscribe(stranger)
    assert len(await feed.read()) == 2
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE slot SET starts_at = starts_at - interval '32 days',"
            " ends_at = ends_at - interval '32 days' WHERE id = %s",
            [slots[0]],
        )
    database.commit()
    assert len(await feed.read()) == 1


async def test_what_waits_for_approval_is_tentative_and_what_is_held_is_not_there(
    api: Api, given: Given, keeper: Person, stranger: Person, subscribe: Subscribe
) -> None:
    provider_id = keeper.session.provider_id
    service = await given.make_service(provider_id, approval_minutes=60)
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    weekly = [{"days": days, "opens": "00:00", "closes": "24:00"}]
    path = f"/api/providers/{provider_id}/schedule/"
    assert (await api.call("PUT", path, {"weekly": weekly}, who=keeper)).status == 200
    times = (await api.get(f"/api/services/{service}/times/next/")).json
    asked = {"service": service, "starts_at": times["starts_at"]}
    assert (await api.post("/api/appointments/", asked, who=stranger)).json["status"] == "pending"
    [slot_id] = await given.make_slots(1)
    assert (await api.post("/api/holds/", {"slot": slot_id}, who=stranger)).status == 201
    feed: Subscriber = await subscribe(stranger)
    assert [one["STATUS"] for one in await feed.read()] == ["TENTATIVE"]


async def test_what_has_not_changed_is_not_sent_again_not_even_by_a_server_that_was_restarted(
    api: Api,
    given: Given,
    keeper: Person,
    stranger: Person,
    subscribe: Subscribe,
    served: Served,
) -> None:
    slots = await given.make_slots(2, provider_id=keeper.session.provider_id)
    booked = await given.make_appointment(stranger, slots[0])
    feed: Subscriber = await subscribe(stranger)
    await feed.read()
    assert await feed.again() == 304
    async with served() as restarted:
        feed.api = restarted
        assert await feed.again() == 304
    feed.api = api
    path = f"/api/providers/{keeper.session.provider_id}/"
    for change in (
        api.patch(path, {"name": "Another name"}, who=keeper),
        api.reschedule(stranger, booked, slots[1]),
        api.post(f"/api/appointments/{booked}/cancel/", who=keeper),
    ):
        assert (await change).status == 200
        assert await feed.again() == 200
        await feed.read()
        assert await feed.again() == 304


async def test_it_is_for_any_program_and_kept_by_none_for_long(
    stranger: Person, subscribe: Subscribe
) -> None:
    feed: Subscriber = await subscribe(stranger)
    for accept in ANYTHING:
        await feed.read(Accept=accept, **{"Accept-Encoding": "gzip, br"})
        sent = feed.reply.headers
        assert sent["Content-Type"] == "text/calendar; charset=utf-8"
        assert sent["Cache-Control"] == "private, max-age=300"
        assert "Content-Encoding" not in sent


@pytest.mark.parametrize("name", ["Grey; House, & sons", "Ünïcödé 👩‍⚕️ " * 12, "a" * 200])
async def test_whatever_a_provider_is_called(
    given: Given, stranger: Person, subscribe: Subscribe, name: str
) -> None:
    provider_id = await given.make_provider(name.strip())
    [slot_id] = await given.make_slots(1, provider_id=provider_id)
    await given.make_appointment(stranger, slot_id)
    feed: Subscriber = await subscribe(stranger)
    await feed.read()
    [event] = icalendar.Calendar.from_ical(feed.reply.body).walk("VEVENT")
    assert str(event["SUMMARY"]) == name.strip()


async def test_search_engines_are_told_to_leave_calendars_alone(api: Api) -> None:
    reply = await api.get("/robots.txt")
    assert reply.status == 200
    assert reply.body == b"User-agent: *\nDisallow: /calendar/\n"
