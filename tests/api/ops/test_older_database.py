"""After going back to an older backup of the database, beside a Redis that went on."""

import contextlib
from collections.abc import Iterator

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

from service.access.sessions import Session
from service.settings import Settings
from service.store.embedded import Embedded
from tests.api.checks import check_problem
from tests.api.conftest import Served
from tests.cast import Api, Person
from tests.live import scratch_database


@pytest.fixture
def database_url(servers: Embedded, settings: Settings) -> Iterator[str]:
    urls = servers.admin_url or "", settings.database_url
    with scratch_database(*urls, migrated=True) as url:
        yield url


@pytest.fixture
def older_url(servers: Embedded, settings: Settings, database_url: str) -> Iterator[str]:
    """A database like that one, which knows nothing of what happens there from now on."""
    urls = servers.admin_url or "", settings.database_url
    with scratch_database(*urls, migrated=True) as url:
        yield url


async def _account(api: Api, username: str) -> Person:
    who = {"username": username, "password": "correct horse"}
    made = await api.post("/api/register/", who | {"email": "a@example.org"})
    token = (await api.post("/api/login/", who)).json["token"]
    return Person(
        made.json["id"],
        username,
        token,
        Session(0, made.json["id"], username, "customer", 0, 0),
    )


async def test_a_token_of_an_account_that_is_gone_is_never_the_next_ones(
    served: Served, database_url: str, older_url: str
) -> None:
    async with served(database_url=database_url) as api:
        lost = await _account(api, "lost")
    async with served(database_url=older_url) as api:
        new = [await _account(api, f"new{n}") for n in range(3)]
        assert lost.id not in [one.id for one in new]
        check_problem(await api.get("/api/me/", who=lost), 401, "invalid_token")
        assert (await api.get("/api/appointments/", who=lost)).json == []
        change = {"current_password": "correct horse", "new_password": "another horse"}
        reply = await api.post("/api/password/", change, who=lost)
        check_problem(reply, 401, "invalid_token")
        with contextlib.closing(psycopg2.connect(older_url)) as link, link:
            slot_id = _slot(link)
        check_problem(await api.book(lost, slot_id), 401, "invalid_token")
        assert (await api.book(new[0], slot_id)).status == 201


def _slot(link: Connection) -> int:
    with link.cursor() as cursor:
        cursor.execute("INSERT INTO provider (name, time_zone) VALUES ('x', 'UTC') RETURNING id")
        cursor.execute(
            "INSERT INTO slot (provider_id, starts_at, ends_at)"
            " VALUES (%s, now() + interval '1 day', now() + interval '25 hours') RETURNING id",
            cursor.fetchone(),
        )
        (slot_id,) = cursor.fetchone() or (0,)
    return int(slot_id)
