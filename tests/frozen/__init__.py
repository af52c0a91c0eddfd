"""PostgreSQL or Redis hangs: every request still gets an honest answer in time."""
