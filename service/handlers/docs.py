"""The API described: as an OpenAPI document, and in a browser by Swagger UI from service/docs,
which works without any other server."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from service.errors import RateLimited
from service.http.base import ApiHandler, endpoint
from service.openapi.answers import ops as answers
from service.openapi.document import document

TAG = "Documentation", "What you are reading."

FOLDER = Path(__file__).resolve().parents[1] / "docs"
FILES = {
    path.name: path.read_bytes()
    for path in (
        FOLDER / "start.css",
        FOLDER / "start.js",
        FOLDER / "swagger-ui" / "swagger-ui.css",
        FOLDER / "swagger-ui" / "swagger-ui-bundle.js",
    )
}
VERSIONS = {name: hashlib.sha256(text).hexdigest()[:16] for name, text in FILES.items()}

# Generators read an object that says nothing of its fields as one of no type.
Anything = Annotated[dict[str, Any], Meta(extra_json_schema={"additionalProperties": True})]
YEAR = 365 * 24 * 3600  # seconds
# Scripts, styles and answers of this server only; Swagger UI has its icons in data: URLs.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


class OpenApi(ApiHandler):
    body_text: ClassVar[str]
    version: ClassVar[str]

    @endpoint("getOpenApi", answers=(200, Anything))
    async def get(self) -> None:
        """This API as an OpenAPI document."""
        self.answer(200, self.body_text, etag=self.version)


def page() -> str:
    """The page; its links name the version of each file, so that files can be kept for ever."""
    text = (FOLDER / "index.html").read_text()
    for name, version in VERSIONS.items():
        text = text.replace(f"/docs/{name}", f"/docs/{name}?v={version}")
    return text


class Docs(ApiHandler):
    media = "text/html; charset=utf-8"
    tail = b""  # it has its own
    text = page()

    @endpoint("getDocs", answers=(200, answers.Page))
    async def get(self) -> None:
        """The API in a browser, to read and to try."""
        self.set_header("Content-Security-Policy", POLICY)
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cache-Control", "no-cache")
        self.answer(200, self.text)


class File(ApiHandler):
    """A file that the page needs; no part of the API."""

    async def get(self, name: str) -> None:
        if await self.turned_away_already():
            return
        try:
            await self.charge()
        except RateLimited as error:
            self.refuse(error)
            return
        version = VERSIONS[name]
        asked = self.get_query_argument("v", "") == version
        self.set_header(
            "Cache-Control", f"public, max-age={YEAR}, immutable" if asked else "no-cache"
        )
        self.set_header("ETag", f'"{version}"')
        if self.check_etag_header():
            self.set_status(304)
            self.finish()
        else:
            self.finish(FILES[name])


class Script(File):
    media = "text/javascript; charset=utf-8"


class Style(File):
    media = "text/css; charset=utf-8"


def publish(routes: Iterable[tuple[str, type[ApiHandler]]]) -> None:
    """Build the document of all routes; called once, when they are known."""
    OpenApi.body_text = msgspec.json.encode(document(routes)).decode()
    OpenApi.version = hashlib.sha256(OpenApi.body_text.encode()).hexdigest()[:16]
