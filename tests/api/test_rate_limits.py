"""RateLimit, RateLimit-Policy, Retry-After: how often one may ask, and how one is told."""

import asyncio
import itertools
import re
import resource
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from service.deps import Deps
from tests.api.checks import check_problem, send
from tests.api.conftest import Served
from tests.api.ops.figures import figures_of, value_of
from tests.cast import PASSWORD, Api, Given, Person, Reply

_COUNTER = itertools.count(1)
BAD = {"Authorization": f"Token {'0' * 40}"}
GONE = "redis://127.0.0.1:1/0"
PATIENT: dict[str, Any] = {  # of a busy machine
    "rate_limit": True,
    "redis_timeout": 20.0,
    "connect_timeout": 20.0,
    "statement_timeout": 15.0,
    "request_deadline": 20.0,
    "lock_ttl": 30.0,
}
ON = PATIENT | {"xheaders": True}


@pytest.fixture
def home() -> str:
    """An address that nobody has come from yet."""
    return f"10.1.{next(_COUNTER)}.1"


def told(reply: Reply) -> tuple[str, str]:
    return reply.headers.get("RateLimit-Policy", ""), reply.headers.get("RateLimit", "")


def check_refused(reply: Reply, policy: str) -> None:
    check_problem(reply, 429, "rate_limited")
    wait = reply.headers["Retry-After"]
    assert told(reply)[0].startswith(f'"{policy}";q=')
    assert told(reply)[1] == f'"{policy}";r=0;t={wait}'


async def login(api: Api, username: str, address: str, password: str = "guess") -> Reply:
    body = {"username": username, "password": password}
    return await api.post("/api/login/", body, headers={"X-Real-IP": address})


async def hashed(*apis: Api) -> float:
    """How many passwords were hashed so far."""
    return sum([value_of(await figures_of(api), "bcrypt_duration_seconds_count") for api in apis])


@pytest.mark.parametrize("wire", ["tornado", "llhttp"])
async def test_every_answer_says_how_one_stands(
    served: Served, stranger: Person, home: str, wire: str
) -> None:
    async with served(**ON, user_limit=5, address_limit=9, wire=wire) as api:
        for left, path in (4, "me"), (3, "appointments/4000000000000"), (2, "slots"):
            reply = await api.get(f"/api/{path}/", who=stranger, headers={"X-Real-IP": home})
            policy, now = told(reply)
            if path == "slots":  # public, so the token says nothing
                assert (policy, now[:13]) == ('"address";q=9;w=60', '"address";r=8')
            else:
                assert policy == '"user";q=5;w=60'
                assert re.fullmatch(rf'"user";r={left};t=6[0-5]', now)
        other = await api.get("/api/providers/", headers={"X-Real-IP": f"{home}0"})
        assert told(other)[1].startswith('"address";r=8')


async def test_one_user_has_one_allowance_for_all_tokens(
    served: Served, stranger: Person, ben: Person, home: str
) -> None:
    async with served(**ON, user_limit=10) as api:
        again = (await login(api, stranger.username, home, PASSWORD)).json["token"]
        both = [stranger, stranger._replace(token=again)]
        replies = await asyncio.gather(*(api.get("/api/me/", who=both[n % 2]) for n in range(40)))
        assert Counter(reply.status for reply in replies) == {200: 10, 429: 30}
        check_refused(next(reply for reply in replies if reply.status == 429), "user")
        assert (await api.get("/api/me/", who=ben)).status == 200


async def test_a_customer_writes_so_often_a_day_and_still_reads_and_logs_out(
    served: Served, stranger: Person, home: str
) -> None:
    """A token's first use takes another way to its owner than those after it."""
    async with served(**ON, writes_a_day=2) as one, served(**ON, writes_a_day=2) as other:
        token = (await login(one, stranger.username, home, PASSWORD)).json["token"]
        fresh = stranger._replace(token=token)
        writes = [
            await api.post("/api/appointments/", {"slot": 4 * 10**12}, who=who)
            for api, who in ((one, stranger), (one, fresh), (one, stranger), (other, fresh))
        ]
        assert [reply.status for reply in writes] == [404, 404, 429, 429]
        assert told(writes[0])[0] == '"user";q=600;w=60'
        for reply in writes[2:]:
            check_refused(reply, "writes")
            assert 0 < int(reply.headers["Retry-After"]) <= 26 * 3600
        cancel = await one.post("/api/appointments/4000000000000/cancel/", {}, who=fresh)
        check_refused(cancel, "writes")
        assert (await one.get("/api/me/", who=fresh)).status == 200
        body = {"current_password": PASSWORD, "new_password": PASSWORD}
        assert (await one.post("/api/password/", body, who=fresh)).status == 200
        assert (await one.post("/api/logout/", who=fresh)).status == 200


