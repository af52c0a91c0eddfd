"""What becomes of deliveries that are not taken, in each of the ways there are not to take them."""

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from tornado.platform.asyncio import AsyncIOLoop

from service.booking.delivery import retry, send
from service.senders.http import Client
from tests.api.webhooks.conftest import Clinic, number
from tests.cast import Person
from tests.receiver import OK, Got, Receiver, status
from tests.unit.senders import certificates

HOUR = timedelta(hours=1)


@pytest.fixture
def booked(io_loop: AsyncIOLoop, clinic: Clinic, ada: Person) -> int:
    """An appointment of which the webhook hears; of slots it hears nothing."""
    io_loop.run_sync(lambda: clinic.change(types=["appointment.booked", "appointment.cancelled"]))
    return io_loop.run_sync(lambda: clinic.appointment(ada))


async def due_in(clinic: Clinic, delivery: Any) -> float:
    """Seconds until it is tried again."""
    await asyncio.sleep(0)
    return (datetime.fromisoformat(delivery["due_at"]) - datetime.now(UTC)).total_seconds()


async def drips(got: Got, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.05)


async def pours(got: Got, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
    while True:
        writer.write(b"\0" * 65536)
        await writer.drain()


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (status(500), "server_error", 500),
        (status(404), "client_error", 404),
        (status(301, "Location: http://127.0.0.1:1/"), "redirect", 301),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "closed", None),
        (b"nonsense\r\n\r\n", "malformed", None),
        (drips, "timeout", None),
    ],
)
async def test_what_is_not_taken_is_tried_again_and_the_log_says_why(
    clinic: Clinic, receiver: Receiver, booked: int, answer: Any, error: str, code: int | None
) -> None:
    receiver.answers.append(answer)
    quick = dataclasses.replace(clinic.deps, http=Client(private=True, seconds=0.5))
    await dataclasses.replace(clinic, deps=quick).go()
    [delivery] = await clinic.deliveries()
    assert (delivery["status"], delivery["last_error"]) == ("pending", error)
    assert delivery["last_status"] == code
    assert 2 < await due_in(clinic, delivery) <= 6.1
    [attempt] = await clinic.attempts(delivery["id"])
    assert (attempt["status"], attempt["error"]) == (code, error)
    await clinic.go(timedelta(seconds=7))
    [delivery] = await clinic.deliveries("?status=delivered")
    assert (delivery["attempts"], delivery["last_error"]) == (2, None)
    assert [got.id for got in receiver.got] == [receiver.got[0].id] * 2


async def test_what_cannot_be_reached_is_tried_again(
    clinic: Clinic, receiver: Receiver, booked: int
) -> None:
    for url, error in (
        ("http://127.0.0.1:1/", "unreachable"),
        ("http://nobody.invalid/", "unresolved"),
    ):
        await clinic.change(url=url)
        await clinic.api.post(f"{clinic.path}/enable/", who=clinic.staff)
        [outcome] = await clinic.go()
        assert outcome.error == error
    assert receiver.got == []


async def test_who_has_a_certificate_of_another_name_hears_nothing(
    clinic: Clinic, booked: int, tmp_path: Path
) -> None:
    theirs, ours = certificates.pair(tmp_path, "localhost")
    trusting = dataclasses.replace(clinic.deps, http=Client(private=True, tls=ours))
    other = Receiver()
    async with other.listening(theirs):
        await clinic.change(url=other.url)
        [outcome] = await dataclasses.replace(clinic, deps=trusting).go()
        assert (outcome.outcome, outcome.error, other.got) == ("failed", "tls", [])
        await clinic.change(url=other.url.replace("127.0.0.1", "localhost"))
        await clinic.api.post(f"{clinic.path}/enable/", who=clinic.staff)
        [outcome] = await dataclasses.replace(clinic, deps=trusting).go()
        assert (outcome.outcome, len(other.got)) == ("delivered", 1)


