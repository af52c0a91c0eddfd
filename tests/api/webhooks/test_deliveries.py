"""What goes out to a webhook: which events, in which order, how signed, and what is kept of it."""

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any

from service.booking.delivery import send
from tests.api.webhooks.conftest import Clinic, clinic_of
from tests.cast import Api, Given, Person
from tests.receiver import Got, Receiver, status


async def test_an_event_goes_out_signed_and_its_delivery_is_told(
    clinic: Clinic, receiver: Receiver, ada: Person
) -> None:
    appointment_id = await clinic.appointment(ada)
    await clinic.go_on()
    told = {got.json["type"]: got for got in receiver.got}
    assert told.keys() == {"slot.created", "appointment.booked"}
    got = told["appointment.booked"]
    payload = got.verified(clinic.secret)
    assert payload.keys() == {"type", "timestamp", "data"}
    assert datetime.fromisoformat(payload["timestamp"]).tzinfo is not None
    assert payload["data"]["appointment_id"] == appointment_id
    assert got.headers["content-type"] == "application/json"
    [newest, _] = await clinic.deliveries()
    assert newest["type"] == "appointment.booked"
    assert re.fullmatch(rf"evt_[0-9a-f]{{8}}_{newest['event']}", got.id)
    assert (newest["status"], newest["attempts"], newest["last_status"]) == ("delivered", 1, 204)
    [attempt] = await clinic.attempts(newest["id"])
    assert (attempt["trigger"], attempt["status"], attempt["error"]) == ("auto", 204, None)


async def test_the_second_event_of_an_appointment_waits_for_the_first(
    clinic: Clinic, receiver: Receiver, ada: Person, ben: Person
) -> None:
    await clinic.change(types=["appointment.booked", "appointment.cancelled"])
    hers, his = await clinic.appointment(ada), await clinic.appointment(ben)
    await clinic.api.cancel(ada, hers)

    async def fails_hers(got: Got, writer: asyncio.StreamWriter) -> None:
        writer.write(status(500 if got.json["data"]["appointment_id"] == hers else 200))

    receiver.usual = fails_hers
    outcomes = await clinic.go_on()
    told = [(got.json["data"]["appointment_id"], got.json["type"]) for got in receiver.got]
    assert sorted(told) == sorted([(hers, "appointment.booked"), (his, "appointment.booked")])
    assert {one.outcome for one in outcomes} == {"failed", "delivered"}
    receiver.usual = status(200)
    await clinic.api.post(f"{clinic.path}/enable/", who=clinic.staff)
    await clinic.go_on()
    told = [(got.json["data"]["appointment_id"], got.json["type"]) for got in receiver.got[2:]]
    assert told == [(hers, "appointment.booked"), (hers, "appointment.cancelled")]


async def test_only_what_its_owner_may_see_goes_out(
    clinic: Clinic, receiver: Receiver, api: Api, given: Given, ada: Person
) -> None:
    elsewhere = await given.make_provider("Elsewhere", "UTC")
    [foreign] = await given.make_slots(1, provider_id=elsewhere)
    await given.make_appointment(ada, foreign)
    await clinic.go_on()
    assert receiver.got == []


async def test_an_appointment_that_left_goes_with_no_document(
    clinic: Clinic, receiver: Receiver, api: Api, given: Given, ada: Person
) -> None:
    """Who loses one to another calendar hears of it, but sees it no more."""
    await clinic.change(include=["appointment"])
    elsewhere = await given.make_provider("Elsewhere", "UTC")
    [there] = await given.make_slots(1, provider_id=elsewhere)
    appointment_id = await clinic.appointment(ada)
    await clinic.go_on()
    assert (await api.reschedule(ada, appointment_id, there)).status == 200
    await clinic.go_on()
    booked, moved = (got.json for got in receiver.got if "appointment" in got.json["type"])
    document = booked["data"]["appointment"]
    assert (document["id"], document["user"]) == (appointment_id, "ada")
    assert document["slot"]["provider_id"] == clinic.provider_id
    assert moved["type"] == "appointment.rescheduled"
    assert "appointment" not in moved["data"]


async def test_types_say_what_goes_out(
    clinic: Clinic, receiver: Receiver, api: Api, ada: Person
) -> None:
    await clinic.change(types=["appointment.cancelled"])
    appointment_id = await clinic.appointment(ada)
    await api.cancel(ada, appointment_id)
    await clinic.go_on()
    assert [got.json["type"] for got in receiver.got] == ["appointment.cancelled"]


async def test_who_keeps_no_calendar_any_more_is_told_nothing(
    clinic: Clinic, receiver: Receiver, database: Any, ada: Person
) -> None:
    """Neither what happens, nor what was on its way."""
    await clinic.appointment(ada)
    await clinic.make()
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE account SET role = 'customer', provider_id = NULL WHERE id = %s",
            [clinic.staff.id],
        )
    await clinic.appointment(ada)
    await clinic.go_on()
    assert receiver.got == []
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE account SET role = 'provider', provider_id = %s WHERE id = %s",
            [clinic.provider_id, clinic.staff.id],
        )


async def test_who_dies_before_it_settles_sends_the_same_again(
    clinic: Clinic, receiver: Receiver, ada: Person
) -> None:
    """Killed after the answer: nobody else has the lease for a minute, then it goes out again under
    the same id; what the dead had to say counts no more."""
    await clinic.change(types=["appointment.booked"])
    await clinic.appointment(ada)
    await clinic.make()
    [claim] = await send.claim(clinic.deps, 100)
    lost = await send.send(clinic.deps, claim)
    assert lost.outcome == "delivered"
    assert await send.claim(clinic.deps, 100) == []
    later = timedelta(seconds=send.LEASE + 1)
    [again] = await send.claim(clinic.deps, 100, later)
    outcome = await send.send(clinic.deps, again)
    first, second = receiver.got[-2:]
    assert first.id == second.id
    assert first.headers["webhook-timestamp"] < second.headers["webhook-timestamp"]
    assert await send.settle(clinic.deps, [lost], later) == set()
    assert await send.settle(clinic.deps, [outcome], later) == {again.id}
    assert await send.settle(clinic.deps, [outcome], later) == set()
    assert len(await clinic.attempts(again.id)) == 1


async def test_two_webhooks_hear_the_same_each_for_itself(
    clinic: Clinic, receiver: Receiver, api: Api, given: Given, ada: Person
) -> None:
    other = Receiver()
    async with other.listening():
        second = await clinic_of(
            api, clinic.deps, given, clinic.provider_id, clinic.staff, url=other.url
        )
        receiver.usual = status(503)
        await clinic.appointment(ada)
        await clinic.go_on()
        assert [got.json["type"] for got in other.got] == ["slot.created", "appointment.booked"]
        assert {got.verified(second.secret)["type"] for got in other.got} == {
            "slot.created",
            "appointment.booked",
        }
        assert second.secret != clinic.secret
        await api.delete(f"{second.path}/", who=clinic.staff)
