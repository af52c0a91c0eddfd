"""Files of settings as systemd's EnvironmentFile= reads them: NAME=value, comments, quotes.

Nothing is expanded: no $NAME, no command. Messages name the line, never what is in it.
"""

import re
from collections.abc import Iterator, MutableMapping
from pathlib import Path

from service.settings import SettingsError

UNIT = Path("/etc/booking.env")  # where deploy/booking.service has its settings

# The whole of a file, piece by piece, as in systemd.exec(5).
_NAME = re.compile(r"[ \t\r]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t\r]*")
_IGNORED = re.compile(r"[ \t\r]*(?:[#;][^\n]*)?(?:\n|\Z)")
_SINGLE = re.compile(r"'([^']*)'[ \t\r]*")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"[ \t\r]*', re.DOTALL)
_BARE = re.compile(r"(?:[^\\\n]|\\.|\\\Z)*", re.DOTALL)
_ESCAPED = re.compile(r"\\(.|\Z)", re.DOTALL)
_ESCAPED_IN_QUOTES = re.compile(r'\\([\n"\\$`])')


def export(path: Path, environ: MutableMapping[str, str]) -> None:
    """Set what a file says and the environment does not. Raises SettingsError."""
    for name, value in load(path).items():
        if not environ.get(name, "").strip():
            environ[name] = value


def load(path: Path) -> dict[str, str]:
    """The variables of a file; the last one of a name counts. Raises SettingsError."""
    try:
        text = path.expanduser().read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(f"The settings in {path} are not UTF-8.") from None
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise SettingsError(f"The settings in {path} can't be read: {why}.") from None
    if "\0" in text:
        raise SettingsError(f"The settings in {path} are no text.")
    return dict(_assignments(text, path))


def _assignments(text: str, path: Path) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        if ignored := _IGNORED.match(text, at):
            at = ignored.end()
            continue
        line = text.count("\n", 0, at) + 1
        name = _NAME.match(text, at)
        if not name:
            raise SettingsError(f"Line {line} of {path} is not like NAME=value.")
        at, value = _value(text, name.end())
        if at < len(text) and text[at] != "\n":  # only a quote that never ends stops before
            raise SettingsError(f"Line {line} of {path} has a quote that never ends.")
        yield name[1], value


def _value(text: str, at: int) -> tuple[int, str]:
    """Where a value ends, and what it is: quoted pieces, then what stands there bare."""
    value = ""
    while at < len(text):
        if quoted := _SINGLE.match(text, at):
            value += quoted[1]
        elif quoted := _DOUBLE.match(text, at):
            value += _ESCAPED_IN_QUOTES.sub(lambda one: one[1].replace("\n", ""), quoted[1])
        else:
            break
        at = quoted.end()
    if text[at : at + 1] in ("'", '"'):
        return at, value
    bare = _BARE.match(text, at)
    assert bare
    return bare.end(), value + _unescaped(bare[0])


def _unescaped(bare: str) -> str:
    """A bare value: spaces at its end go, those that are escaped stay."""
    kept = re.sub(r"((?:[^\\]|\\.)*?)[ \t\r]*\Z", r"\1", bare, flags=re.DOTALL)
    return _ESCAPED.sub(lambda one: one[1].replace("\n", ""), kept)
