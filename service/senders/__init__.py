"""Outgoing borders: what this service sends to others, and asks of them."""