async def test_staff_write_as_often_as_they_ask(served: Served, admin: Person) -> None:
    async with served(**ON, writes_a_day=1) as api:
        for _ in range(3):
            reply = await api.post("/api/appointments/", {"slot": 4 * 10**12}, who=admin)
            assert reply.status == 404


async def test_two_processes_count_together(served: Served, stranger: Person) -> None:
    async with served(**ON, user_limit=10) as one, served(**ON, user_limit=10) as other:
        apis = [one, other] * 20
        replies = await asyncio.gather(*(api.get("/api/me/", who=stranger) for api in apis))
        assert Counter(reply.status for reply in replies) == {200: 10, 429: 30}


async def test_whoever_has_a_token_does_not_suffer_from_the_neighbours(
    served: Served, stranger: Person, home: str
) -> None:
    async with served(**ON, address_limit=2) as api:
        here = {"X-Real-IP": home}
        replies = [await api.get("/api/slots/", headers=here) for _ in range(3)]
        assert [reply.status for reply in replies] == [200, 200, 429]
        check_refused(replies[2], "address")
        assert (await api.get("/api/me/", who=stranger, headers=here)).status == 200
        assert (await api.get("/api/slots/", headers={"X-Real-IP": f"{home}0"})).status == 200
        for path in ("/docs/", "/api/openapi.json"):
            check_refused(await api.get(path, headers=here), "address")


async def test_whoever_watches_the_service_has_an_allowance_apart(
    served: Served, home: str
) -> None:
    async with served(**ON, address_limit=2) as api:
        here = {"X-Real-IP": home}
        assert [(await api.get("/nowhere", headers=here)).status for _ in range(3)][-1] == 429
        for path in ("/readyz", "/metrics"):
            reply = await api.get(path, headers=here)
            assert reply.status == 200
            assert told(reply)[0] == '"probe";q=2;w=60'
        check_refused(await api.get("/readyz", headers=here), "probe")
        for call in (
            api.get("/healthz", headers=here),
            api.call("OPTIONS", "/api/slots/", headers=here),
        ):
            reply = await call
            assert (reply.status in (200, 204), told(reply)) == (True, ("", ""))


UNSIGNED: list[tuple[str, str, int, dict[str, Any]]] = [
    ("GET", "/api/me/", 401, {}),
    ("GET", "/api/me/", 401, {"headers": {"Authorization": "Basic YWRhOmFkYQ=="}}),
    ("GET", "/api/me/", 401, {"headers": {"Authorization": "Token none"}}),
    ("GET", "/api/me/", 401, {"headers": {"Authorization": f"Token {'0' * 40}"}}),
    ("POST", "/api/login/", 400, {"raw": b"{", "headers": {"Content-Type": "application/json"}}),
    ("POST", "/api/login/", 415, {"raw": b"{}", "headers": {"Content-Type": "text/plain"}}),
    ("POST", "/api/register/", 400, {"body": {"username": ""}}),
    ("GET", "/nowhere", 404, {}),
    ("GET", "/api/slots/4000000000000/", 404, {}),
    ("PUT", "/api/slots/", 405, {}),
    ("GET", "/healthz", 406, {"headers": {"Accept": "image/png"}}),
    ("POST", "/api/login/", 413, {"raw": b" " * 3000}),
    ("GET", "/docs/start.js", 200, {}),
]


@pytest.mark.parametrize(("method", "path", "status", "more"), UNSIGNED)
async def test_whatever_has_no_valid_token_is_charged_to_its_address(
    served: Served, home: str, method: str, path: str, status: int, more: dict[str, Any]
) -> None:
    sent = more | {"headers": more.get("headers", {}) | {"X-Real-IP": home}}
    async with served(**ON, address_limit=2, max_body=2000) as api:
        replies = [await api.call(method, path, **sent) for _ in range(3)]
        assert [reply.status for reply in replies] == [status, status, 429]
        check_refused(replies[-1], "address")


@pytest.mark.parametrize("wire", ["tornado", "llhttp"])
async def test_a_body_of_chunks_that_grows_too_large_is_charged(
    served: Served, home: str, wire: str
) -> None:
    head = "POST /api/login/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
    raw = f"{head}X-Real-IP: {home}\r\n\r\nbb9\r\n{'x' * 3001}\r\n".encode()
    async with served(**ON, address_limit=2, max_body=2000, wire=wire) as api:
        assert [(await send(api, raw)).status for _ in range(3)] == [413, 413, 429]


