"""Providers and slots: what can be had."""

TAG = "Slots", "The pieces of a provider's time that can be booked."
