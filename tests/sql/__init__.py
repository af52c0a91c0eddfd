"""The SQL by itself: every named query, every constraint, every plan."""
