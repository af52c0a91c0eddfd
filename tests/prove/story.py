"""Histories written by hand: who asked what, when, and what PostgreSQL's log says of it."""

from typing import Any

from service.booking.actions import ENDINGS
from tests.prove.answers import outcome_of
from tests.prove.checker.costs import BEFORE, ENOUGH
from tests.prove.checker.evidence import Evidence
from tests.prove.checker.join import join
from tests.prove.records import Fault, Operation
from tests.prove.witness import Transaction


class Story:
    """Keeps the tables that its commits make, so that each commit needs few words."""

    def __init__(self, people: dict[str, int], slots: dict[int, int]) -> None:
        self.operations: list[Operation] = []
        self.stream: list[Transaction] = []
        self.looks: list[dict[str, Any]] = []
        self.faults: list[Fault] = []
        self.feed: list[dict[str, Any]] = []
        self.facts: dict[str, Any] = {"staff": ["root"], "cap": 3, "logins": 2, "others": []}
        self.accounts = people
        self.slots = {slot: [capacity, 0, False, 1] for slot, capacity in slots.items()}
        self.rows: dict[int, list[Any]] = {}
        self.commit(
            *(["account", "INSERT", number, name] for name, number in people.items()),
            *(["slot", "INSERT", slot, *row] for slot, row in self.slots.items()),
        )

    def asked(
        self, verb: str, user: str, at: float, status: int, body: Any = None, /, **more: Any
    ) -> Operation:
        """An operation that was sent at `at` and answered 0.1 s later, or after `took`."""
        number = len(self.operations) + 1
        kept = {name: more.pop(name, "") for name in ("nonce", "token")}
        replayed, took = more.pop("replayed", False), more.pop("took", 0.1)
        one = Operation(
            number=number,
            process=number,
            server=0,
            user=user,
            verb=verb,
            args=more,
            sent_at=at,
            answered_at=at + took,
            outcome=outcome_of(status),
            status=status,
            body=body,
            replayed=replayed,
            **kept,
        )
        self.operations.append(one)
        return one

    def commit(self, *rows: list[Any]) -> Transaction:
        """A transaction in the stream."""
        number = len(self.stream) + 1
        self.stream.append(Transaction(number * 100, number, list(rows)))
        return self.stream[-1]

    def counted(self, slot: int, more: int) -> list[Any]:
        """The row of a slot after so many more places were taken."""
        row = self.slots[slot]
        row[1] += more
        row[3] += 1
        return ["slot", "UPDATE", slot, *row]

    def booked(self, number: int, user: str, slot: int, tag: str, nonce: str = "") -> Transaction:
        """The commit of a booking."""
        account = self.accounts[user]
        self.rows[number] = [number, slot, 1, account, "booked", tag, 1]
        return self.commit(
            ["appointment", "INSERT", *self.rows[number]],
            self.counted(slot, 1),
            ["appointment_history", "INSERT", number, account, "book", None, slot, "booked", ""],
            *([["idempotency", "INSERT", account, nonce, 7, number, 1]] if nonce else []),
        )

    def moved(self, number: int, user: str, slot: int, nonce: str = "") -> Transaction:
        """The commit of a move."""
        account, row = self.accounts[user], self.rows[number]
        origin, row[1] = row[1], slot
        row[6] += 1
        step = [number, account, "reschedule", origin, slot, "booked", ""]
        return self.commit(
            ["appointment", "UPDATE", *row],
            self.counted(origin, -1),
            self.counted(slot, 1),
            ["appointment_history", "INSERT", *step],
            *([["idempotency", "INSERT", account, nonce, 7, number, row[6]]] if nonce else []),
        )

    def ended(self, number: int, user: str, tag: str, verb: str = "cancel") -> Transaction:
        """The commit of an ending."""
        account, row = self.accounts[user], self.rows[number]
        row[4] = ENDINGS[verb].after
        row[6] += 1
        left = None if verb == "cancel" else row[1]
        step = [number, account, verb, row[1], left, row[4], tag]
        freed = [self.counted(row[1], -1)] if verb == "cancel" else []
        return self.commit(
            ["appointment", "UPDATE", *row], *freed, ["appointment_history", "INSERT", *step]
        )

    def looked(self, at: float) -> None:
        """A look at the tables as they are now."""
        booked = sum(row[1] for row in self.slots.values())
        capacity = sum(row[0] for row in self.slots.values())
        self.looks.append(
            {
                "at": at,
                "broken": [],
                "active": booked,
                "booked": booked,
                "free": capacity - booked,
                "capacity": capacity,
            }
        )

    def finish(self) -> None:
        """The end of the run: the tables, and everything at rest."""
        held = {"files": 10, "threads": 3, "memory": 50 << 20}
        self.facts |= {
            "final": {
                "appointments": [[*row[:5], row[6]] for row in self.rows.values()],
                "slots": [[slot, *row] for slot, row in self.slots.items()],
            },
            "left": {"lock keys": 0},
            "processes": [{"server": 0, "starts": 1, "before": held, "after": dict(held)}],
        }

    def evidence(self) -> Evidence:
        """What the judge gets."""
        return join(
            Evidence(
                self.operations,
                self.stream,
                looks=self.looks,
                faults=self.faults,
                feed=self.feed,
                facts=dict(self.facts),
            )
        )


