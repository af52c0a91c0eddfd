"""The rules. Nothing here knows HTTP, SQL text or a driver."""
