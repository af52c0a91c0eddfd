"""What can be done with an appointment: each action once, for all who name, count or judge it."""

from collections.abc import Mapping
from typing import NamedTuple

from service.booking.status import AppointmentStatus


class Action(NamedTuple):
    """An action: its name in history and metrics, the status of the appointment before it (None:
    there is none yet) and after it, whether it is for staff alone, and what its answer says."""

    name: str
    before: AppointmentStatus | None
    after: AppointmentStatus
    staff_only: bool
    message: str = ""  # none where the answer is the appointment


_TABLE = (
    BOOK := Action("book", None, "booked", False),
    RESCHEDULE := Action(
        "reschedule", "booked", "booked", False, "Appointment rescheduled successfully"
    ),
    CANCEL := Action("cancel", "booked", "cancelled", False, "Appointment cancelled successfully"),
    NOSHOW := Action("noshow", "booked", "noshow", True, "Appointment marked as no-show"),
    FULFILL := Action("fulfill", "booked", "fulfilled", True, "Appointment marked as fulfilled"),
    KEEP := Action("keep", "booked", "booked", True, "Appointment kept outside of the hours"),
)

ACTIONS: Mapping[str, Action] = {one.name: one for one in _TABLE}
ENDINGS: Mapping[str, Action] = {
    one.name: one for one in ACTIONS.values() if one.after != BOOK.after
}
STAFF_ONLY = [one.name for one in ACTIONS.values() if one.staff_only]
