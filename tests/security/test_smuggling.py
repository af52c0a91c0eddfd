"""A11: no request reaches the app that nobody sent: mutants of framing, each with a nonce, through
nginx before either parser, and the same bytes to each parser by itself.

MUTANTS sets how many, MUTANT_SEED the dice.
"""

import os
import random
import re
from collections.abc import Callable, Iterator

import pytest

from service.settings import WIRES, Settings
from service.store.embedded import Embedded
from tests.bad_input.test_framing import AMBIGUOUS, BAD_CHUNKS
from tests.bad_input.words import mutated
from tests.deploy.test_nginx import serve
from tests.security.doors import Door, front_log, knock, needs_nginx, process, waited_for

__all__ = ["serve"]
MUTANTS = int(os.environ.get("MUTANTS", "1500"))
SEED = int(os.environ.get("MUTANT_SEED", "1"))
ASKED = re.compile(r"/(?:open|hidden)/[0-9]+x")
FRAMING = [
    *AMBIGUOUS,
    b"Content-Length: {length}", b"Content-Length: {length}\r\nContent-Length: {length}",
    b"Transfer-Encoding: chunked", b"transfer-encoding:chunked", b"Transfer-Encoding:\tchunked",
    b"Content-Length: {length}\r\nTransfer-Encoding: chunked",
    b"Transfer-Encoding: chunked\r\nContent-Length: {length}",
    b"Transfer-Encoding: chunked\r\nConnection: Transfer-Encoding", b"Content-Length:{length}",
    b"Connection: Content-Length\r\nContent-Length: {length}", b"Expect: 100-continue",
    b"Expect: 100-continue\r\nContent-Length: {length}", b"Upgrade: h2c\r\nConnection: Upgrade",
]  # fmt: skip


def mutant(number: int, chance: random.Random) -> bytes:
    """A request that leaves it open where it ends, with another one in its body."""
    hidden = b"GET /hidden/%dx HTTP/1.1\r\nHost: a\r\n\r\n" % number
    verb = chance.choice([b"POST", b"POST", b"GET", b"PUT", b"HEAD", b"OPTIONS", b"DELETE"])
    version = chance.choice([b"1.1", b"1.1", b"1.1", b"1.0"])
    framing = chance.choice(FRAMING).replace(
        b"{length}", b"%d" % chance.choice([0, 4, len(hidden)])
    )
    lead = chance.choice([b"", b"0\r\n\r\n", b"4\r\n{}{}\r\n0\r\n\r\n", *BAD_CHUNKS])
    if len(lead) > 2000:
        lead = b"0\r\n\r\n"
    head = b"%s /open/%dx HTTP/%s\r\nHost: a\r\n%s\r\n\r\n" % (verb, number, version, framing)
    if chance.random() < 0.5:
        start = head.index(b"\r\n")
        head = head[:start] + mutated(head[start:], chance)
    end = chance.choice([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r\n\r"])
    return head.replace(b"\r\n", end) + lead + hidden


@pytest.fixture(scope="module")
def mutants() -> list[bytes]:
    chance = random.Random(SEED)
    return [mutant(number, chance) for number in range(MUTANTS)]


@pytest.fixture(scope="module", params=WIRES)
def door(
    request: pytest.FixtureRequest,
    servers: Embedded,
    settings: Settings,
    tmp_path_factory: pytest.TempPathFactory,
    serve: Callable[..., int],
) -> Iterator[Door]:
    told = {"REDIS_URL": f"{settings.redis_url}?db=6", "ACCESS_LOG": "on", "WIRE": request.param}
    with process(
        tmp_path_factory, servers.admin_url or "", settings.database_url, **told, XHEADERS="on"
    ) as live:
        port = serve("nginx.conf", [live.port], {"rate=100r/s": "rate=1000000r/s"})
        yield Door(port, live, front_log(tmp_path_factory.getbasetemp(), port))


@needs_nginx
@pytest.mark.timeout(120 + MUTANTS / 20)
async def test_the_app_is_asked_nothing_that_nginx_was_not(
    door: Door, mutants: list[bytes]
) -> None:
    heard = await knock(door.port, mutants)
    assert waited_for(lambda: len(door.outside(ASKED)) > MUTANTS / 4)
    inside, outside = door.inside(ASKED), door.outside(ASKED)
    smuggled = {one: count for one, count in inside.items() if count > outside[one]}
    assert smuggled == {}, [mutants[int(re.findall(r"\d+", one)[0])] for one in smuggled][:3]
    assert len(inside) > MUTANTS / 20, "too few of them come through to tell anything"
    assert not [one for one in heard if b" 500 " in one[:20] or b" 502 " in one[:20]]
    answered = sum(bool(one) for one in heard)
    print(f"\n{MUTANTS} mutants: {answered} answered, {len(inside)} requests reached the app")


@pytest.mark.timeout(120 + MUTANTS / 20)
async def test_by_itself_it_never_takes_a_body_for_a_request_when_the_end_is_in_doubt(
    door: Door, mutants: list[bytes]
) -> None:
    doubtful = [
        b"%s\r\nHost: a\r\n%s\r\n\r\n%s" % (b"POST /open/%dx HTTP/1.1" % number, lines, tail)
        for number, (lines, tail) in enumerate(
            (lines, b"%sGET /hidden/%dx HTTP/1.1\r\nHost: a\r\n\r\n" % (lead, number))
            for number, lines in enumerate(AMBIGUOUS)
            for lead in (b"", b"0\r\n\r\n")
        )
    ]
    before = door.inside(ASKED)
    heard = await knock(door.live.port, doubtful)
    inside = door.inside(ASKED) - before
    assert [one for one in inside if one.startswith("/hidden/")] == []
    assert {one[9:12] for one in heard} <= {b"", b"400", b"404", b"413"}
