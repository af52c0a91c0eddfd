"""Redis: clients, and the locks that are kept in it."""

from service.store.redis.client import check, connect, failed, guarded

__all__ = ["check", "connect", "failed", "guarded"]
