"""Redis: clients, and the locks that are kept in it."""

from service.store.redis.client import ERRORS, check, connect, failed, guarded

__all__ = ["ERRORS", "check", "connect", "failed", "guarded"]
