"""What there was of the calendar after each commit, and what the rules say of it."""
