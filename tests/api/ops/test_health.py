"""GET /healthz and /readyz"""

from typing import Any
from urllib.parse import quote, urlencode

import pytest
from psycopg2.extensions import make_dsn, parse_dsn

from service.deps import Deps
from service.settings import Settings
from tests.api.checks import check_problem
from tests.api.conftest import Served
from tests.cast import Api, Given, Person

NOWHERE = "127.0.0.1:1"


async def test_the_process_runs(api: Api) -> None:
    reply = await api.get("/healthz")
    assert (reply.status, reply.json) == (200, {"status": "ok"})


async def test_it_is_ready(api: Api) -> None:
    reply = await api.get("/readyz")
    assert (reply.status, reply.json) == (200, {"status": "ready"})


async def test_it_is_not_ready_while_it_stops(api: Api, deps: Deps) -> None:
    deps.traffic.draining = True
    try:
        check_problem(await api.get("/readyz"), 503, "unavailable")
        alive = await api.get("/healthz")
        assert (alive.status, alive.headers["Connection"]) == (200, "close")
    finally:
        deps.traffic.draining = False
    assert (await api.get("/readyz")).status == 200


async def test_without_redis_nobody_is_let_in_and_nothing_is_guessed(
    served: Served, given: Given, ada: Person
) -> None:
    (slot_id,) = await given.make_slots(1)
    async with served(redis_url=f"redis://{NOWHERE}/0") as api:
        assert (await api.get("/healthz")).status == 200
        check_problem(await api.get("/readyz"), 503, "unavailable")
        check_problem(await api.book(ada, slot_id), 503, "unavailable")
        login = {"username": "ada", "password": "correct horse"}
        check_problem(await api.post("/api/login/", login), 503, "unavailable")
        check_problem(await api.post("/api/logout/", who=ada), 503, "unavailable")
        assert (await api.get(f"/api/slots/{slot_id}/")).json["status"] == "free"


async def test_without_postgresql_nothing_is_done(served: Served, ada: Person) -> None:
    async with served(database_url=f"postgresql://nobody@{NOWHERE}/nothing") as api:
        assert (await api.get("/healthz")).status == 200
        check_problem(await api.get("/readyz"), 503, "unavailable")
        check_problem(await api.book(ada, 1), 503, "unavailable")
        check_problem(await api.get("/api/slots/"), 503, "unavailable")
        assert (await api.post("/api/logout/", raw=b"")).status == 401


@pytest.mark.parametrize(
    "made",
    [
        "",
        "CREATE TABLE other.schema_migration (version integer)",
        "CREATE TABLE other.schema_migration AS SELECT 1 AS version",
        "CREATE TABLE other.schema_migration AS SELECT 9999 AS version",
    ],
    ids=["no schema", "an empty one", "an older one", "a newer one"],
)
async def test_it_is_only_ready_with_the_schema_of_this_version(
    served: Served, settings: Settings, database: Any, made: str
) -> None:
    with database.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA other; {made}")
        try:
            other = make_dsn(settings.database_url, options="-c search_path=other")
            url = f"postgresql:///?{urlencode(parse_dsn(other), quote_via=quote)}"
            async with served(database_url=url) as api:
                check_problem(await api.get("/readyz"), 503, "unavailable")
                assert (await api.get("/healthz")).status == 200
        finally:
            cursor.execute("DROP SCHEMA other CASCADE")
