"""Named queries by hand: each is sent as the service sends it, in a transaction never committed."""

import itertools
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from service.booking.actions import CANCEL, STAFF_ONLY, Action
from service.store.arrays import written
from service.store.queries import load_queries

QUERIES = load_queries()
NOON = datetime(2035, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALL = -1  # staff_of of an admin
STATUSES = ["booked", "cancelled", "fulfilled", "noshow"]

DECIDING = frozenset({"appointment_book", "appointment_move", "appointment_end"})

_COUNTER = itertools.count(1)


class Desk:
    """Runs queries and makes the rows that they need."""

    def __init__(self, cursor: Any) -> None:
        self.cursor = cursor

    def run(self, name: str, /, **parameters: Any) -> list[Any]:
        """The rows of a named query, as named tuples."""
        if name in DECIDING:
            count = len(parameters["expand"])
            parameters = {"key": [""] * count, "fingerprint": [""] * count} | parameters
        self.cursor.execute(QUERIES[name].text, written(parameters))
        return list(self.cursor.fetchall())

    def send(self, name: str, /, **parameters: Any) -> None:
        """Run a named query that has no rows."""
        self.cursor.execute(QUERIES[name].text, written(parameters))

    def one(self, text: str, *parameters: Any) -> Any:
        """The only value of a statement."""
        self.cursor.execute(text, parameters)
        [(value,)] = self.cursor.fetchall()
        return value

    # Making rows

    def provider(self, name: str = "Clinic", time_zone: str = "UTC") -> int:
        [row] = self.run("provider_create", name=name, time_zone=time_zone, clock=time_zone)
        return int(row.id)

    def account(self, *, role: str = "customer", provider_id: int = 0) -> int:
        name = f"desk{next(_COUNTER)}"
        [row] = self.run(
            "account_create",
            username=name,
            username_key=name,
            email="desk@example.org",
            password_hash="-",
            role=role,
            provider_id=provider_id,
        )
        return int(row.id)

    def slots(
        self,
        count: int,
        *,
        provider_id: int = 0,
        start: datetime = NOON,
        capacity: int = 1,
        per_person: int = 0,
    ) -> list[int]:
        """Slots of an hour, one after the other, of a provider of their own; anybody may have all
        their places, unless told otherwise."""
        rows = self.run(
            "slot_create",
            provider_id=[provider_id or self.provider()] * count,
            starts_at=[start + n * HOUR for n in range(count)],
            ends_at=[start + (n + 1) * HOUR for n in range(count)],
            capacity=[capacity] * count,
            per_person=[per_person or capacity] * count,
        )
        return [json.loads(row.body)["id"] for row in rows]

    def slot(self, **options: Any) -> int:
        return self.slots(1, **options)[0]

    def appointment(self, who: int, slot_id: int, notes: str = "") -> int:
        [row] = self.book((who, slot_id), notes=notes)
        return int(json.loads(row.body)["id"])

    # Asking

    def book(
        self,
        *wishes: tuple[int, int],
        max_open: int = 0,
        expand: bool = False,
        notes: str = "",
        **keyed: list[str],
    ) -> list[Any]:
        """Each wish is (account, slot)."""
        return self.run(
            "appointment_book",
            account_id=[who for who, _ in wishes],
            slot_id=[slot_id for _, slot_id in wishes],
            notes=[notes] * len(wishes),
            expand=[expand] * len(wishes),
            max_open=max_open,
            **keyed,
        )

    def move(
        self,
        *moves: tuple[int, int, int],
        who: int,
        staff_of: int = 0,
        version: int = 0,
        expand: bool = False,
        notice: str = "0 minutes",
    ) -> list[Any]:
        """Each move is (appointment, from slot, to slot)."""
        return self.run(
            "appointment_move",
            appointment_id=[move[0] for move in moves],
            from_slot_id=[move[1] for move in moves],
            to_slot_id=[move[2] for move in moves],
            version=[version] * len(moves),
            actor_id=[who] * len(moves),
            staff_of=[staff_of] * len(moves),
            expand=[expand] * len(moves),
            message="Done",
            notice=notice,
        )

    def end(
        self,
        *appointments: int,
        who: int,
        staff_of: int = 0,
        action: Action = CANCEL,
        reason: str = "",
        version: int = 0,
        expand: bool = False,
        notice: str = "0 minutes",
    ) -> list[Any]:
        count = len(appointments)
        return self.run(
            "appointment_end",
            appointment_id=list(appointments),
            action=[action.name] * count,
            status=[action.after] * count,
            staff_only=[action.staff_only] * count,
            message=["Done"] * count,
            reason=[reason] * count,
            version=[version] * count,
            actor_id=[who] * count,
            staff_of=[staff_of] * count,
            expand=[expand] * count,
            notice=notice,
        )

    def history(self, **asked: int) -> list[Any]:
        """`appointment_id`, `actor_id`, `staff_of`, `after_id`, `limit`."""
        return self.run("appointment_history", staff_only=STAFF_ONLY, **asked)

    def change(self, slot_id: int, *, staff_of: int = ALL, version: int = 0, **what: Any) -> Any:
        """`closed`, `capacity`, `per_person`, `deleted`."""
        changes = {"closed": None, "capacity": 0, "per_person": 0, "deleted": False} | what
        rows = self.run(
            "slot_change", slot_id=slot_id, staff_of=staff_of, version=version, **changes
        )
        return rows[0] if rows else None


def verdicts(rows: Sequence[Any]) -> list[str]:
    """The verdicts in the order of the items."""
    assert [row.n for row in rows] == list(range(1, len(rows) + 1))
    return [row.verdict for row in rows]
