"""A4, A5: a token is dead from the moment its logout is answered, whoever races it; Redis never
holds one as it is."""

import asyncio

import pytest

from service.deps import Deps
from tests.cast import PASSWORD, Api, Given, Person

ROUNDS = 6
AT_ONCE = 8


@pytest.mark.parametrize("way", ["logout", "everywhere", "password"])
async def test_no_request_sent_after_the_answer_is_let_in(api: Api, given: Given, way: str) -> None:
    for number in range(ROUNDS):
        who = await given.make_person(f"leaver-{way}-{number}")
        other = who._replace(token=await _login(api, who))
        over = asyncio.Event()
        late: list[int] = []

        async def knock(who: Person, over: asyncio.Event, late: list[int]) -> None:
            while not over.is_set():
                await api.get("/api/me/", who=who)
            late += [(await api.get("/api/me/", who=who)).status for _ in range(2)]

        knocking = [asyncio.ensure_future(knock(who, over, late)) for _ in range(AT_ONCE)]
        await asyncio.sleep(0.005)
        assert (await _end(api, way, who, other)).status in (200, 204)
        over.set()
        await asyncio.gather(*knocking)
        assert set(late) == {401}, way


async def _login(api: Api, who: Person) -> str:
    body = {"username": who.username, "password": PASSWORD}
    return str((await api.post("/api/login/", body)).json["token"])


async def _end(api: Api, way: str, who: Person, other: Person):  # type: ignore[no-untyped-def]
    if way == "logout":
        return await api.post("/api/logout/", who=who)
    if way == "everywhere":
        return await api.delete("/api/tokens/", who=other)
    change = {"current_password": PASSWORD, "new_password": "another horse"}
    return await api.post("/api/password/", change, who=other)


async def test_redis_holds_no_token_in_any_key_or_value(api: Api, deps: Deps, given: Given) -> None:
    tokens = [(await given.make_person(f"dumped{n}")).token for n in range(20)]
    everything = []
    async for key in deps.redis.scan_iter(count=1000):
        everything += [key, await deps.redis.dump(key)]
        if await deps.redis.type(key) == b"hash":
            everything += [str(await deps.redis.hgetall(key)).encode()]
    dumped = b"\n".join(one for one in everything if one)
    assert b"dumped7" in dumped, "the dump is readable"
    for token in tokens:
        assert token.encode() not in dumped
        assert bytes.fromhex(token) not in dumped
