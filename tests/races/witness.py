"""What PostgreSQL says happened: the witness beside what callers were told."""

from collections.abc import Sequence
from typing import Any

from tests.races.wire import Answer

Step = tuple[int, int, int]  # appointment, from slot, to slot


def seats(database: Any, slot_ids: Sequence[int]) -> dict[int, list[int]]:
    """The active appointments of each slot."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT slot_id, array_agg(id ORDER BY id) FROM appointment"
            " WHERE slot_id = ANY (%s) AND status <> 'cancelled' GROUP BY slot_id",
            [list(slot_ids)],
        )
        return {slot_id: [] for slot_id in slot_ids} | dict(cursor.fetchall())


def whereabouts(database: Any, appointment_ids: Sequence[int]) -> dict[int, tuple[int, str]]:
    """Slot and status of each appointment."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT id, slot_id, status FROM appointment WHERE id = ANY (%s)",
            [list(appointment_ids)],
        )
        return {row[0]: (row[1], row[2]) for row in cursor.fetchall()}


def steps(database: Any, appointment_ids: Sequence[int]) -> list[Step]:
    """Every move of the appointments, each appointment's in the order it happened."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT appointment_id, from_slot_id, to_slot_id FROM appointment_history"
            " WHERE appointment_id = ANY (%s) AND action = 'reschedule' ORDER BY id",
            [list(appointment_ids)],
        )
        return list(cursor.fetchall())


def told(answers: Sequence[Answer]) -> list[Step]:
    """Every move that a caller was told of."""
    return [
        (answer.json["appointment_id"], answer.json["old_slot"], answer.json["new_slot"])
        for answer in answers
        if answer.status == 200
    ]
