"""Engines that fail over, for real: Debian's PostgreSQL, PgBouncer, Redis, Sentinel and Cluster."""
