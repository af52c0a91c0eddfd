"""What only a server of its own can be: a standby, of another locale, closed to us."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest

from service.app import opened
from service.errors import Unavailable
from service.settings import Settings
from service.store import fitness, migrate
from tests.ha.engines import Postgres, folder, needs
from tests.live import connected

pytestmark = needs("postgres", package="postgresql")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with folder() as made:
        yield made


@pytest.fixture(scope="module")
def primary(home: Path) -> Iterator[Postgres]:
    postgres = Postgres(home, "primary")
    try:
        postgres.create()
        yield postgres
    finally:
        postgres.engine.kill()


def _url(postgres: Postgres, database: str = "booking") -> str:
    return f"postgresql://booking@127.0.0.1:{postgres.port}/{database}"


async def test_a_standby_is_refused_and_never_ready(
    home: Path, primary: Postgres, settings: Settings
) -> None:
    migrate.migrate(_url(primary))
    fitness.check(replace(settings, database_url=_url(primary)))
    standby = Postgres(home, "standby")
    try:
        standby.follow(primary)
        at = replace(settings, database_url=_url(standby))
        with pytest.raises(Unavailable, match="is a standby"):
            fitness.check(at)
        async with opened(at) as deps:
            with pytest.raises(Unavailable, match="is a standby"):
                await deps.readiness.check()
    finally:
        standby.engine.kill()


def test_names_are_one_name_in_any_case_in_turkish_too(primary: Postgres) -> None:
    primary.sql(
        "CREATE DATABASE turkish OWNER booking TEMPLATE template0 ENCODING 'UTF8'"
        " LOCALE_PROVIDER icu ICU_LOCALE 'tr'"
    )
    url = _url(primary, "turkish")
    migrate.migrate(url)
    name = "INSERT INTO account (username, email, password_hash) VALUES (%s, '', '-')"
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT lower('I')")
        assert cursor.fetchone() != ("i",)
        cursor.execute(name, ["INES"])
        with pytest.raises(psycopg2.errors.UniqueViolation):
            cursor.execute(name, ["ines"])