@pytest.mark.parametrize("policy", ["address", "register"])
async def test_a_registration_that_is_sent_again_is_charged_each_time(
    served: Served, home: str, policy: str
) -> None:
    """To know that it is the same, its password is hashed."""
    name = f"replayed{next(_COUNTER)}"
    new = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    sent = {"Idempotency-Key": name, "X-Real-IP": home}
    limits = {"address_limit": 9, "register_limit": 9} | {f"{policy}_limit": 4}
    async with served(**ON, **limits) as api:
        replies = [await api.post("/api/register/", new, headers=sent) for _ in range(5)]
        assert [reply.status for reply in replies] == [201, 201, 201, 201, 429]
        check_refused(replies[-1], policy)


async def test_guessed_tokens_are_charged_to_the_address(served: Served, home: str) -> None:
    async with served(**ON, address_limit=3) as api:
        guesses = [BAD | {"X-Real-IP": home, "Authorization": f"Token {n:040x}"} for n in range(5)]
        replies = [await api.get("/api/me/", headers=one) for one in guesses]
        assert [reply.status for reply in replies] == [401, 401, 401, 429, 429]


async def test_a_token_that_was_logged_out_costs_its_owner_nothing(
    served: Served, stranger: Person, home: str
) -> None:
    async with served(**ON, user_limit=10) as api:
        token = (await login(api, stranger.username, home, PASSWORD)).json["token"]
        stolen = stranger._replace(token=token)
        assert (await api.post("/api/logout/", who=stolen)).status == 200
        for _ in range(30):
            assert (await api.get("/api/me/", who=stolen)).status == 401
        reply = await api.get("/api/me/", who=stranger)
        assert told(reply)[1].startswith('"user";r=7'), "logout, its first use after, and this"


async def test_spoofed_addresses_do_not_help(served: Served) -> None:
    async with served(**PATIENT, login_limit=5) as api:
        spoofs = [
            {"X-Real-IP": f"6.6.{n // 250}.{n % 250}", "X-Forwarded-For": f"7.7.7.{n % 250}"}
            for n in range(300)
        ]
        body = {"username": f"spoofed{next(_COUNTER)}", "password": "guess"}
        replies = await asyncio.gather(
            *(api.post("/api/login/", body, headers=one) for one in spoofs)
        )
        assert Counter(reply.status for reply in replies) == {401: 5, 429: 295}


