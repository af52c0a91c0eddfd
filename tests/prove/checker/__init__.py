"""Judges what a run has left behind: one module per family of invariants, I1 to I37."""
