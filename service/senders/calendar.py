"""Calendars of somebody else: asked for at their addresses, read in a process of their own."""

import asyncio
import contextlib
import json
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from service import __version__
from service.senders.http import Client, Unsent

READER = str(Path(__file__).with_name("busy.py"))
LONGEST = 1000  # characters of what tells a version, to be sent back
LARGEST = 5 * 2**20  # bytes of a calendar
SECONDS = (
    30.0  # until its reader is given up: it may wait for a processor, whose time it has 5 s of
)
AGENT = f"booking/{__version__} (reads calendars that its users subscribed to)"


class Failed(Exception):
    """It said nothing that could be used; `kind` is a class of failures."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Known(NamedTuple):
    """What was told with the last version that was seen, to ask for a newer one; "" for nothing."""

    etag: str = ""
    modified: str = ""


class Fetched(NamedTuple):
    """A calendar, None where it is the one that is known; and what to know of it from now on."""

    text: bytes | None
    known: Known


class Busy(NamedTuple):
    """When it is busy, each time once, and how many of its events could not be read. `digest` is of
    all that counts in it; where that is the known one, nothing else is told."""

    digest: str
    times: Sequence[tuple[datetime, datetime]] = ()
    unread: int = 0


async def fetch(client: Client, url: str, known: Known) -> Fetched:
    """Ask for a calendar, unless the known version is the newest. Raises Failed."""
    asked = {"User-Agent": AGENT, "Accept": "text/calendar, */*;q=0.1"}
    if known.etag:
        asked["If-None-Match"] = known.etag
    if known.modified:
        asked["If-Modified-Since"] = known.modified
    try:
        answer = await client.send("GET", url, asked, most=LARGEST)
    except Unsent as error:
        raise Failed(error.kind) from None
    if answer.status == 304 and known != Known():
        return Fetched(None, known)
    if answer.status != 200:
        raise Failed("gone" if answer.status in (404, 410) else f"status_{answer.status // 100}xx")
    if answer.cut:
        raise Failed("too_large")
    told = [answer.headers.get(name, "") for name in ("etag", "last-modified")]
    return Fetched(answer.body, Known(*(one if len(one) <= LONGEST else "" for one in told)))


async def read(
    text: bytes, first: datetime, last: datetime, *, zone: str, own: str, known: str = ""
) -> Busy:
    """When a calendar is busy from an instant to before another; `zone` is of what names none, and
    events whose UID ends with `own` don't count; `known` is the digest when it was last read.
    Raises Failed."""
    asked = {
        "first": int(first.timestamp()),
        "last": int(last.timestamp()),
        "zone": zone,
        "own": own,
        "known": known,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", READER),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        start_new_session=True,  # Ctrl-C is not for it
    )
    try:
        async with asyncio.timeout(SECONDS):
            said, _ = await process.communicate(f"{json.dumps(asked)}\n".encode() + text)
    except TimeoutError:
        raise Failed("too_slow") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise Failed("too_slow")
    if process.returncode:
        raise Failed("not_a_calendar")
    answer = json.loads(said)
    if "refused" in answer:
        raise Failed(answer["refused"])
    instants = ((_instant(begin), _instant(end)) for begin, end in answer.get("busy", ()))
    return Busy(answer["digest"], tuple(instants), answer.get("unread", 0))


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
