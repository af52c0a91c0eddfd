"""The check finds what is planted. Each wrong is planted in a transaction that is rolled back."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg2
import pytest

from service.settings import Settings
from tests.cast import Given
from tests.load.check import check_answers, check_database, check_statuses
from tests.load.clinic import Time
from tests.load.journal import SOME_SLOT, Journal, excused
from tests.load.stage import Block

CLEAN: set[str] = set()


@pytest.fixture
def open_transaction(settings: Settings) -> Iterator[Any]:
    connection = psycopg2.connect(settings.database_url)
    yield connection
    connection.rollback()
    connection.close()


class Scene:
    """Three people in the first of five slots with two places, all promised."""

    def __init__(self, given: Given, connection: Any) -> None:
        provider_id = given.provider()
        self.slot_ids = given.slots(5, provider_id=provider_id, capacity=2)
        self.journal, self.connection = Journal(), connection
        self.block = Block(provider_id, datetime.now(UTC), self.slot_ids)
        self.appointment_ids = []
        for slot_id in self.slot_ids[:3]:
            person = given.customer()
            appointment_id = given.appointment(person, slot_id)
            self.journal.book(person.id, slot_id, booked(appointment_id, slot_id))
            self.appointment_ids.append(appointment_id)

    def plant(self, text: str, **parameters: Any) -> None:
        """Do something behind everybody's back to the first appointment and its slot."""
        with self.connection.cursor() as cursor:
            names = {"id": self.appointment_ids[0], "slot": self.slot_ids[0]}
            cursor.execute(text, names | parameters)

    def failed(self) -> set[str]:
        """The names of the checks that fail."""
        checks = check_database(self.connection, self.journal, [self.block])
        return {check.name for check in checks if not check.ok}


@pytest.fixture
def scene(given: Given, open_transaction: Any) -> Scene:
    return Scene(given, open_transaction)


def booked(appointment_id: int, slot_id: int) -> bytes:
    return json.dumps({"id": appointment_id, "slot": {"id": slot_id}}).encode()


def test_what_was_promised_and_kept_passes(scene: Scene) -> None:
    assert scene.failed() == CLEAN


def test_a_deleted_appointment_is_found(scene: Scene) -> None:
    scene.plant("DELETE FROM appointment_history WHERE appointment_id = %(id)s")
    scene.plant("DELETE FROM appointment WHERE id = %(id)s")
    assert scene.failed() == {
        "Every 201 exists once, where it was promised",
        "Counters equal rows",
        "Every invariant holds",
    }


def test_a_raised_counter_is_found(scene: Scene) -> None:
    scene.plant("UPDATE slot SET booked = booked + 1 WHERE id = %(slot)s")
    assert scene.failed() == {"Counters equal rows", "Every invariant holds"}


def test_a_slot_over_its_capacity_is_found(scene: Scene) -> None:
    scene.plant("ALTER TABLE slot DROP CONSTRAINT slot_booked_within_capacity")
    scene.plant("ALTER TABLE slot DROP CONSTRAINT slot_capacity_sane")
    scene.plant("UPDATE slot SET capacity = 0 WHERE id = %(slot)s")
    assert scene.failed() == {"No slot over its capacity", "Every invariant holds"}


def test_an_appointment_that_was_moved_by_half_is_found(scene: Scene) -> None:
    scene.plant("UPDATE appointment SET slot_id = %(to)s WHERE id = %(id)s", to=scene.slot_ids[4])
    assert "Every 201 exists once, where it was promised" in scene.failed()
    assert "Counters equal rows" in scene.failed()


def test_a_move_that_was_promised_and_not_made_is_found(scene: Scene) -> None:
    moved = {
        "appointment_id": scene.appointment_ids[0],
        "old_slot": scene.slot_ids[0],
        "new_slot": scene.slot_ids[4],
    }
    scene.journal.move(scene.appointment_ids[0], scene.slot_ids[4], json.dumps(moved))
    assert scene.failed() == {
        "Every 201 exists once, where it was promised",
        "Nothing is half-moved",
    }


def test_a_booking_that_was_refused_and_made_is_found(scene: Scene, given: Given) -> None:
    person = given.customer()
    given.appointment(person, scene.slot_ids[4])
    assert scene.failed() == {"Nothing exists that was refused"}
    scene.journal.unanswered.append((person.id, scene.slot_ids[4]))  # nobody knew: fine
    assert scene.failed() == CLEAN


@pytest.mark.parametrize("named", [True, False])
def test_a_time_that_is_not_where_it_was_promised_is_found(
    scene: Scene, given: Given, named: bool
) -> None:
    service_id, slot_id = given.service(scene.block.provider_id), scene.slot_ids[0]
    scene.plant("UPDATE slot SET service_id = %(service)s WHERE id = %(slot)s", service=service_id)
    with scene.connection.cursor() as cursor:
        cursor.execute("SELECT starts_at FROM slot WHERE id = %s", [slot_id])
        [(starts_at,)] = cursor.fetchall()
    promised = Time(service_id, scene.block.provider_id if named else 0, starts_at)
    account_id = scene.journal.promises.pop(scene.appointment_ids[0]).account_id
    scene.journal.take(account_id, promised, booked(scene.appointment_ids[0], slot_id))
    assert scene.failed() == CLEAN
    scene.plant("UPDATE slot SET service_id = NULL WHERE id = %(slot)s")
    assert scene.failed() == {"Every time is where it was promised"}


def test_one_booking_without_an_answer_excuses_one_appointment() -> None:
    unanswered = [(1, 5), (1, SOME_SLOT)]
    assert [excused(unanswered, *one) for one in ((1, 5), (2, 7), (1, 7), (1, 5))] == [
        True,
        False,
        True,
        False,
    ]


def test_a_success_that_contradicts_itself_is_a_lie() -> None:
    journal = Journal()
    journal.book(1, 5, booked(7, 5))
    journal.book(2, 6, booked(7, 6))  # the same id once more
    journal.book(3, 8, booked(9, 10))  # another slot than was asked for
    journal.book(4, 8, b"{}")
    at = Time(1, 0, datetime.now(UTC))
    journal.take(5, at, booked(11, 12))
    journal.take(6, at, booked(13, 12))  # the same slot once more
    check = check_answers(journal)
    assert not check.ok
    assert len(check.wrong) == 4


def test_an_unexpected_status_fails() -> None:
    outcome = {"kind": "book", "words": "500", "count": 2, "allowed": False}
    assert check_statuses([outcome]).wrong == ["2 times 500 for book"]
    assert check_statuses([outcome | {"allowed": True}]).ok
