"""Where somebody arrives who knows nothing yet: the root, the index, the icon."""

from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient

from service.handlers.routes import ROUTES
from tests.cast import Api

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


async def fetch(
    api: Api, path: str, method: str = "GET", body: str | None = None, **headers: str
) -> Any:
    """The whole answer; underscores in the names of header fields stand for hyphens."""
    client = AsyncHTTPClient(force_instance=True)
    try:
        return await client.fetch(
            api.url + path,
            method=method,
            body=body,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            follow_redirects=False,
            raise_error=False,
        )
    finally:
        client.close()


@pytest.mark.parametrize("path", ["/", "/api/", "/api"])
@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "text/html;q=0, */*"])
async def test_a_program_finds_what_there_is(api: Api, path: str, accept: str | None) -> None:
    reply = await api.call("GET", path, headers={"Accept": accept} if accept else None)
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/json")
    found = reply.json
    assert (found["docs"], found["openapi"]) == ("/docs/", "/api/openapi.json")
    assert found["resources"]["appointments"] == "/api/appointments/"
    roots = {pattern for pattern, _ in ROUTES}
    assert all(f"{one}?" in roots for one in found["resources"].values())


@pytest.mark.parametrize("accept", [BROWSER, "text/html", "TEXT/HTML;q=0.5"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_browser_is_led_to_the_documentation(api: Api, accept: str, method: str) -> None:
    reply = await fetch(api, "/", method, Accept=accept)
    assert (reply.code, reply.headers["Location"], reply.body) == (303, "/docs/", b"")
    assert (reply.headers["Vary"], reply.headers["Cache-Control"]) == ("Accept", "no-cache")
    assert (await fetch(api, reply.headers["Location"], Accept=accept)).code == 200


async def test_neither_a_browser_nor_a_program_is_refused_as_such(api: Api) -> None:
    assert (await fetch(api, "/", Accept="image/png")).code == 406
    assert (await fetch(api, "/api/", Accept="text/html")).code == 406


async def test_the_index_is_spared_whoever_has_it(api: Api) -> None:
    for path in ("/", "/api/"):
        first = await fetch(api, path)
        again = await fetch(api, path, If_None_Match=first.headers["ETag"])
        assert (again.code, again.body) == (304, b"")
        head = await fetch(api, path, "HEAD")
        assert (head.code, head.body) == (200, b"")
        assert head.headers["Content-Length"] == str(len(first.body))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_browser_that_asks_for_an_icon_need_not_ask_again(api: Api, method: str) -> None:
    reply = await fetch(api, "/favicon.ico", method, Accept="image/avif,image/webp,*/*;q=0.8")
    assert (reply.code, reply.body) == (204, b"")
    assert reply.headers["Cache-Control"] == "public, max-age=86400"


async def test_nobody_can_change_them(api: Api) -> None:
    for path in ("/", "/api/", "/favicon.ico"):
        reply = await api.post(path, {})
        assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
