"""The log of a real process: what is always in it, and what never is."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from service.settings import Settings
from service.store.embedded import Embedded
from tests.cast import Api, Person
from tests.live import Live, connected, scratch_database, served

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
# The table refuses this note with a constraint that nobody foresaw: PostgreSQL then repeats the
# whole row in its message.
BROKEN = "ALTER TABLE appointment ADD CONSTRAINT unforeseen CHECK (notes NOT LIKE '%%broken%%')"
# Reading providers divides by zero from then on, which no table of errors foresees.
BUG = """
CREATE POLICY broken ON provider USING (1 / 0 = 1);
ALTER TABLE provider ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
"""


class Running(NamedTuple):
    live: Live
    api: Api

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.live.log.splitlines()]

    def line(self, request_id: str) -> dict[str, Any]:
        """The line of one request."""
        found = [
            line
            for line in self.lines
            if line["message"] == "request" and line["request_id"] == request_id
        ]
        assert len(found) == 1
        return found[0]


@pytest.fixture
def database_url(servers: Embedded) -> Iterator[str]:
    with scratch_database(
        servers.admin_url or "", servers.database_url or "", migrated=True
    ) as url:
        yield url


def _environment(settings: Settings, database_url: str, **more: str) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": settings.redis_url,
        "BCRYPT_ROUNDS": "4",
        "RATE_LIMIT": "off",
    } | more


async def _slot(database_url: str) -> int:
    with connected(database_url) as link, link.cursor() as cursor:
        cursor.execute(
            "WITH p AS (INSERT INTO provider (name, time_zone) VALUES ('P', 'UTC') RETURNING id)"
            " INSERT INTO slot (provider_id, starts_at, ends_at, capacity)"
            " SELECT id, now() + interval '1 day', now() + interval '25 hours', 5 FROM p"
            " RETURNING id"
        )
        return int(cursor.fetchone()[0])


async def _person(api: Api, name: str, password: str) -> Person:
    new = {"username": name, "email": f"{name}@example.org", "password": password}
    made = await api.post("/api/register/", new)
    login = await api.post("/api/login/", {"username": name, "password": password})
    return Person(made.json["id"], name, login.json["token"], None)  # type: ignore[arg-type]


async def test_no_secret_is_ever_in_it(
    tmp_path: Path, settings: Settings, database_url: str
) -> None:
    canaries = iter(f"canary-{n}-{uuid.uuid4().hex[:8]}" for n in range(1000))
    # Everything is slow and therefore logged, queries too.
    eager = {"ACCESS_LOG": "on", "SLOW_REQUEST": "0.001", "SLOW_QUERY": "0.001"}
    with served(tmp_path, _environment(settings, database_url, **eager)) as live:
        api = Api(live.url)
        slot_id = await _slot(database_url)
        with connected(database_url) as link, link.cursor() as cursor:
            cursor.execute(BROKEN)
        password = next(canaries)
        ada = await _person(api, "ada", password)
        spoiled = {
            "User-Agent": next(canaries),
            "Cookie": f"session={next(canaries)}",
            "Referer": f"http://example.org/?{next(canaries)}",
            "If-Match": next(canaries),
            "Idempotency-Key": next(canaries),
            "X-Made-Up": next(canaries),
            "tracestate": f"vendor={next(canaries)}",
            "traceparent": next(canaries),
        }
        appointments = "/api/appointments/"
        bug = {"slot": slot_id, "notes": f"broken {next(canaries)}"}
        assert (await api.post(appointments, bug, who=ada)).status == 500
        wish = {"slot": slot_id, "notes": next(canaries)}
        unknown = f"{appointments}?note={next(canaries)}"
        assert (await api.post(unknown, wish, who=ada)).status == 400
        assert (await api.post(appointments, wish | {next(canaries): 1}, who=ada)).status == 400
        booked = await api.post(appointments, wish, who=ada, headers=spoiled)
        assert booked.status == 201
        one = f"{appointments}{booked.json['id']}/"
        await api.patch(f"{one}reschedule/", {"new_slot": next(canaries)}, who=ada)
        await api.post(f"{one}cancel/", {"reason": next(canaries)}, who=ada)
        await api.post(appointments, raw=next(canaries).encode(), who=ada)
        await api.get(f"{appointments}?status={next(canaries)}&cursor={next(canaries)}", who=ada)
        await api.post("/api/login/", {"username": next(canaries), "password": next(canaries)})
        change = {"current_password": next(canaries), "new_password": next(canaries)}
        await api.post("/api/password/", change, who=ada)
        await api.get(f"/api/tokens/{ada.token}/", who=ada)
        for authorization in (f"Token {next(canaries)}", f"Basic {next(canaries)}"):
            await api.get("/api/me/", headers={"Authorization": authorization})
        api.close()
    said = live.log + live.said
    assert "canary" not in said
    assert ada.token not in said
    assert "example.org" not in live.log
    lines = Running(live, api).lines
    assert {"request", "slow query", "bug"} <= {line["message"] for line in lines}
    [bug_line] = [line for line in lines if line["message"] == "bug"]
    assert 'violates check constraint "unforeseen"' in bug_line["exception"]
    assert "postgres.py" in bug_line["exception"]


async def test_a_line_says_who_asked_what_and_what_became_of_it(
    tmp_path: Path, settings: Settings, database_url: str
) -> None:
    environment = _environment(settings, database_url, ACCESS_LOG="on")
    with served(tmp_path, environment) as live:
        api = Api(live.url)
        slot_id = await _slot(database_url)
        ada = await _person(api, "ada", "correct horse")
        trace = {
            "X-Request-ID": "one",
            "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01",
        }
        body = {"slot": slot_id}
        assert (await api.post("/api/appointments/", body, who=ada, headers=trace)).status == 201
        body = {"slot": 4_000_000_000}
        again = {"X-Request-ID": "two"}
        await api.post("/api/appointments/?expand=slot", body, who=ada, headers=again)
        api.close()
    one, two = (Running(live, api).line(name) for name in ("one", "two"))
    assert {
        "level": "info",
        "method": "POST",
        "route": "/api/appointments/",
        "path": "/api/appointments/",
        "status": 201,
        "code": None,
        "user_id": ada.id,
        "address": "127.0.0.1",
        "trace_id": TRACE,
    }.items() <= one.items()
    assert 0 < one["lane_wait_ms"] + 0.1 < one["duration_ms"] + 0.2
    assert (two["status"], two["code"], two["trace_id"]) == (404, "not_found", None)


async def test_without_access_log_only_trouble_is_in_it(
    tmp_path: Path, settings: Settings, database_url: str
) -> None:
    with served(tmp_path, _environment(settings, database_url)) as live:
        api = Api(live.url)
        await api.get("/healthz")
        await api.get("/nowhere")
        assert [one["message"] for one in Running(live, api).lines] == ["serving"]
        with connected(database_url) as link, link.cursor() as cursor:
            cursor.execute(BUG)
        assert (await api.get("/api/providers/", headers={"X-Request-ID": "bad"})).status == 500
        api.close()
    # Workers meet it, too, as often as it is their turn.
    lines = Running(live, api).lines
    ours = [one for one in lines if one.get("query", "provider_list") == "provider_list"]
    _, failed, bug, request = [one for one in ours if one["message"] != "worker failed"]
    assert (failed["query"], failed["kind"]) == ("provider_list", "division_by_zero")
    assert (bug["message"], request["message"]) == ("bug", "request")
    assert bug["request_id"] == request["request_id"] == "bad"


def test_the_former_name_of_a_setting_is_told_at_start(
    tmp_path: Path, settings: Settings, database_url: str
) -> None:
    with served(tmp_path, _environment(settings, database_url, BCRYPT_THREADS="1")) as live:
        live.stop()
    warnings = [one["message"] for one in map(json.loads, live.log.splitlines())]
    assert sum("BCRYPT_THREADS is called BCRYPT_PROCESSES now" in one for one in warnings) == 1
