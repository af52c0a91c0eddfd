"""What is asked: half requests are half, and keys come again with other secrets."""

import asyncio
import json
from typing import Any

import httptools
import pytest

from tests.prove.answers import standing_of
from tests.prove.ask import Ask
from tests.prove.client import Client
from tests.prove.odd import HALVES, STRANGERS
from tests.prove.people import PASSWORD, Person, Token, World
from tests.prove.workload import Workload

FACTS: dict[str, Any] = {
    "people": ["ada", "ben"],
    "staff": ["root", "dan"],
    "keeps": {"dan": 1},
    "limited": ["eve", "eva"],
    "crowded": [1],
    "elastic": [2],
    "wide": [3, 4],
    "begun": [5],
    "soon": [6],
    "calendars": [(1, "2027-01-04"), (2, "2027-01-04")],
    "providers": [[1, "Clinic", "UTC"], [2, "Other", "UTC"]],
    "times": [[n, 1 + n % 2, n * 900, n * 900 + 900] for n in range(1, 7)],
}


@pytest.fixture
def work() -> Workload:
    return Workload(World(FACTS, 1))


def person(work: Workload, name: str) -> Person:
    found = next(one for one in work.world.people if one.name == name)
    found.tokens = [Token.of("a" * 40)]
    return found


class Heard:
    """What a server makes of bytes."""

    def __init__(self, data: bytes) -> None:
        self.whole = False
        httptools.HttpRequestParser(self).feed_data(data)

    def on_message_complete(self) -> None:
        self.whole = True


def test_what_is_abandoned_is_never_whole(work: Workload) -> None:
    asks = [work.abandon(person(work, "ada")) for _ in range(60)]
    assert {ask.args["how"] for ask in asks} == set(HALVES)
    assert not any(Heard(ask.data).whole for ask in asks)
    assert Heard(work.book(person(work, "ada")).data).whole


async def test_who_leaves_says_no_more_than_that() -> None:
    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.set_result(await reader.read())
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    where = Here(server.sockets[0].getsockname()[1])
    client = Client()
    answer = await client.leave(where, b"POST / HTTP/1.1\r\n", 0.0, reset=False)
    assert (answer.status, await heard) == (0, b"POST / HTTP/1.1\r\n")
    client.close()
    server.close()


class Here:
    """A process that is a test."""

    number, host = 0, "127.0.0.1"

    def __init__(self, port: int) -> None:
        self.port = port


def body(ask: Ask) -> Any:
    return json.loads(ask.data.partition(b"\r\n\r\n")[2])


@pytest.mark.parametrize("verb", ["register", "password"])
def test_another_secret_comes_under_the_same_key(work: Workload, verb: str) -> None:
    ada = person(work, "ada")
    asks = (getattr(work, verb)(ada) for _ in range(100))
    first = next(ask for ask in asks if ask.nonce)
    other = work.other_secret(ada, first)
    assert other is not None
    assert (other.nonce, other.path) == (first.nonce, first.path)
    assert [name for name, value in body(first).items() if value != body(other)[name]] == [
        "new_password" if verb == "password" else "password"
    ]


def test_strangers_come_once_the_owner_has_been_there(work: Workload) -> None:
    ada = person(work, "ada")
    before = [work.guess(ada) for _ in range(50)]
    assert {(ask.source, ask.args["password"]) for ask in before} == {("", PASSWORD)}
    work.world.homes |= {"eve", "eva"}
    after = [work.guess(ada) for _ in range(300)]
    assert {ask.source for ask in after} == {"", *STRANGERS}
    strange = [ask.args for ask in after if ask.source]
    assert {args["username"] for args in strange} == {"eve"}
    assert PASSWORD not in {args["password"] for args in strange}


def test_staff_look_for_what_is_theirs(work: Workload) -> None:
    person(work, "ada").holds = {10: (4, 1), 11: (3, 1)}  # with their provider, and with another
    dan = person(work, "dan")
    found = {work.world.kept_by(dan) for _ in range(50)}
    assert found - {0} == {10}
    assert (dan.role, person(work, "root").role) == ("provider", "admin")


@pytest.mark.parametrize(
    ("head", "told"),
    [
        (b'\r\nRateLimit-Policy: "user";q=9;w=60\r\nRatelimit: "user";r=8;t=3\r\n',
         ["user", 9, 60, 8, 3]),
        (b'\r\nRateLimit-Policy: "user";q=9;w=60\r\nRateLimit: "login";r=8;t=3\r\n', []),
        (b'\r\nRateLimit: "user";r=8;t=3\r\n', []),
        (b"\r\nX-Request-ID: 1\r\n", []),
    ],
)  # fmt: skip
def test_the_standing_is_what_both_fields_say(head: bytes, told: list[Any]) -> None:
    assert standing_of(head) == told
