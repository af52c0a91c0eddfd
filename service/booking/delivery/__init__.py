"""Who is told of what has happened: one log, read many ways."""
