"""The words for the states of slots and appointments, as FHIR and iCalendar have them."""

from typing import Literal, get_args

SlotStatus = Literal["free", "busy", "busy-tentative", "busy-unavailable"]
AppointmentStatus = Literal["booked", "cancelled", "fulfilled", "noshow", "pending", "declined"]
HoldStatus = Literal["held", "expired"]  # of what is no appointment before it is confirmed
Status = Literal[AppointmentStatus, HoldStatus]
ProviderKind = Literal["person", "room", "thing"]
Role = Literal["customer", "provider", "admin"]

SLOT_STATUSES: tuple[str, ...] = get_args(SlotStatus)
APPOINTMENT_STATUSES: tuple[str, ...] = get_args(AppointmentStatus)
STATUSES: tuple[str, ...] = get_args(Status)
