"""Whole processes: their start, their end, and their death."""
