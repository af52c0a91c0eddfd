"""What can be done with an appointment: each action once, for all who name, count or judge it."""

from collections.abc import Mapping
from typing import NamedTuple

from service.booking.status import Status


class Action(NamedTuple):
    """An action: its name in history and metrics, the status of the appointment before it (None:
    there is none yet) and after it, whether it is for staff alone, what its answer says, and which
    other status it may begin with."""

    name: str
    before: Status | None
    after: Status
    staff_only: bool
    message: str = ""  # none where the answer is the appointment
    or_before: Status | None = None

    @property
    def begins(self) -> str:
        """The statuses that it may begin with, with commas between them."""
        return ",".join(filter(None, (self.before, self.or_before)))


_TABLE = (
    BOOK := Action("book", None, "booked", False),
    RESCHEDULE := Action(
        "reschedule", "booked", "booked", False, "Appointment rescheduled successfully"
    ),
    CANCEL := Action(
        "cancel", "booked", "cancelled", False, "Appointment cancelled successfully", "pending"
    ),
    NOSHOW := Action("noshow", "booked", "noshow", True, "Appointment marked as no-show"),
    FULFILL := Action("fulfill", "booked", "fulfilled", True, "Appointment marked as fulfilled"),
    KEEP := Action("keep", "booked", "booked", True, "Appointment kept outside of the hours"),
    HOLD := Action("hold", None, "held", False),
    CONFIRM := Action("confirm", "held", "booked", False),
    RELEASE := Action("release", "held", "expired", False),
    APPROVE := Action("approve", "pending", "booked", True, "Appointment approved successfully"),
    DECLINE := Action("decline", "pending", "declined", True, "Appointment declined successfully"),
)

# What history knows besides: booking what has to be approved, what the clock does, and what whoever
# frees a time does for who waits for it.
REQUEST, EXPIRE, OFFER = "request", "expire", "offer"

ACTIONS: Mapping[str, Action] = {one.name: one for one in _TABLE}
ENDINGS: Mapping[str, Action] = {
    one.name: one
    for one in ACTIONS.values()
    if one.before == BOOK.after and one.after != BOOK.after
}
CHANGES = [*ACTIONS, REQUEST, EXPIRE, OFFER]
# What is remarked on these stays among staff; why they decline, whoever asked may know.
STAFF_ONLY = [one.name for one in ACTIONS.values() if one.staff_only and one.before == BOOK.after]
