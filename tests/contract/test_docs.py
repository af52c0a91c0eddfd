"""The page at /docs/ needs nothing but this server."""

import re
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient

from service.handlers import docs
from service.http.problems import STATUS
from tests.cast import Api
from tests.contract.spec import DOCUMENT

FILES = sorted(docs.FILES)
VENDORED = docs.FOLDER / "swagger-ui"


async def fetch(api: Api, path: str, **headers: str) -> Any:
    client = AsyncHTTPClient(force_instance=True)
    try:
        return await client.fetch(api.url + path, headers=headers, raise_error=False)
    finally:
        client.close()


def linked(page: str) -> list[str]:
    return re.findall(r'(?:href|src)="(/docs/[^"]*)"', page)


async def test_the_page_is_served(api: Api) -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    for path in ("/docs/", "/docs"):
        reply = await fetch(api, path, Accept=browser)
        assert reply.code == 200
        assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
        assert sorted(re.sub(r"^/docs/|\?.*", "", one) for one in linked(reply.body.decode())) == (
            FILES
        )


async def test_only_this_server_is_trusted(api: Api) -> None:
    policy = (await fetch(api, "/docs/")).headers["Content-Security-Policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert {*rules.values()} == {"'none'", "'self'", "'self' data:"}
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"


async def test_its_files_are_kept_for_long_under_the_name_of_their_version(api: Api) -> None:
    page = (await fetch(api, "/docs/")).body.decode()
    for path in linked(page):
        reply = await fetch(api, path)
        assert (reply.code, reply.headers["Cache-Control"]) == (
            200,
            "public, max-age=31536000, immutable",
        )
        kind = "text/javascript" if ".js" in path else "text/css"
        assert reply.headers["Content-Type"] == f"{kind}; charset=utf-8"
        again = await fetch(api, path, **{"If-None-Match": reply.headers["ETag"]})
        assert (again.code, again.body) == (304, b"")
        bare = await fetch(api, path.partition("?")[0])
        assert (bare.headers["Cache-Control"], bare.body) == ("no-cache", reply.body)


@pytest.mark.parametrize(
    "path", ["/docs/LICENSE", "/docs/../app.py", "/docs/index.html", "/docs/x"]
)
async def test_nothing_else_is_served(api: Api, path: str) -> None:
    assert (await fetch(api, path)).code == 404


@pytest.mark.parametrize("name", ["index.html", "start.js", "start.css"])
def test_our_files_name_no_other_host_and_hold_no_inline_script(name: str) -> None:
    text = (docs.FOLDER / name).read_text()
    assert not re.search(r"\b(https?:)?//\w", text)
    assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=", text)


def test_the_stylesheet_loads_nothing() -> None:
    text = docs.FILES["swagger-ui.css"].decode()
    assert "@import" not in text
    assert [url for url in re.findall(r"url\(\s*[\"']?([^)]{8})", text) if "data:" not in url] == []


def test_what_is_vendored_comes_with_its_licence_and_version() -> None:
    assert {path.name for path in VENDORED.iterdir()} == {
        "LICENSE",
        "NOTICE",
        "README.md",
        "swagger-ui-bundle.js",
        "swagger-ui-bundle.js.LICENSE.txt",
        "swagger-ui.css",
    }
    assert "Apache License" in (VENDORED / "LICENSE").read_text()
    assert re.search(r"swagger-ui-dist \d+\.\d+\.\d+ .*Apache-2\.0", text_of(VENDORED))


def text_of(folder: Path) -> str:
    return (folder / "README.md").read_text()


def test_the_type_of_every_problem_leads_to_a_line_of_the_page() -> None:
    for kind in STATUS:
        assert f"<a id='{kind.code}'></a>" in DOCUMENT["info"]["description"]
