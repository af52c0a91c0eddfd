"""Commands about what is kept: its schema, its copies."""
