"""GET /api/appointments/{id}/invite.ics"""

import pytest

from tests import rfc5545
from tests.api.checks import check_problem
from tests.cast import Api, Given, Person


def path(appointment_id: int) -> str:
    return f"/api/appointments/{appointment_id}/invite.ics"


async def test_an_appointment_is_a_file(api: Api, given: Given, stranger: Person) -> None:
    [slot_id] = await given.make_slots(1)
    booked = await given.make_appointment(stranger, slot_id, "Only between us")
    reply = await api.get(path(booked), who=stranger)
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "text/calendar; charset=utf-8"
    filename = f'attachment; filename="appointment-{booked}.ics"'
    assert reply.headers["Content-Disposition"] == filename
    assert reply.headers["Cache-Control"] == "no-store"
    calendar, [event] = rfc5545.read(reply.body)
    assert not calendar.keys() & {"X-WR-CALNAME", "NAME"}  # Outlook would open an empty calendar
    assert event["UID"].startswith(f"appointment-{booked}@")
    assert (event["SUMMARY"], event["SEQUENCE"]) == ("Clinic", "0")
    assert b"between us" not in reply.body
    known = {"If-None-Match": reply.headers["ETag"]}
    assert (await api.get(path(booked), who=stranger, headers=known)).status == 304


async def test_it_is_the_same_event_as_in_the_feed(
    api: Api, given: Given, stranger: Person
) -> None:
    [slot_id] = await given.make_slots(1)
    booked = await given.make_appointment(stranger, slot_id)
    link = (await api.post("/api/calendar-links/", {"of": "me"}, who=stranger)).json
    _, feed = rfc5545.read((await api.get(link["url"].removeprefix(api.url))).body)
    _, file = rfc5545.read((await api.get(path(booked), who=stranger)).body)
    assert feed == file


async def test_staff_see_who_comes(
    api: Api, given: Given, keeper: Person, stranger: Person
) -> None:
    [slot_id] = await given.make_slots(1, provider_id=keeper.session.provider_id)
    booked = await given.make_appointment(stranger, slot_id)
    _, [event] = rfc5545.read((await api.get(path(booked), who=keeper)).body)
    assert event["SUMMARY"] == stranger.username


async def test_nobody_sees_that_of_somebody_else(
    api: Api, given: Given, rival: Person, stranger: Person, ben: Person
) -> None:
    booked = await given.make_appointment(stranger, (await given.make_slots(1))[0])
    for who in ben, rival:
        check_problem(await api.get(path(booked), who=who), 404, "not_found")
    check_problem(await api.get(path(booked)), 401, "not_authenticated")


@pytest.mark.parametrize("accept", ["text/calendar", "text/*", "*/*"])
async def test_it_is_given_to_who_takes_calendars(
    api: Api, given: Given, stranger: Person, accept: str
) -> None:
    booked = await given.make_appointment(stranger, (await given.make_slots(1))[0])
    reply = await api.get(path(booked), who=stranger, headers={"Accept": accept})
    assert reply.status == 200


async def test_a_hold_is_no_appointment(api: Api, given: Given, stranger: Person) -> None:
    [slot_id] = await given.make_slots(1)
    held = (await api.post("/api/holds/", {"slot": slot_id}, who=stranger)).json["id"]
    check_problem(await api.get(path(held), who=stranger), 404, "not_found")
