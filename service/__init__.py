"""An appointment booking service: Tornado, PostgreSQL and Redis."""

__version__ = "0.1.0"
