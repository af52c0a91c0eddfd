"""The embedded PostgreSQL and Redis that run when no others are given."""

from service.store.embedded.pair import Embedded
from service.store.embedded.place.account import AlreadyRuns, EmbeddedError

__all__ = ["AlreadyRuns", "Embedded", "EmbeddedError"]
