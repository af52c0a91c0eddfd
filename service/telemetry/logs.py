"""Logging: one line per event on standard error; never a token, a password or a note.

JSON for machines; a terminal gets coloured lines. What a line says besides its message comes in
`extra={"fields": {...}}`, and `extra={"secrets": [...]}` are texts to cut out of an exception.
"""

import asyncio
import json
import logging
import re
import sys
import traceback
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

log = logging.getLogger(__name__)

SHORTEST_SECRET = 4  # characters; cutting out shorter ones would leave nothing readable

_TOKEN = re.compile(r"\b[0-9a-fA-F]{40}\b")
_LINK = re.compile(r"(?<=/calendar/)[A-Za-z0-9_-]+")  # whoever knows it may read that calendar
_CREDENTIALS = re.compile(r"://[^\s/@\"]*@")
_TRACEPARENT = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})-(?!0{32})(?P<trace>[0-9a-f]{32})"
    r"-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?P<more>-.*)?"
)
_DIM, _PLAIN, _RED, _GREEN, _YELLOW = "\033[2m", "\033[0m", "\033[31m", "\033[32m", "\033[33m"
_OF_LEVEL = {"WARNING": _YELLOW, "ERROR": _RED, "CRITICAL": _RED}
_OF_STATUS = {1: "", 2: _GREEN, 3: _GREEN, 4: _YELLOW, 5: _RED}


def configure() -> None:
    """Send everything from INFO on to standard error, in one form or the other: warnings and
    what ends the process, too."""
    handler = logging.StreamHandler()
    handler.setFormatter(Coloured() if sys.stderr and sys.stderr.isatty() else Json())
    logging.captureWarnings(True)
    sys.excepthook = lambda kind, error, _: log.critical("bug", exc_info=error)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.raiseExceptions = False  # its complaint would show what could not be written
    # Tornado tells of every malformed request and every refusal: they are answered, not news.
    for name in ("tornado.general", "tornado.access"):
        logging.getLogger(name).setLevel(logging.ERROR)


def trace_id(traceparent: str | None) -> str | None:
    """The trace id of a valid `traceparent` (W3C Trace Context), else None."""
    match = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    if match is None or (match["version"] == "00" and match["more"]):
        return None
    return match["trace"]


def loop_trouble(loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    """Log what nobody awaited: asyncio's own words would repeat the objects it came from."""
    log.error(context["message"], exc_info=context.get("exception"))


def told(error: BaseException, secrets: Iterable[str] = ()) -> str:
    """The traceback of an error and of what led to it, without the secrets.

    Of each message only the first line: PostgreSQL's further ones repeat whole rows.
    """
    parts = []
    for one in _chain(error):
        first = (str(one).splitlines() or [""])[0]
        for secret in sorted(set(secrets), key=len, reverse=True):
            if len(secret) >= SHORTEST_SECRET:
                first = first.replace(secret, "[redacted]")
        frames = "".join(traceback.format_tb(one.__traceback__))
        parts.append(f"{frames}{type(one).__module__}.{type(one).__qualname__}: {first}")
    return "\n".join(parts)


def _chain(error: BaseException) -> list[BaseException]:
    """The error and its causes, the first cause first."""
    chain: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in chain:
        chain.append(one)
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return chain[::-1]


def clean(line: str) -> str:
    """The line without anything that looks like a token or a password in a URL."""
    if "://" in line:
        line = _CREDENTIALS.sub("://[redacted]@", line)
    if "/calendar/" in line:
        line = _LINK.sub("[token]", line)
    return _TOKEN.sub("[token]", line)


def _exception(record: logging.LogRecord) -> str | None:
    error = record.exc_info[1] if record.exc_info else None
    return told(error, getattr(record, "secrets", ())) if error else None


class Json(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        line |= getattr(record, "fields", {})
        if exception := _exception(record):
            line["exception"] = exception
        try:
            text = msgspec.json.encode(line, enc_hook=str).decode()
        except UnicodeEncodeError:  # half of a surrogate pair
            text = json.dumps(line, default=str)
        return clean(text)


class Coloured(logging.Formatter):
    """A line to be read: when, what, then the fields that have a value."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).astimezone()
        fields = dict(getattr(record, "fields", {}))
        if "status" in fields:  # a request: its status says how it went, and its path where
            status = fields.pop("status")
            colour = _OF_STATUS[status // 100]
            message = f"{status} {fields.pop('method')} {fields.pop('path')}"
            del fields["route"]
        else:
            colour, message = _OF_LEVEL.get(record.levelname, ""), record.getMessage()
        more = " ".join(f"{name}={value}" for name, value in fields.items() if value is not None)
        line = f"{_DIM}{at:%H:%M:%S}{_PLAIN} {colour}{_printable(message)}{_PLAIN}"
        if more:
            line += f" {_DIM}{_printable(more)}{_PLAIN}"
        exception = _exception(record)
        return clean(f"{line}\n{exception}" if exception else line)


def _printable(text: str) -> str:
    """The text with nothing in it that steers a terminal: a client may have sent it."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)
