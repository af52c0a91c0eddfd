"""The embedded PostgreSQL and Redis that run when no others are given."""

from service.store.embedded.account import AlreadyRuns, EmbeddedError
from service.store.embedded.pair import Embedded

__all__ = ["AlreadyRuns", "Embedded", "EmbeddedError"]
