"""A clock that jumps: one of our processes believes what a file says."""