async def test_an_address_of_our_own_is_refused_when_it_is_sent_to(
    clinic: Clinic, receiver: Receiver, booked: int
) -> None:
    """Whatever was allowed when the webhook was made."""
    strict = dataclasses.replace(clinic.deps, http=Client())
    [outcome] = await dataclasses.replace(clinic, deps=strict).go()
    assert (outcome.outcome, outcome.error) == ("failed", "refused")
    assert receiver.got == []


async def test_a_body_without_end_is_cut_and_was_taken(
    clinic: Clinic, receiver: Receiver, booked: int
) -> None:
    receiver.answers.append(pours)
    await clinic.go()
    [delivery] = await clinic.deliveries()
    assert delivery["status"] == "delivered"
    [attempt] = await clinic.attempts(delivery["id"])
    assert attempt["excerpt"] == "\ufffd" * send.EXCERPT


async def test_who_asks_for_time_gets_it_for_all_events(
    clinic: Clinic, receiver: Receiver, booked: int, ben: Person
) -> None:
    receiver.answers.append(status(429, "Retry-After: 7200"))
    await clinic.go()
    await clinic.appointment(ben)
    assert await clinic.go_on(2 * HOUR - timedelta(minutes=1)) == []
    outcomes = await clinic.go_on(2 * HOUR + timedelta(minutes=1))
    assert [one.outcome for one in outcomes] == ["delivered", "delivered"]


def test_retry_after_is_seconds_or_a_date_up_to_a_day() -> None:
    now = datetime(2027, 1, 4, 12, tzinfo=UTC)
    assert retry.asked("120", now) == 120
    assert retry.asked(format_datetime(now + HOUR, usegmt=True), now) == 3600
    assert retry.asked(format_datetime(now - HOUR, usegmt=True), now) == 0
    for text in ("", "soon", "-1", "1.5", "٣"):
        assert retry.asked(text, now) == 0
    assert retry.wait(1, 10**9) == 86_400
    assert 4 <= (retry.wait(1, 1) or 0) <= 6


def test_ten_attempts_take_three_days() -> None:
    for _ in range(100):
        waits = [retry.wait(attempts) for attempts in range(1, 10)]
        for usual, one in zip(retry.WAITS, waits, strict=True):
            assert one is not None
            assert 0.8 * usual <= one <= 1.2 * usual
    assert retry.wait(10) is None
    assert 75 * 3600 <= sum(retry.WAITS) <= 76 * 3600


async def test_what_was_never_taken_has_failed_and_the_next_goes_out(
    clinic: Clinic, receiver: Receiver, booked: int, ada: Person, database: Any
) -> None:
    receiver.usual = status(500)
    await clinic.api.cancel(ada, booked)
    ahead = timedelta(0)
    for wait in (0, *retry.WAITS):
        ahead += timedelta(seconds=wait * 1.2 + 1)
        [outcome] = await clinic.go(ahead)
        assert outcome.error == "server_error"
    [second, first] = await clinic.deliveries()
    assert (first["status"], first["attempts"]) == ("failed", 10)
    assert (second["status"], second["attempts"]) == ("pending", 0)
    assert len(await clinic.attempts(first["id"])) == 10


async def test_410_disables_and_nothing_is_lost(
    clinic: Clinic, receiver: Receiver, booked: int, ada: Person, database: Any
) -> None:
    receiver.answers.append(status(410))
    await clinic.api.cancel(ada, booked)
    [outcome] = await clinic.go_on()
    assert outcome.outcome == "gone"
    shown = await clinic.shown()
    assert (shown["status"], shown["reason"]) == ("disabled", "gone")
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT data::json FROM event WHERE type = 'webhook.disabled' AND account_id = %s",
            [clinic.staff.id],
        )
        assert cursor.fetchall() == [({"webhook_id": clinic.id, "reason": "gone"},)]
    assert await clinic.go_on(HOUR) == []
    enabled = await clinic.api.post(f"{clinic.path}/enable/", who=clinic.staff)
    assert (enabled.status, enabled.json["status"], enabled.json["reason"]) == (202, "enabled", "")
    await clinic.api.post(f"{clinic.path}/replay/", {"after": 0}, who=clinic.staff)
    await clinic.go_on()
    told = [got.json["type"] for got in receiver.got]
    assert told == ["appointment.booked", "appointment.booked", "appointment.cancelled"]


