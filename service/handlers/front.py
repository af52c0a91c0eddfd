"""Where somebody arrives who knows nothing yet: the root, the list of what there is, the icon."""

import hashlib
import re
from collections.abc import Iterable
from typing import ClassVar

import msgspec

from service import __version__
from service.errors import DomainError
from service.handlers import docs
from service.http.base import ApiHandler, endpoint
from service.http.problems import NotAcceptable
from service.openapi.answers import ops as answers

TAG = docs.TAG
DOCS, OPENAPI = "/docs/", "/api/openapi.json"
DAY = 24 * 3600  # seconds
ROBOTS = "User-agent: *\nDisallow: /calendar/"
_RESOURCE = re.compile(r"/api/([a-z]+)/\?")
_HTML = re.compile(r"(?:^|,)\s*text/html\s*(?:,|;(?!\s*q=0(?:\.0*)?\s*(?:,|$))|$)", re.IGNORECASE)


class Index(ApiHandler):
    body_text: ClassVar[str]
    version: ClassVar[str]

    @endpoint("getIndex", answers=(200, answers.Overview))
    async def get(self) -> None:
        """What there is: the documents of this API, and where its resources are."""
        self.answer(200, self.body_text, etag=self.version)


class Root(Index):
    def _unacceptable(self) -> DomainError | None:
        error = super()._unacceptable()
        return None if isinstance(error, NotAcceptable) and self._is_for_people() else error

    def _is_for_people(self) -> bool:
        return bool(_HTML.search(self.request.headers.get("Accept", "")))

    @endpoint("getRoot", redirects=True, answers=(200, answers.Overview))
    async def get(self) -> None:
        """What there is, as at `/api/`; a browser is led to `/docs/`."""
        self.set_header("Vary", "Accept")
        if self._is_for_people():
            self.set_header("Location", DOCS)
            self.clear_header("Content-Type")
            self.answer(303, "")
        else:
            self.answer(200, self.body_text, etag=self.version)


class Robots(ApiHandler):
    media = "text/plain; charset=utf-8"

    @endpoint("getRobots", answers=(200, answers.RobotsText))
    async def get(self) -> None:
        """What search engines leave alone: calendars of people, whose links get around."""
        self.set_header("Cache-Control", f"public, max-age={DAY}")
        self.answer(200, ROBOTS)


class Icon(ApiHandler):
    media = "image/x-icon"

    @endpoint("getIcon", answers=(204,))
    async def get(self) -> None:
        """There is no icon: browsers, which ask by themselves, need not ask again today."""
        self.set_header("Cache-Control", f"public, max-age={DAY}")
        self.answer(204, "")


def publish(routes: Iterable[tuple[str, type[ApiHandler]]]) -> None:
    """Write the index of all routes; called once, when they are known."""
    resources = (_RESOURCE.fullmatch(pattern) for pattern, _ in routes)
    index = answers.Overview(
        title="Appointments",
        version=__version__,
        docs=DOCS,
        openapi=OPENAPI,
        resources={found[1]: f"/api/{found[1]}/" for found in resources if found},
    )
    Index.body_text = msgspec.json.encode(index).decode()
    Index.version = hashlib.sha256(Index.body_text.encode()).hexdigest()[:16]
