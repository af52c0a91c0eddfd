"""Times in histories written by hand: a clinic in UTC that is open from 9 to 17, with one room."""

from typing import Any

from tests.prove.story import Story
from tests.prove.times.cast import TAG_DAY
from tests.prove.times.told.answers import NO_END

CLINIC, ROOM, SERVICE = 1, 9, 7
HOUR = 3600
NONE: dict[str, Any] = {"conflicts": [], "conflicts_total": 0}
NINE, TEN, ELEVEN, ONE, FOUR = (hour * HOUR for hour in (9, 10, 11, 13, 16))
DOCUMENT: dict[str, Any] = {
    "description": "setup0", "duration_minutes": 60, "step_minutes": 60,
    "buffer_before_minutes": 0, "buffer_after_minutes": 15, "lead_minutes": 0, "horizon_days": 30,
    "per_day": 5, "per_customer_day": None, "per_customer_open": 2, "capacity": 1, "party_max": 1,
    "notice_minutes": 0, "providers": [{"provider": CLINIC, "weight": 100}],
    "needs": {"room": [ROOM]}, "version": 1,
}  # fmt: skip


class Clinic:
    """Writes commits about times into a story."""

    def __init__(self, story: Story) -> None:
        self.story, self.served = story, 0.0
        self.made: dict[int, list[Any]] = {}  # by slot, what is the same in all its rows
        story.facts |= {"providers": [[CLINIC, "Clinic", "UTC"], [ROOM, "Room", "UTC"]]}

    def opens(self, tag: str) -> list[list[Any]]:
        """The rows of its hours."""
        return [
            ["schedule_rule", "INSERT", CLINIC, [1, 2, 3, 4, 5, 6, 7], "09:00:00", "17:00:00",
             None, None, None],
            ["schedule_day", "INSERT", CLINIC, TAG_DAY, None, None, None, tag],
        ]  # fmt: skip

    def set_up(self) -> None:
        """The commit that makes its service and its hours."""
        self.story.commit(
            ["service_version", "INSERT", SERVICE, 1, DOCUMENT],
            ["service_provider", "INSERT", SERVICE, CLINIC, 100, 0.0, None],
            *self.opens("setup1"),
        )

    def slot(self, number: int, at: int, *, lead: int = 0, chosen: bool = False) -> list[Any]:
        """The row of a slot that is made for a time, or of its room."""
        whose, story = (ROOM if lead else CLINIC), self.story
        self.made[number] = [whose, at, at + HOUR, SERVICE, 1, lead, at, at + HOUR + 900, [],
                             chosen]  # fmt: skip
        story.slots[number] = [1, 1, False, 1]
        return ["slot", "INSERT", number, *story.slots[number], [*self.made[number], False, ""]]

    def gone(self, number: int) -> list[Any]:
        """The row of a slot that nobody is in any more."""
        return [*self.story.counted(number, -1), [*self.made[number], True, ""]]

    def counted(self, more: float) -> list[Any]:
        """The row that says how much was served."""
        self.served += more
        return ["service_provider", "UPDATE", SERVICE, CLINIC, 100, self.served, "now"]

    def taken(self, number: int, user: str, slot: int, at: int, tag: str, nonce: str = "") -> Any:
        """The commit of booking a time with anybody; the room's slot has the next number."""
        story, account = self.story, self.story.accounts[user]
        story.rows[number] = [number, slot, 1, account, "booked", tag, 1]
        return story.commit(
            self.slot(slot, at, chosen=True),
            self.slot(slot + 1, at, lead=slot),
            ["appointment", "INSERT", *story.rows[number]],
            ["appointment_history", "INSERT", number, account, "book", None, slot, "booked", ""],
            self.counted(1),
            *([["idempotency", "INSERT", account, nonce, 7, number, 1]] if nonce else []),
        )

    def left(self, number: int, user: str, tag: str) -> None:
        """The commit of giving a time back."""
        story, row = self.story, self.story.rows[number]
        row[4], row[6] = "cancelled", row[6] + 1
        step = [number, story.accounts[user], "cancel", row[1], None, row[4], tag]
        story.commit(
            ["appointment", "UPDATE", *row],
            self.gone(row[1]),
            self.gone(row[1] + 1),
            ["appointment_history", "INSERT", *step],
            self.counted(-1),
        )

    def moved(self, number: int, user: str, slot: int, at: int) -> None:
        """The commit of moving to another time with the same provider."""
        story, row, account = self.story, self.story.rows[number], self.story.accounts[user]
        origin, row[1], row[6] = row[1], slot, row[6] + 1
        step = [number, account, "reschedule", origin, slot, "booked", ""]
        story.commit(
            self.gone(origin),
            self.gone(origin + 1),
            self.slot(slot, at, chosen=True),
            self.slot(slot + 1, at, lead=slot),
            ["appointment", "UPDATE", *row],
            ["appointment_history", "INSERT", *step],
        )


