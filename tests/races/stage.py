"""Slots and appointments for sessions to play with, and the acts on them."""

import itertools
from typing import Any

from service.booking.actions import APPROVE, CANCEL, RELEASE, Action
from tests.races.sessions import QUERIES, Act

ADMIN = -1  # staff_of


class Stage:
    """Makes what a play needs in plain SQL: quick, and committed at once."""

    def __init__(self, database: Any) -> None:
        self._database = database
        with database.cursor() as cursor:
            cursor.execute(QUERIES["appointment_book"].prepare)
        name = f"stage{database.get_backend_pid()}"
        self._provider = self._value(
            "INSERT INTO provider (name, time_zone) VALUES (%s, 'UTC') RETURNING id", name
        )
        self.actor = self._value(
            "INSERT INTO account (username, email, password_hash)"
            " VALUES (%s, 'stage@example.org', '-') RETURNING id",
            name,
        )
        self._hours = itertools.count(24)

    def slot(self, capacity: int = 1, per_person: int = 1000) -> int:
        return self._value(
            "INSERT INTO slot (provider_id, starts_at, ends_at, capacity, per_person)"
            " VALUES (%s, now() + %s * interval '1 h', now() + %s * interval '1 h', %s, %s)"
            " RETURNING id",
            self._provider,
            hour := next(self._hours) * 2,
            hour + 1,
            capacity,
            per_person,
        )

    def appointment(self, slot_id: int) -> int:
        with self._database.cursor() as cursor:
            act = self.book(slot_id)
            cursor.execute(QUERIES[act.name].execute, act.parameters)
            assert cursor.fetchall()[0][1] == "booked"
        return self._value("SELECT max(id) FROM appointment WHERE slot_id = %s", slot_id)

    def counted(self, slot_id: int) -> tuple[int, int]:
        """What the slot's counter says, and how many appointments there are."""
        with self._database.cursor() as cursor:
            cursor.execute(
                "SELECT booked, (SELECT count(*) FROM appointment"
                " WHERE slot_id = slot.id AND NOT leaves(status)) FROM slot WHERE id = %s",
                [slot_id],
            )
            counter, seated = cursor.fetchone()
            return counter, seated

    def _value(self, text: str, *parameters: Any) -> int:
        with self._database.cursor() as cursor:
            cursor.execute(text, parameters)
            return int(cursor.fetchone()[0])

    def book(self, *slot_ids: int) -> Act:
        count = len(slot_ids)
        return Act(
            "appointment_book",
            {
                "account_id": [self.actor] * count,
                "slot_id": list(slot_ids),
                "notes": [""] * count,
                "expand": [False] * count,
                "key": [""] * count,
                "fingerprint": [""] * count,
                "max_open": 0,
                "no_overlap": False,
            },
        )

    def move(self, *moves: tuple[int, int, int]) -> Act:
        """Each is (appointment, from slot, to slot)."""
        appointments, origins, targets = map(list, zip(*moves, strict=True))
        count = len(moves)
        return Act(
            "appointment_move",
            {
                "appointment_id": appointments,
                "from_slot_id": origins,
                "to_slot_id": targets,
                "version": [0] * count,
                "actor_id": [self.actor] * count,
                "staff_of": [0] * count,
                "expand": [False] * count,
                "key": [""] * count,
                "fingerprint": [""] * count,
                "message": "Done",
                "notice": "0 minutes",
                "no_overlap": False,
            },
        )

    def waiting(self, slot_id: int, status: str = "held", seconds: int = 600) -> int:
        """A hold or a request of somebody, which runs out in so many seconds, or has already."""
        return self._value(
            "WITH made AS ("
            "    INSERT INTO appointment (slot_id, place, account_id, status, expires_at)"
            "    VALUES (%s, 1, %s, %s, clock_timestamp() + %s * interval '1 s')"
            "    RETURNING id, account_id, slot_id, status, expires_at"
            "), told AS ("
            "    INSERT INTO appointment_history"
            "        (appointment_id, actor_id, action, to_slot_id, to_status)"
            "    SELECT id, account_id, CASE status WHEN 'held' THEN 'hold' ELSE 'request' END,"
            "           slot_id, status FROM made"
            ")"
            " UPDATE slot SET booked = booked + 1, next_expiry = made.expires_at FROM made"
            "  WHERE slot.id = made.slot_id RETURNING made.id",
            slot_id,
            self.actor,
            status,
            seconds,
        )

    def hold(self, slot_id: int) -> Act:
        """Of somebody who holds nothing else."""
        somebody = self._value(
            "INSERT INTO account (username, email, password_hash)"
            " VALUES (%s, 'stage@example.org', '-') RETURNING id",
            f"holder{slot_id}-{next(self._hours)}",
        )
        return Act(
            "appointment_hold",
            {
                "account_id": [somebody],
                "actor_id": [somebody],
                "staff_of": [0],
                "slot_id": [slot_id],
                "size": [1],
                "notes": [""],
                "seconds": [600],
                "expand": [False],
                "key": [""],
                "fingerprint": [""],
                "max_open": 0,
                "no_overlap": False,
                "max_holds": 5,
                "hold_seconds": 600,
            },
        )

    def confirm(self, hold: int) -> Act:
        return Act(
            "appointment_hold_confirm",
            {
                "appointment_id": [hold],
                "notes": [None],
                "version": [0],
                "actor_id": [self.actor],
                "staff_of": [0],
                "expand": [False],
                "key": [""],
                "fingerprint": [""],
            },
        )

    def expire(self) -> Act:
        """What the worker does."""
        return Act("appointment_hold_expire", {"most": 100})

    def release(self, hold: int) -> Act:
        return self.end(RELEASE, hold)

    def approve(self, appointment: int) -> Act:
        return self.end(APPROVE, appointment)

    def cancel(self, *appointments: int) -> Act:
        return self.end(CANCEL, *appointments)

    def end(self, action: Action, *appointments: int) -> Act:
        count = len(appointments)
        return Act(
            "appointment_end",
            {
                "appointment_id": list(appointments),
                "action": [action.name] * count,
                "begins": [action.begins] * count,
                "status": [action.after] * count,
                "staff_only": [action.staff_only] * count,
                "message": ["-"] * count,
                "reason": [""] * count,
                "version": [0] * count,
                "actor_id": [self.actor] * count,
                "staff_of": [ADMIN if action.staff_only else 0] * count,
                "expand": [False] * count,
                "key": [""] * count,
                "fingerprint": [""] * count,
                "notice": "0 minutes",
            },
        )

    def change(self, slot_id: int, **changes: Any) -> Act:
        """`closed`, `capacity` or `deleted`."""
        nothing = {"closed": None, "capacity": 0, "per_person": 0, "deleted": False, "version": 0}
        return Act("slot_change", {"slot_id": slot_id, "staff_of": ADMIN} | nothing | changes)
