"""Named queries by hand: each is sent as the service sends it, in a transaction never committed."""

import itertools
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from service.booking.actions import CANCEL, STAFF_ONLY, Action
from service.booking.appointment.book_time import WAIVES
from service.booking.calendar import service
from service.store.arrays import written
from service.store.queries import load_queries
from service.values.search import words
from tests.sql.holds import Holds

QUERIES = load_queries()
NOON = datetime(2035, 6, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# When services begin to be open: next week, since they can't be booked years ahead.
NINE = (datetime.now(UTC) + 7 * DAY).replace(hour=9, minute=0, second=0, microsecond=0)
ALL = -1  # staff_of of an admin
STATUSES = ["booked", "cancelled", "fulfilled", "noshow"]

DECIDING = frozenset(
    {
        "appointment_book",
        "appointment_book_time",
        "appointment_end",
        "appointment_hold",
        "appointment_hold_confirm",
        "appointment_move",
        "appointment_move_time",
    }
)

_COUNTER = itertools.count(1)


class Desk(Holds):
    """Runs queries and makes the rows that they need."""

    def __init__(self, cursor: Any) -> None:
        self.cursor = cursor
        self.prepared: set[str] | None = None  # the queries that are, where all are to be

    def run(self, name: str, /, **parameters: Any) -> list[Any]:
        """The rows of a named query, as named tuples."""
        if name in DECIDING:
            count = len(parameters["expand"])
            parameters = {"key": [""] * count, "fingerprint": [""] * count} | parameters
        self.send(name, **parameters)
        return list(self.cursor.fetchall())

    def send(self, name: str, /, **parameters: Any) -> None:
        """Run a named query that has no rows."""
        if self.prepared is None:
            self.cursor.execute(QUERIES[name].text, written(parameters))
            return
        if name not in self.prepared:
            self.cursor.execute(QUERIES[name].prepare)
            self.prepared.add(name)
        self.cursor.execute(QUERIES[name].execute, written(parameters))

    def one(self, text: str, *parameters: Any) -> Any:
        """The only value of a statement."""
        self.cursor.execute(text, parameters)
        [(value,)] = self.cursor.fetchall()
        return value

    # Making rows

    def provider(self, name: str = "Clinic", time_zone: str = "UTC") -> int:
        [row] = self.run(
            "provider_create",
            name=name,
            time_zone=time_zone,
            clock=time_zone,
            kind="person",
            per_day=None,
        )
        return int(row.id)

    def service(self, *provider_ids: int, **terms: Any) -> int:
        """A service of half an hour that these providers offer, unless told otherwise."""
        usual = {"name": "Consultation", "duration_minutes": 30, "step_minutes": 30, "needs": {}}
        document = {**service.USUAL, **usual, **terms}
        needs = document.pop("needs")
        [(service_id,)] = self.run("service_create", **document)
        self.staff(service_id, *provider_ids, **needs)
        self.run("service_keep", service_id=service_id, actor_id=0)
        return int(service_id)

    def staff(self, service_id: int, *provider_ids: int, **needs: list[int]) -> None:
        """Give a service these providers, and let it need these."""
        self.send(
            "service_staff",
            service_id=service_id,
            provider_id=list(provider_ids),
            weight=[100] * len(provider_ids),
            role=[role for role, ids in needs.items() for _ in ids],
            room_id=[one for ids in needs.values() for one in ids],
        )

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
            words=words(name),
        )
        return int(row.id)

    def person(self, name: str, made_by: int = 0, phone: str | None = None) -> int:
        """Somebody whom only staff book for."""
        said = {"email": None, "phone": phone, "time_zone": None, "language": None}
        found = words(name, phone=phone)
        [row] = self.run("customer_create", name=name, **said, made_by=made_by, words=found)
        return int(json.loads(row.body)["id"])

    def slots(
        self,
        count: int,
        *,
        provider_id: int = 0,
        start: datetime = NOON,
        capacity: int = 1,
        per_person: int = 0,
        service_id: int | None = None,
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
            service_id=[service_id] * count,
        )
        return [json.loads(row.body)["id"] for row in rows]

    def slot(self, **options: Any) -> int:
        return self.slots(1, **options)[0]

    def visit(self, *provider_ids: int, weights: Sequence[int] = (), **terms: Any) -> int:
        """A service of an hour, whose providers are open from 09:00 to 17:00 UTC, on the day of
        NINE and the next."""
        usual = {"name": "Visit", "duration_minutes": 60, "step_minutes": 60, "horizon_days": 730}
        service_id = self.service(*provider_ids, **{**usual, **terms})
        for provider_id in provider_ids:
            self.open(provider_id)
        for provider_id, weight in zip(provider_ids, weights, strict=False):
            self.cursor.execute(
                "UPDATE service_provider SET weight = %s"
                " WHERE (service_id, provider_id) = (%s, %s)",
                [weight, service_id, provider_id],
            )
        return service_id

    def open(self, provider_id: int, days: int = 2) -> None:
        """Open a provider from 09:00 to 17:00 UTC, on so many days from that of NINE on."""
        self.cursor.execute(
            "INSERT INTO opening (provider_id, day, starts_at, stops_at, ends_at, anchor_at)"
            " SELECT %s, opens::date, opens, opens + interval '8 hours',"
            "        opens + interval '8 hours', opens"
            "   FROM generate_series(%s::timestamptz, %s::timestamptz, interval '1 day') AS opens"
            " ON CONFLICT DO NOTHING",
            [provider_id, NINE, NINE + (days - 1) * DAY],
        )

    def appointment(self, who: int, slot_id: int, notes: str = "") -> int:
        [row] = self.book((who, slot_id), notes=notes)
        return int(json.loads(row.body)["id"])

    # Asking

    def book(
        self,
        *wishes: tuple[int, int],
        max_open: int = 0,
        no_overlap: bool = False,
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
            no_overlap=no_overlap,
            **keyed,
        )

    def take(
        self,
        *wishes: tuple[int, int, int, datetime],
        who: int = 0,
        staff_of: int = 0,
        size: int = 1,
        override: str = "",
        reason: str = "",
        seconds: int = 0,
        max_open: int = 0,
        no_overlap: bool = False,
        max_holds: int = 5,
        max_pending: int = 5,
        expand: bool = False,
        **keyed: list[str],
    ) -> list[Any]:
        """Each wish is (account, service, provider, start); `who` asks for all of them. With
        seconds they are held."""
        count = len(wishes)
        names = [name for name in override.split(",") if name]
        return self.run(
            "appointment_book_time",
            account_id=[wish[0] for wish in wishes],
            actor_id=[who or wish[0] for wish in wishes],
            staff_of=[staff_of] * count,
            service_id=[wish[1] for wish in wishes],
            provider_id=[wish[2] for wish in wishes],
            starts_at=[wish[3] for wish in wishes],
            size=[size] * count,
            notes=[""] * count,
            override=[override] * count,
            waived=[",".join(WAIVES[name] for name in names)] * count,  # type: ignore[index]
            reason=[reason] * count,
            seconds=[seconds] * count,
            expand=[expand] * count,
            max_open=max_open,
            no_overlap=no_overlap,
            max_holds=max_holds,
            max_pending=max_pending,
            hold_seconds=600,
            **keyed,
        )

    def taken(self, *wish: Any, **options: Any) -> tuple[int, int]:
        """The ids of the appointment and the slot that a wish for a time has got."""
        [row] = self.take(wish, **options)
        assert row.verdict == "booked", row
        document = json.loads(row.body)
        return document["id"], document["slot"]["id"]

    def served(self, service_id: int) -> list[int]:
        """How often it was the turn of each provider of a service, by id."""
        self.cursor.execute(
            "SELECT served FROM service_provider WHERE service_id = %s ORDER BY provider_id",
            [service_id],
        )
        return [int(row.served) for row in self.cursor.fetchall()]

    def retime(
        self,
        *moves: tuple[int, int, int, datetime],
        who: int,
        staff_of: int = 0,
        version: int = 0,
        expand: bool = False,
        notice: str = "0 minutes",
        no_overlap: bool = False,
    ) -> list[Any]:
        """Each move is (appointment, from slot, provider or 0, start)."""
        return self.run(
            "appointment_move_time",
            appointment_id=[move[0] for move in moves],
            from_slot_id=[move[1] for move in moves],
            provider_id=[move[2] for move in moves],
            starts_at=[move[3] for move in moves],
            version=[version] * len(moves),
            actor_id=[who] * len(moves),
            staff_of=[staff_of] * len(moves),
            expand=[expand] * len(moves),
            message="Done",
            notice=notice,
            no_overlap=no_overlap,
        )

    def times(
        self,
        service_id: int,
        provider_id: int = 0,
        *,
        from_at: datetime = NINE,
        to_at: datetime = NINE + DAY,
        size: int = 1,
        limit: int = 500,
        except_slot_id: int = 0,
    ) -> list[dict[str, Any]]:
        """The times that are listed."""
        [row] = self.run(
            "time_list",
            service_id=[service_id],
            provider_id=[provider_id],
            from_at=[from_at],
            to_at=[to_at],
            size=[size],
            except_slot_id=[except_slot_id],
            after_at=["-infinity"],
            after_id=[-1],
            limit=[limit],
            known=[""],
        )
        found: list[dict[str, Any]] = json.loads(row.body)
        return found

    def explain(self, who: int, *, max_open: int = 0, staff_of: int = 0, **asked: Any) -> list[Any]:
        """`service_id`, `provider_id`, `starts_at`, `size`."""
        limits = {"max_open": max_open, "no_overlap": False, "max_pending": 5}
        return self.run("time_explain", account_id=who, staff_of=staff_of, **limits, **asked)

    def move(
        self,
        *moves: tuple[int, int, int],
        who: int,
        staff_of: int = 0,
        version: int = 0,
        expand: bool = False,
        notice: str = "0 minutes",
        no_overlap: bool = False,
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
            no_overlap=no_overlap,
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
            begins=[action.begins] * count,
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