def with_times(story: Story) -> Clinic:
    """A short day of a clinic, on which everything went as promised."""
    clinic = Clinic(story)
    clinic.set_up()
    at_nine = {"service": SERVICE, "provider": 0, "at": NINE, "size": 1}
    body = {"id": 20, "slot": 50, "status": "booked", "user": "ada", "v": 1, "crc": 3}
    story.asked("take", "ada", 14.5, 201, body, tag="t20", nonce="t20", token="A2", **at_nine)
    clinic.taken(20, "ada", 50, NINE, "t20", "t20")
    free = [[at, CLINIC, 1, 0] for at in range(ELEVEN, FOUR + 1, HOUR)]
    asked = at_nine | {"provider": CLINIC}
    story.asked("times", "ben", 14.61, 200, {"times": free, "until": NO_END}, **asked,
                **{"from": 0, "to": 24 * HOUR})  # fmt: skip
    why = {"bookable": False, "reasons": [["slot_taken", CLINIC]], "times": free[:3]}
    story.asked("explain", "ben", 14.72, 200, why, token="B", **asked)
    late = {"code": "slot_taken", "times": free[:3]}
    story.asked("take", "ben", 14.83, 409, late, tag="t21", token="B", **asked | {"at": TEN})
    # All is quiet: one question in four ways.
    quiet = {"round": 0, "asked": ELEVEN, "token": "B", **asked, "at": ELEVEN}
    span = {"from": ELEVEN - 1, "to": ELEVEN + 1}
    story.asked("times", "ben", 15.0, 200, {"times": free[:1], "until": NO_END}, **quiet, **span)
    why = {"bookable": True, "reasons": [], "times": []}
    story.asked("explain", "ben", 15.11, 200, why, **quiet)
    story.asked("dry", "ben", 15.22, 200, {"bookable": True, "provider": CLINIC}, **quiet)
    body = {"id": 21, "slot": 52, "status": "booked", "user": "ben", "v": 1, "crc": 4}
    anybody = quiet | {"provider": 0}
    story.asked("take", "ben", 15.33, 201, body, tag="t22", **anybody)
    clinic.taken(21, "ben", 52, ELEVEN, "t22")
    # Hours are written anew, Ben moves, Ada cancels.
    story.asked("hours", "root", 15.44, 200, {"v": 2, "crc": 5} | NONE, provider=CLINIC,
                daily=[["09:00", "17:00"]], closed=[], tag="t23", token="R")  # fmt: skip
    story.commit(*clinic.opens("t23"))
    body = {"id": 21, "from": 52, "slot": 54, "v": 2, "crc": 6}
    story.asked("shift", "ben", 15.55, 200, body, appointment=21, at=ONE, provider=0, tag="t24",
                token="B")  # fmt: skip
    clinic.moved(21, "ben", 54, ONE)
    story.asked("cancel", "ada", 15.66, 200, {"id": 20, "slot": 50, "v": 2, "crc": 7},
                appointment=20, tag="t25", token="A2")  # fmt: skip
    clinic.left(20, "ada", "t25")
    return clinic