def honest() -> Story:
    """A short day on which everything went as promised; it has something for every invariant."""
    story = Story({"ada": 1, "ben": 2, "root": 3}, {1: 1, 2: 1, 3: 2})
    done = {"v": 1, "crc": 5}
    for user, token in (("ada", "A"), ("ben", "B"), ("root", "R")):
        body = {"username": user, "token": token}
        story.asked("login", user, 1.0, 200, body, username=user, password="old")
    # Ada books slot 1 and asks twice; Ben comes too late.
    body = {"id": 10, "slot": 1, "status": "booked", "user": "ada", **done}
    first = {"slot": 1, "tag": "t1", "nonce": "t1", "token": "A"}
    story.asked("book", "ada", 2.0, 201, body, **first)
    story.booked(10, "ada", 1, "t1", "t1")
    story.asked("book", "ada", 2.5, 201, body, replayed=True, **first)
    story.asked("book", "ben", 3.0, 409, {"code": "slot_taken"}, slot=1, tag="t2", token="B")
    listed = [[10, 1, "booked"]]
    story.asked("list", "ada", 3.2, 200, listed, what="status=booked&limit=50", token="A")
    # She moves to slot 2, and Ben takes slot 1 after all.
    body = {"id": 10, "from": 1, "slot": 2, "v": 2, "crc": 6}
    story.asked(
        "move", "ada", 4.0, 200, body, appointment=10, slot=2, tag="t3", nonce="t3", token="A"
    )
    story.moved(10, "ada", 2, "t3")
    body = {"id": 11, "slot": 1, "status": "booked", "user": "ben", **done}
    story.asked("book", "ben", 5.0, 201, body, slot=1, tag="t4", token="B")
    story.booked(11, "ben", 1, "t4")
    body = {"id": 10, "slot": 2, "status": "booked", "user": "ada", "v": 2, "crc": 8}
    story.asked("get", "ada", 5.5, 200, body, appointment=10, token="A")
    body = {"slot": [1, 1, 0, "busy"], "v": 4, "crc": 9}
    story.asked("slot", "ben", 5.6, 200, body, slot=1)
    story.asked("search", "ben", 5.7, 200, [[2, 1, 0, "busy"], [3, 2, 2, "free"]], provider=1)
    story.asked("get", "ben", 5.8, 404, {"code": "not_found"}, appointment=10, foreign=True,
                token="B")  # fmt: skip
    story.asked("me", "ben", 5.9, 200, {"username": "ben"}, token="B")
    story.looked(6.0)
    # A fault: two bookings of which nobody heard; one of them was done.
    story.faults.append(
        Fault(number=0, kind="cut", target="postgres", began_at=7, ended_at=8, healed_at=8.2)
    )
    story.asked("book", "ada", 7.1, 504, slot=3, tag="t5", token="A")
    story.booked(12, "ada", 3, "t5")
    story.asked("book", "ben", 7.2, 504, slot=3, tag="t6", token="B")
    story.asked("list", "ada", 9.5, 200, [[10, 2, "booked"], [12, 3, "booked"]],
                what="limit=20", token="A")  # fmt: skip
    # She cancels and goes; her token is worth nothing then.
    story.asked("cancel", "ada", 10.0, 200, {"id": 10, "slot": 2, "v": 3, "crc": 1},
                appointment=10, tag="t7", token="A")  # fmt: skip
    story.ended(10, "ada", "t7")
    story.asked("noshow", "root", 10.5, 200, {"id": 11, "slot": 1, "v": 2, "crc": 1},
                appointment=11, tag="t8", token="R")  # fmt: skip
    story.ended(11, "root", "t8", "noshow")
    story.asked("logout", "ada", 11.0, 200, {"v": 0, "crc": 1}, token="A")
    story.asked("me", "ada", 12.0, 401, {"code": "invalid_token"}, token="A")
    story.asked("login", "ada", 13.0, 200, {"username": "ada", "token": "A2"},
                username="ada", password="old")  # fmt: skip
    story.asked("login", "ada", 14.0, 429, {"code": "rate_limited"}, username="ada",
                password="old")  # fmt: skip
    day = "2027-01-04T09:00"
    lines = [
        ["book", "ada", None, 1, None, "booked", "", f"{day}:00+00:00"],
        ["reschedule", "ada", 1, 2, "booked", "booked", "", f"{day}:02+00:00"],
        ["cancel", "ada", 2, None, "booked", "cancelled", "t7", f"{day}:08+00:00"],
    ]
    story.asked("history", "ada", 14.2, 200, lines, appointment=10, token="A2")
    # Ben sees that staff noted his absence; staff see who did, and why.
    for user, who, why, token in (("ben", "staff", "", "B"), ("root", "root", "t8", "R")):
        lines = [
            ["book", "ben", None, 1, None, "booked", "", f"{day}:03+00:00"],
            ["noshow", who, 1, 1, "booked", "noshow", why, f"{day}:08+00:00"],
        ]
        story.asked("history", user, 14.3, 200, lines, appointment=11, token=token)
    story.asked("any", "ben", 14.4, 404, {}, route="GET /api/slots/9/", statuses=[200, 404],
                writes=False)  # fmt: skip
    for n in range(ENOUGH):  # somebody beside an odd request, and somebody a second before
        at = 16 + 2 * n
        story.asked("search", "ben", at, 200, [], provider=1, took=0.1 + n / 1000)
        story.asked("search", "ben", at + BEFORE, 200, [], provider=1, took=0.1)
        story.asked(
            "abandon", "ben", at + BEFORE, 0, slot=3, tag=f"a{n}", took=0.01
        ).outcome = "fail"
    story.finish()
    return story
