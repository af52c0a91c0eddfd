"""Whether a database is one to serve from: it keeps what it commits, and our role can't do more
than it has to."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2

from service.settings import Settings, SettingsError
from service.store.postgres import dsn

FACTS = """
SELECT current_setting('fsync'), current_setting('full_page_writes'),
       current_setting('synchronous_commit'), rolname,
       array_remove(ARRAY[CASE WHEN rolsuper THEN 'SUPERUSER' END,
                          CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
                          CASE WHEN rolcreatedb THEN 'CREATEDB' END,
                          CASE WHEN rolreplication THEN 'REPLICATION' END,
                          CASE WHEN rolbypassrls THEN 'BYPASSRLS' END], NULL),
       (SELECT string_agg(given.rolname, ', ' ORDER BY given.rolname) FROM pg_roles AS given
        WHERE given.rolname = ANY (%s) AND pg_has_role(session_user, given.oid, 'MEMBER'))
FROM pg_roles WHERE rolname = session_user
"""
# Roles of PostgreSQL that reach beyond its tables, or into everybody's.
FAR_REACHING = [
    "pg_execute_server_program",
    "pg_read_all_data",
    "pg_read_server_files",
    "pg_write_all_data",
    "pg_write_server_files",
]


def check(settings: Settings) -> None:
    """Raise SettingsError with one sentence unless it is safe, or UNSAFE_DATABASE is on."""
    if settings.unsafe_database:
        return
    with closing(psycopg2.connect(dsn(settings))) as connection:
        for fault in faults(connection):
            raise SettingsError(f"{fault}, or set UNSAFE_DATABASE=on to serve all the same.")


def faults(connection: Any) -> Iterator[str]:
    """What is unsafe about a session of ours, and what to do about it."""
    with connection.cursor() as cursor:
        cursor.execute(FACTS, [FAR_REACHING])
        fsync, full_page_writes, synchronous_commit, role, held, given = cursor.fetchone()
    told = {
        "fsync": fsync,
        "full_page_writes": full_page_writes,
        "synchronous_commit": synchronous_commit,
    }
    for name, value in told.items():
        if value == "off":
            yield f"PostgreSQL has {name} off, so a crash may lose bookings: turn it on"
    if given:
        held.append(given)
    if held:
        yield f"The role {role} may do more than it has to ({', '.join(held)}): take that away"
