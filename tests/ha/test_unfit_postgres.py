"""What only a server of its own can be: a standby, of another locale, closed to us."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

import pytest

from service.app import opened
from service.booking.people import account
from service.errors import Unavailable, UsernameTaken
from service.settings import Settings
from service.store.checks import fitness
from service.store.schema import migrate, usernames
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


async def test_names_are_one_name_in_any_case_in_turkish_too(
    primary: Postgres, settings: Settings
) -> None:
    primary.sql(
        "CREATE DATABASE turkish OWNER booking TEMPLATE template0 ENCODING 'UTF8'"
        " LOCALE_PROVIDER icu ICU_LOCALE 'tr'"
    )
    url = _url(primary, "turkish")
    before = list(takewhile(lambda one: one.name != "key_usernames", migrate.migrations()))
    migrate.migrate(url, before)
    with connected(url) as connection, connection.cursor() as cursor:
        for name in ("IRIS", "iris"):  # two names by this locale
            cursor.execute(
                "INSERT INTO account (username, email, password_hash) VALUES (%s, '', '-')", [name]
            )
    migrate.migrate(url)
    assert [(one.username, one.older) for one in usernames.shared(url)] == [("iris", "IRIS")]
    async with opened(replace(settings, database_url=url)) as deps:
        await account.create(deps, "INES", account.Details("e"), "-")
        with pytest.raises(UsernameTaken):
            await account.create(deps, "ines", account.Details("e"), "-")
        await account.create(deps, "\u0131nes", account.Details("e"), "-")
        for typed, found in (("iris", "iris"), ("Iris", "IRIS"), ("iNES", "INES")):
            assert (await account.by_username(deps, typed))[1] == found
