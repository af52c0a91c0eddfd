"""Commands about providers and their slots."""
