"""The tables of README.md that say what the code says already: they are written from it."""

import inspect
import re
from collections.abc import Iterator

import msgspec

from service.cli.arguments.parser import COMMANDS
from service.handlers.routes import ROUTES
from service.http.routing.declaration import ADMIN, EVERYONE, SIGNED_IN, STAFF, Endpoint
from service.http.routing.table import readable
from service.openapi.operation import METHODS, declared
from service.settings import Settings

WHO = {EVERYONE: "everyone", SIGNED_IN: "signed in", STAFF: "staff", ADMIN: "admin"}
EVERY_LIST_TAKES = {"limit", "cursor"}
_ROWS = r"(^## {}\n(?:(?!## ).*\n)*?\|.*\n\|[-|]+\n)(?:\|.*\n)+"  # of the first table of a section

Row = tuple[str, ...]


def filled(text: str) -> str:
    """The page with these tables as they should be. Raises ValueError for one that is not there."""
    for title, rows in {"Routes": routes(), "Settings": settings(), "Commands": commands()}.items():
        table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
        text, count = re.subn(
            _ROWS.format(title), lambda found, new=table: found[1] + new, text, flags=re.MULTILINE
        )
        if count != 1:
            raise ValueError(f"there are {count} tables under {title}")
    return text


def routes() -> Iterator[Row]:
    """Method, path, who may, and the first sentence of what it says of itself."""
    for pattern, handler in ROUTES:
        path = readable(pattern)
        for method in METHODS:
            verb = getattr(handler, method)
            if asked := declared(verb):
                said = " ".join(inspect.cleandoc(verb.__doc__ or "").split())
                what = re.split(r"\.(?: |$)", said)[0] + _filters(asked)
                yield method.upper(), f"`{path}`", WHO[asked.who], what


def _filters(asked: Endpoint) -> str:
    fields = msgspec.structs.fields(asked.query) if asked.query else ()
    names = [one.encode_name for one in fields if one.encode_name not in EVERY_LIST_TAKES]
    return f"; {', '.join(f'`{name}`' for name in names)} filter" if names else ""


def settings() -> Iterator[Row]:
    """Variable, default, meaning."""
    for one in Settings.entries():
        yield f"`{one.env}`", f"`{one.default}`" if one.default else "", one.help


def commands() -> Iterator[Row]:
    """Command and what it does."""
    for one in COMMANDS:
        yield f"`{one.words}`", one.help
