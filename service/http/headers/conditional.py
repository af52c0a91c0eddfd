"""Conditional requests (RFC 9110, section 13): what a client knows, and what it has seen."""

import functools
import re
from collections.abc import Awaitable, Callable
from typing import Any

from service import errors
from service.http.headers import grammar

_TAG = re.compile(r'(?:W/)?"([0-9a-f]{1,16})"')


class Conditional:
    """The part of a handler that reads If-Match and If-None-Match."""

    request: Any
    deps: Any
    answer_fields: Any

    async def if_match(self, current: Callable[[], Awaitable[int]]) -> int:
        """The version that If-Match asks for: 0 for any, -1 for one that is not the current one.

        `current` reads that, where several are named; whoever changes it meanwhile is refused as
        ever. Raises PreconditionRequired where the settings want a version and there is none.
        """
        given = self.request.headers.get("If-Match")
        if given is None and self.deps.settings.require_if_match:
            raise errors.PreconditionRequired
        if given is None or grammar.is_any(given):
            return 0
        wanted = grammar.versions(given)
        if len(wanted) > 1:
            try:
                wanted &= {await current()}
            except errors.NotFound:  # unless the key has an answer, the change says so
                wanted.clear()
        return wanted.pop() if wanted else -1

    @functools.cached_property
    def known(self) -> str:
        """The one tag that If-None-Match gives, without its quotes; "" for none or several."""
        match = _TAG.fullmatch(self.request.headers.get("If-None-Match", ""))
        return match[1] if match else ""

    def has(self, etag: str) -> bool:
        """Whether the client knows this version: mostly, it names one tag or none at all."""
        if self.request.headers.get("If-None-Match") is None:
            return False
        return self.known == etag or self.check_etag_header()

    def check_etag_header(self) -> bool:
        """Whether the client has what this answer's ETag stands for."""
        tags = self.request.headers.get("If-None-Match", "")
        return grammar.knows(tags, self.answer_fields.get("ETag", ""))
