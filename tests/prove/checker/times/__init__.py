"""Judges times of services: what there was of the calendar after each commit, and what follows."""
