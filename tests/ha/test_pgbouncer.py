"""PgBouncer in transaction mode between the service and PostgreSQL: the races go as without it."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from tornado.platform.asyncio import AsyncIOLoop

from service import app as service_app
from service.cli.commands import doctor
from service.errors import Unavailable
from service.settings import Settings, SettingsError
from service.store.checks import fitness
from service.store.postgres import session
from service.store.queries import load_queries
from service.store.schema import migrate
from tests.cast import Given
from tests.deploy.nginx import DEPLOY
from tests.ha.engines import Engine, Postgres, folder, needs
from tests.live import PATIENTLY, connected, free_port, served
from tests.races.wire import Wire, at_once, tally

pytestmark = [
    needs("postgres", package="postgresql"),
    needs("pgbouncer", package="pgbouncer"),
]
TRIES = 50
DOCUMENTED = (DEPLOY / "README.md").read_text()
ROLE = re.findall(r"^    (ALTER ROLE booking SET .*;)$", DOCUMENTED, re.MULTILINE)
INI = """
[databases]
booking = host=127.0.0.1 port={postgres} dbname=booking
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = transaction
default_pool_size = 4
ignore_startup_parameters = options
"""
CROWD, SLOTS = 40, 20


@pytest.fixture
def bounced(settings: Settings) -> Iterator[Settings]:
    """Settings that lead through PgBouncer, as deploy/README.md has it set up."""
    with folder() as home:
        postgres, port = Postgres(home, "postgres"), free_port()
        users, file = home / "users.txt", home / "pgbouncer.ini"
        users.write_text('"booking" ""\n')
        file.write_text(INI.format(postgres=postgres.port, port=port, users=users))
        engine = Engine(home, "pgbouncer", ["pgbouncer", str(file)])
        url = f"postgresql://booking@127.0.0.1:{port}/booking"
        try:
            postgres.create()
            for statement in ROLE:
                postgres.sql(statement)
            engine.start(lambda: speaks(url))
            yield replace(settings, database_url=url, prepare=False)
        finally:
            engine.kill()
            postgres.engine.kill()


def speaks(url: str) -> bool:
    """Whether PostgreSQL answers there."""
    try:
        with connected(url):
            return True
    except psycopg2.OperationalError:
        return False


def test_the_role_gets_what_a_session_of_ours_sets(bounced: Settings) -> None:
    told = session(Settings.load({}))  # the page has the times of the defaults
    wanted = {name: value.replace("\\", "") for name, value in told.items()}
    with connected(bounced.database_url) as connection, connection.cursor() as cursor:
        got = {}
        for name in wanted:
            cursor.execute("SELECT current_setting(%s)", [name])
            got[name] = cursor.fetchone()[0]
    assert {name: seconds(value) for name, value in got.items()} == {
        name: seconds(value) for name, value in wanted.items()
    }


def test_prepared_statements_through_it_are_found_out_before_they_get_lost(
    bounced: Settings,
) -> None:
    migrate.migrate(bounced.database_url)
    assert list(fitness.faults(bounced)) == []
    prepared = replace(bounced, prepare=True)
    with pytest.raises(SettingsError, match="set PREPARE=off"):
        fitness.check(prepared)
    assert "set PREPARE=off" in [one.mend for one in doctor.of_postgres(prepared)]


async def test_prepared_statements_that_got_lost_are_a_503_and_not_ready(bounced: Settings) -> None:
    migrate.migrate(bounced.database_url)
    async with service_app.opened(replace(bounced, prepare=True)) as deps:
        met: set[type[Any]] = set()
        for _ in range(TRIES):  # until PgBouncer gives somebody the session of another
            asked = (deps.db.run("provider_get", provider_id=1) for _ in range(64))
            met |= set(map(type, await asyncio.gather(*asked, return_exceptions=True)))
            assert met <= {type(None), Unavailable}
            if Unavailable in met:
                break
        assert Unavailable in met
        with pytest.raises(Unavailable):
            await deps.readiness.check()


def seconds(value: str) -> str | float:
    """A length of time as a number; anything else as it is."""
    match = re.fullmatch(r"([0-9.]+)(ms|s)", value)
    return float(match[1]) * (0.001 if match[2] == "ms" else 1) if match else value


async def test_each_slot_goes_to_one_racer_and_moves_arrive(
    bounced: Settings, io_loop: AsyncIOLoop, tmp_path: Path
) -> None:
    migrate.migrate(bounced.database_url)
    assert migrate.migrate(bounced.database_url) == [], "no lock was left behind"
    async with service_app.opened(bounced) as deps:
        given = Given(io_loop, deps)
        crowd = [await given.make_person(f"racer{number}") for number in range(CROWD)]
        slots = await given.make_slots(SLOTS)
        others = await given.make_slots(SLOTS)
    environment = {
        "DATABASE_URL": bounced.database_url,
        "REDIS_URL": bounced.redis_url,
        **PATIENTLY,
        "RATE_LIMIT": "off",
        "PREPARE": "off",
        "UNSAFE_DATABASE": "on",
    }
    folders = [tmp_path / name for name in ("a", "b")]
    async with AsyncExitStack() as stack:
        both = []
        for one in folders:
            one.mkdir()
            live = stack.enter_context(served(one, environment))
            both.append(await stack.enter_async_context(Wire(live.url)))
        wishes = [(slot_id, n) for slot_id in slots for n in range(CROWD)]
        random.Random(40).shuffle(wishes)
        answers = await at_once(both[n % 2].book(crowd[n], slot_id) for slot_id, n in wishes)
        assert tally(answers) == {201: SLOTS, "slot_taken": SLOTS * (CROWD - 1)}
        won = {
            answer.json["slot"]["id"]: (crowd[n], answer.json["id"])
            for answer, (_, n) in zip(answers, wishes, strict=True)
            if answer.status == 201
        }
        moves = [
            both[turn].move(*won[slot_id], target)
            for slot_id, target in zip(slots, others, strict=True)
            for turn in (0, 1)
        ]
        moved = Counter(answer.code or answer.status for answer in await at_once(moves))
    assert moved[200] == SLOTS
    assert set(moved) <= {200, "same_slot", "busy"}
    with connected(bounced.database_url) as connection, connection.cursor() as cursor:
        cursor.execute(load_queries()["invariants_broken"].text)
        assert cursor.fetchall() == []
