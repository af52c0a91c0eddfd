"""How the schema becomes the one that this version needs."""
