"""Appointments: who has what."""