@pytest.fixture
def many_files() -> Iterator[None]:
    """Room for both ends of a thousand connections: this process is clients and servers."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(4096, hard)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files")
async def test_of_a_thousand_logins_at_once_exactly_the_limit_reaches_bcrypt(
    served: Served, stranger: Person, home: str
) -> None:
    """Through two processes; the right password is no better than a wrong one."""
    async with AsyncExitStack() as stack:
        settings = ON | {"login_limit": 20, "login_account_limit": 1000, "bcrypt_queue": 1000}
        apis = [await stack.enter_async_context(served(**settings)) for _ in range(2)]
        before = await hashed(*apis)
        replies = await asyncio.gather(
            *(
                login(apis[n % 2], stranger.username, home, PASSWORD if n % 3 else "guess")
                for n in range(1000)
            )
        )
        statuses = Counter(reply.status for reply in replies)
        assert statuses[200] + statuses[401] == 20
        assert statuses[429] == 980
        assert await hashed(*apis) - before == 20
        check_refused(next(reply for reply in replies if reply.status == 429), "login")


async def test_strangers_lock_nobody_out_of_where_they_have_been(
    served: Served, stranger: Person, home: str
) -> None:
    async with served(**ON, login_account_limit=10) as api:
        assert (await login(api, stranger.username, home, PASSWORD)).status == 200
        botnet = [f"172.16.{n}.1" for n in range(30)]
        replies = await asyncio.gather(*(login(api, stranger.username, one) for one in botnet))
        assert Counter(reply.status for reply in replies) == {401: 9, 429: 21}
        check_refused(next(one for one in replies if one.status == 429), "login-account")
        assert (await login(api, stranger.username, home, PASSWORD)).status == 200
        assert (await api.get("/api/me/", who=stranger)).status == 200


async def test_strangers_lock_nobody_out_of_where_the_account_was_made(
    served: Served, home: str
) -> None:
    async with served(**ON, login_account_limit=10) as api:
        new = {"username": f"new{home}", "email": "a@example.org", "password": PASSWORD}
        made = await api.post("/api/register/", new, headers={"X-Real-IP": home})
        assert made.status == 201
        botnet = [f"172.17.{n}.1" for n in range(12)]
        replies = await asyncio.gather(*(login(api, new["username"], one) for one in botnet))
        assert Counter(reply.status for reply in replies) == {401: 10, 429: 2}
        assert (await login(api, new["username"], home, PASSWORD)).status == 200


async def test_all_spellings_of_a_name_have_one_allowance(
    served: Served, given: Given, home: str
) -> None:
    """PostgreSQL makes an i of the capital one with a dot; Python makes two characters of it."""
    who = await given.make_person(f"iii{home}", "customer", 0)
    spelt = [f"{name}{home}" for name in ("\u0130ii", "iI\u0130", "\u0130\u0130\u0130")]
    async with served(**ON, login_limit=3) as api:
        for name in (who.username, *spelt[:2]):
            assert (await login(api, name, home)).status == 401
        for name in (who.username, *spelt):
            check_refused(await login(api, name, home, PASSWORD), "login")


async def test_all_spellings_of_a_name_that_nobody_has_have_one_allowance_too(
    served: Served, home: str
) -> None:
    async with served(**ON, login_limit=2) as api:
        assert (await login(api, f"iii{home}", home)).status == 401
        assert (await login(api, f"\u0130ii{home}", home)).status == 401
        check_refused(await login(api, f"i\u0130i{home}", home), "login")


async def test_a_stolen_token_is_not_worth_more_guesses(
    served: Served, stranger: Person, home: str
) -> None:
    async with served(**ON, login_limit=3) as api:
        body = {"current_password": "guess", "new_password": PASSWORD}
        here = {"X-Real-IP": home}
        replies = [
            await api.post("/api/password/", body, who=stranger, headers=here) for _ in range(5)
        ]
        assert [reply.status for reply in replies] == [400, 400, 400, 429, 429]
        check_refused(replies[-1], "login")
        assert (await login(api, stranger.username, home, PASSWORD)).status == 429


async def test_registrations_are_limited_by_address(served: Served, home: str) -> None:
    async with served(**ON, register_limit=2) as api:
        replies = []
        for _ in range(3):
            name = f"limited{next(_COUNTER)}"
            new = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
            replies.append(await api.post("/api/register/", new, headers={"X-Real-IP": home}))
        assert [reply.status for reply in replies] == [201, 201, 429]
        assert told(replies[0])[1].startswith('"register";r=1')
        check_refused(replies[2], "register")


async def test_a_redis_that_was_restarted_still_counts(
    served: Served, deps: Deps, stranger: Person
) -> None:
    async with served(**ON, user_limit=3) as api:
        statuses = []
        for _ in range(5):
            await deps.redis.script_flush()
            statuses.append((await api.get("/api/me/", who=stranger)).status)
        assert statuses == [200, 200, 200, 429, 429]


async def test_where_redis_can_only_read_a_token_is_enough_and_nobody_logs_in(
    served: Served, deps: Deps, stranger: Person, home: str
) -> None:
    async with served(**ON) as api:
        assert (await api.get("/api/me/", who=stranger)).status == 200
        await deps.redis.config_set("maxmemory", 1)
        try:
            reply = await api.get("/api/me/", who=stranger)
            assert (reply.status, told(reply)) == (200, ("", ""))
            assert value_of(await figures_of(api), "limiter_uncounted_total") == 2, "with this look"
            reply = await login(api, stranger.username, home, PASSWORD)
            check_problem(reply, 503, "unavailable")
        finally:
            await deps.redis.config_set("maxmemory", 0)


async def test_without_redis_only_public_reads_go_on(served: Served, stranger: Person) -> None:
    async with served(**ON, redis_url=GONE) as api:
        new = {"username": "nobody1", "email": "n@example.org", "password": PASSWORD}
        calls: list[Callable[[], Awaitable[Reply]]] = [
            lambda: api.get("/api/me/", who=stranger),
            lambda: login(api, stranger.username, "10.0.0.1", PASSWORD),
            lambda: api.post("/api/register/", new),
        ]
        for call in calls:
            check_problem(await call(), 503, "unavailable")
        began = time.monotonic()
        for path in ("slots", "providers", "slots") * 10:
            assert (await api.get(f"/api/{path}/")).status == 200
        assert time.monotonic() - began < 10  # 5 s of waiting for Redis would be 150
        uncounted = value_of(await figures_of(api), "limiter_uncounted_total")
        assert uncounted == 33, "two posts, thirty reads, and the look at the figures"


async def test_switched_off_nothing_is_told(api: Api, ada: Person) -> None:
    for reply in (await api.get("/api/me/", who=ada), await api.get("/api/slots/")):
        assert (reply.status, told(reply)) == (200, ("", ""))
