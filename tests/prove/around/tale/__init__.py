"""Histories written by hand of holds, lines, series and sets of moves."""
