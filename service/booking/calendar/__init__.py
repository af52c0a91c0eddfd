"""Providers, their clocks and their slots: what can be had."""
