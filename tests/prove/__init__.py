"""The proof behind `run.py prove`: random operations under injected faults, then the invariants."""
