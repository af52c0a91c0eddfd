"""Too much of something: body, target, headers. And what is no HTTP at all."""

import pytest

from service.settings import WIRES, Settings
from tests.api.checks import Wire, check_problem, send
from tests.api.conftest import Served
from tests.cast import Api, Person

CHUNKED = b"POST /api/login/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


def _with_length(length: int) -> bytes:
    return b"POST /api/login/ HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % length


async def test_a_body_may_be_as_large_as_the_setting_says(served: Served) -> None:
    async with served(max_body=2000) as api:
        for size, status in ((2000, 400), (2001, 413)):
            body = b'{"x":"' + (size - 8) * b"x" + b'"}'
            reply = await api.post("/api/login/", raw=body)
            assert (len(body), reply.status) == (size, status if status == 413 else 415)
            json = {"Content-Type": "application/json"}
            reply = await api.post("/api/login/", raw=body, headers=json)
            assert reply.status == status


async def test_a_large_body_is_refused_before_it_is_sent(api: Api) -> None:
    reply = await send(api, _with_length(50_000_000))
    check_problem(reply, 413, "body_too_large")


@pytest.mark.parametrize("length", [10**9, 10**30])
async def test_even_what_would_never_fit(api: Api, length: int) -> None:
    reply = await send(api, _with_length(length))
    assert reply.status in (400, 413)


async def test_chunks_are_counted_as_they_come(api: Api, settings: Settings) -> None:
    whole, rest = divmod(settings.max_body + 1, 0x10000)
    chunk = b"10000\r\n" + 0x10000 * b"x" + b"\r\n"
    unfinished = CHUNKED + whole * chunk + b"%x\r\n" % rest + rest * b"x"
    check_problem(await send(api, unfinished), 413, "body_too_large")


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("limited", [False, True])
@pytest.mark.parametrize("start", ["OPTIONS /api/slots/", "GET /docs/start.js", "POST /api/login/"])
async def test_who_ends_a_body_when_it_is_too_large_is_refused_once(
    served: Served, caplog: pytest.LogCaptureFixture, start: str, limited: bool, wire: str
) -> None:
    head = f"{start} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    whole = head + b"bb9\r\n" + 3001 * b"x" + b"\r\n0\r\n\r\n"
    async with served(rate_limit=limited, max_body=2000, wire=wire) as api:
        check_problem(await send(api, whole), 413, "body_too_large")
    ours = [one for one in caplog.records if one.name.startswith(("service", "tornado"))]
    assert [one.message for one in ours if one.levelname == "ERROR"] == []


async def test_chunks_that_fit_are_one_body(api: Api) -> None:
    body = b'{"username": "nobody-in-chunks", "password": "x"}'
    chunks = b"".join(b"1\r\n" + body[n : n + 1] + b"\r\n" for n in range(len(body)))
    reply = await send(api, CHUNKED + chunks + b"0\r\n\r\n")
    check_problem(reply, 401, "wrong_credentials")


async def test_a_body_where_none_is_expected_counts_too(api: Api) -> None:
    request = _with_length(50_000_000).replace(b"POST /api/login/", b"GET /healthz")
    check_problem(await send(api, request), 413, "body_too_large")


@pytest.mark.parametrize(("length", "status"), [(8192, 200), (8193, 414), (60_000, 414)])
async def test_a_target_of_up_to_8_kilobytes(served: Served, length: int, status: int) -> None:
    path = "/api/providers/?limit=1&x="
    async with served(unknown_fields="ignore") as api:
        reply = await api.get(path + (length - len(path)) * "x")
    assert reply.status == status
    if status == 414:
        check_problem(reply, 414, "uri_too_long")


@pytest.mark.parametrize(
    "headers",
    [{"X-Long": 33_000 * "x"}, {f"X-{n}": 100 * "x" for n in range(400)}],
    ids=["one long", "many"],
)
async def test_headers_of_up_to_32_kilobytes(api: Api, headers: dict[str, str]) -> None:
    reply = await api.get("/healthz", headers=headers)
    check_problem(reply, 431, "headers_too_large")


async def test_a_long_token_is_no_token_or_too_long(api: Api) -> None:
    for length, status in ((30_000, 401), (64_000, 431)):
        headers = {"Authorization": "Token " + length * "a"}
        assert (await api.get("/api/me/", headers=headers)).status == status


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /healthz\r\n\r\n",
        b"GET /healthz HTTP/9\r\nHost: a\r\n\r\n",
        b"GET  /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost a\r\n\r\n",
        b"POST /api/login/ HTTP/1.1\r\nHost: a\r\nContent-Length: +2\r\n\r\n{}",
        b"POST /api/login/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1_0\r\n\r\n{}",
        b"POST /api/login/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"POST /api/login/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /api/login/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
        CHUNKED + b"-1\r\n",
        CHUNKED + b"0x2\r\n{}\r\n0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"\0\r\n\r\n",
    ],
)
async def test_what_is_no_http_gets_nothing_but_400(api: Api, request_bytes: bytes) -> None:
    async with Wire.open(api) as wire:
        answer = await wire.send_and_read(request_bytes)
    assert answer == b"" or answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 ")), answer
    assert answer.count(b"HTTP/1.1") <= 1, "one request was taken for two"


async def test_an_answer_says_whether_the_connection_lives_on(api: Api, ada: Person) -> None:
    requests = {
        f"GET /api/me/ HTTP/1.1\r\nHost: a\r\nAuthorization: Token {ada.token}\r\n\r\n": 200,
        "GET /api/me/ HTTP/1.1\r\nHost: a\r\n\r\n": 401,
        "GET /api/slots/0/ HTTP/1.1\r\nHost: a\r\n\r\n": 404,
        "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n": 404,
        "GET /api/login/ HTTP/1.1\r\nHost: a\r\n\r\n": 405,
        "BREW /api/login/ HTTP/1.1\r\nHost: a\r\n\r\n": 405,
        "GET /healthz HTTP/1.1\r\nHost: a\r\nAccept: image/png\r\n\r\n": 406,
        "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}": 404,
        "POST /api/login/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}": 400,
    }
    for request, status in requests.items():
        async with Wire.open(api) as wire:
            reply = await wire.send(request.encode())
            assert reply.status == status
            if reply.headers.get("Connection") != "close":
                assert (await wire.send(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")).status == 200
