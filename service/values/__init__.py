"""What addresses and names are, and how each is written; no more than values."""
