"""Appointments: who has what."""

TAG = "Appointments", "One person's place in one slot."
