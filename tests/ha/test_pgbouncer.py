"""PgBouncer in transaction mode between the service and PostgreSQL: the races go as without it."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
from tornado.platform.asyncio import AsyncIOLoop

from service import app as service_app
from service.settings import Settings
from service.store import migrate
from service.store.queries import load_queries
from tests.cast import Given
from tests.deploy.nginx import free_port
from tests.ha.engines import Engine, Postgres, folder, needs
from tests.live import connected, served
from tests.races.wire import Wire, at_once, tally

pytestmark = [
    needs("postgres", package="postgresql"),
    needs("pgbouncer", package="pgbouncer"),
]
# What deploy/README.md says to write into pgbouncer.ini.
CONFIGURATION = """
[databases]
booking = host=127.0.0.1 port={postgres} dbname=booking
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
auth_file = {users}
pool_mode = transaction
default_pool_size = 4
max_client_conn = 200
ignore_startup_parameters = options
"""
CROWD = 40


@pytest.fixture
def bouncer(settings: Settings) -> Iterator[Settings]:
    """Settings that lead through PgBouncer; the role's own settings are those of the service."""
    with folder() as home:
        postgres = Postgres(home, "postgres")
        port = free_port()
        users, file = home / "users.txt", home / "pgbouncer.ini"
        users.write_text('"booking" ""\n')
        file.write_text(CONFIGURATION.format(postgres=postgres.port, port=port, users=users))
        engine = Engine(home, "pgbouncer", ["pgbouncer", str(file)])
        url = f"postgresql://booking@127.0.0.1:{port}/booking"
        try:
            postgres.create()
            for statement in role_settings(settings):
                postgres.sql(statement)
            engine.start(lambda: speaks(url))
            yield replace(settings, database_url=url, prepare=False)
        finally:
            engine.kill()
            postgres.engine.kill()
