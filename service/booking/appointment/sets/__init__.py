"""Several appointments at once: all of them, or none."""
