"""The witness who is told: somebody's server that an admin has all events sent to."""