@pytest.fixture
def in_trouble(io_loop: AsyncIOLoop, clinic: Clinic, receiver: Receiver, ada: Person) -> Clinic:
    """A clinic whose receiver has failed five times in a row, with ten events pending."""
    receiver.usual = status(503)

    async def fail() -> None:
        await clinic.change(types=["appointment.booked"])
        for _ in range(10):
            await clinic.appointment(ada)
        await clinic.make()
        claims = await send.claim(clinic.deps, send.TROUBLE)
        assert len(claims) == send.TROUBLE
        outcomes = [await send.send(clinic.deps, one) for one in claims]
        await send.settle(clinic.deps, outcomes)

    io_loop.run_sync(fail)
    receiver.got.clear()
    return clinic


async def test_an_endpoint_in_trouble_gets_one_probe_at_a_time(
    in_trouble: Clinic, receiver: Receiver, ada: Person
) -> None:
    probe = timedelta(seconds=send.PROBE)
    assert await in_trouble.go_on(probe - timedelta(seconds=10)) == []
    for turn in range(1, 4):
        assert len(await in_trouble.go_on(turn * (probe + timedelta(seconds=10)))) == 1
    receiver.usual = OK
    back = await in_trouble.go_on(4 * (probe + timedelta(seconds=10)))
    assert back[0].outcome == "delivered"
    assert [one.outcome for one in back] == ["delivered"] * len(back)
    assert (await in_trouble.shown())["failing_since"] is None


async def test_of_who_is_in_trouble_no_more_is_made_than_is_pending(
    in_trouble: Clinic, receiver: Receiver, ada: Person
) -> None:
    before = await in_trouble.shown()
    await in_trouble.appointment(ada)
    await in_trouble.make()
    assert len(await in_trouble.deliveries()) == 10
    assert (await in_trouble.shown())["cursor"] == before["cursor"]
    receiver.usual = OK
    await in_trouble.api.post(f"{in_trouble.path}/enable/", who=in_trouble.staff)
    await in_trouble.go_on()
    assert len(await in_trouble.deliveries("?status=delivered")) == 11


async def test_after_five_bad_days_it_is_disabled(
    in_trouble: Clinic, receiver: Receiver, database: Any
) -> None:
    days = timedelta(days=1)
    for ahead in (0.1, 1, 2, 3, 4, 4.9):
        await in_trouble.go(ahead * days)
        assert (await in_trouble.shown())["status"] == "enabled"
    await in_trouble.go(5.1 * days)
    shown = await in_trouble.shown()
    assert (shown["status"], shown["reason"]) == ("disabled", "failing")
    [enabled] = [await in_trouble.api.post(f"{in_trouble.path}/enable/", who=in_trouble.staff)]
    assert enabled.json["status"] == "enabled"
    receiver.usual = OK
    await number(in_trouble.deps)
    assert len(await in_trouble.go_on()) >= 9


async def test_who_failed_for_hours_only_is_not_disabled_however_quiet_it_was(
    clinic: Clinic, receiver: Receiver, booked: int
) -> None:
    """The last that it took was days ago, for there was nothing; it has failed for eleven hours."""
    receiver.usual = status(500)
    days = timedelta(days=9)
    for hours in (0, 1, 5, 11):
        await clinic.go(days + hours * HOUR)
        assert (await clinic.shown())["status"] == "enabled"
    await clinic.go(days + 24 * HOUR)
    assert (await clinic.shown())["status"] == "disabled"
