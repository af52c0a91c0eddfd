"""The files of a run: what is recorded while it goes on, and read again to judge it."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

AT_ONCE = 256  # records encoded together

_encoder = msgspec.json.Encoder()


class Writer:
    """Appends records to a file of JSON lines, compressed as it goes."""

    def __init__(self, path: Path) -> None:
        self._file = gzip.open(path, "wb", compresslevel=1)  # noqa: SIM115 closed by close()
        self._waiting: list[Any] = []
        self.count = 0

    def write(self, record: Any) -> None:
        """Keep one record; it reaches the file with its next neighbours."""
        self._waiting.append(record)
        self.count += 1
        if len(self._waiting) >= AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Hand what waits to the file."""
        self._file.write(_encoder.encode_lines(self._waiting))
        self._waiting.clear()

    def close(self) -> None:
        """Complete the file."""
        self.flush()
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, trace: TracebackType | None
    ) -> None:
        self.close()


def read(path: Path, kind: Any = Any) -> Iterator[Any]:
    """The records of a file, in order."""
    decoder = msgspec.json.Decoder(kind)
    with gzip.open(path, "rb") as file:
        for line in file:
            yield decoder.decode(line)
