"""The header fields of a request that llhttp has read: names and values are known to be sound."""

import functools
from collections.abc import Iterable
from typing import Any

from service.http import borrowed

BLANK = " \t"


class Fields(borrowed.Fields):
    """Tornado's header fields, made without checking each of them again."""

    def __init__(self, pairs: Iterable[tuple[bytes, bytes]] = ()) -> None:
        super().__init__()
        lines = self.lines
        for name, value in pairs:
            # llhttp leaves what is blank behind a value.
            text = value.decode("latin-1").rstrip(BLANK)
            lines.setdefault(_spelled(name), []).append(text)

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a field, or the default; several lines are joined by commas."""
        lines = self.lines.get(name)  # most ask by the usual spelling
        if lines is None:
            lines = self.lines.get(_spelled(name.encode("latin-1")))
        if lines is None:  # as most fields are, most of the time; Tornado would raise a KeyError
            return default
        return lines[0] if len(lines) == 1 else ",".join(lines)

    def framing(self) -> bytes | None:
        """A head that announces the same body and says nothing else; None if there is no body."""
        for name in ("Transfer-Encoding", "Content-Length"):
            if value := self.get(name):
                return f"POST / HTTP/1.1\r\n{name}: {value}\r\n\r\n".encode()
        return None


@functools.lru_cache(1000)
def _spelled(name: bytes) -> str:
    """The usual spelling of a name: `Content-Type`."""
    return "-".join(word.capitalize() for word in name.decode("latin-1").split("-"))
