"""A backup as a file: gzip of a line of JSON that says what it is, each table as COPY writes it,
and a line of JSON with what there must be and the SHA-256 of all that stands before it.

`zcat` shows it, and no version of PostgreSQL has a say in it.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, NamedTuple

FORMAT = "booking backup 1"
GZIP = zlib.MAX_WBITS + 16  # the format that zlib is to write (zlib.h, deflateInit2)
LEVEL = 6
END = b"\\.\n"  # after a table's last row; COPY writes no row like it


class BackupError(Exception):
    """A backup can't be made or loaded; the message is a sentence for the operator."""


class Schema(NamedTuple):
    """A migration that the backed up database had."""

    version: int
    checksum: str


class About(NamedTuple):
    """What a backup says of itself; made_at is in UTC and ISO 8601."""

    format: str
    made_at: str
    server: str
    migrations: list[Schema]

    @property
    def version(self) -> int:
        """The schema that its tables are of."""
        return self.migrations[-1].version


class Total(NamedTuple):
    """What a backup holds: rows by table, and where each sequence stands."""

    rows: dict[str, int]
    sequences: dict[str, tuple[int, bool]]


class Writer:
    """Writes a backup; what COPY gives goes to write()."""

    def __init__(self, out: BinaryIO, about: About) -> None:
        # No GzipFile: given up, it would write its end when it is collected, to whatever is left.
        self._out, self._zip = out, zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)
        self._digest = hashlib.sha256()
        self._line(about._asdict())

    def write(self, data: bytes) -> None:
        self._digest.update(data)
        self._out.write(self._zip.compress(data))

    def table(self, name: str, columns: list[str]) -> None:
        """Begin a table."""
        self._line({"table": name, "columns": columns})

    def table_ends(self) -> None:
        self.write(END)

    def finish(self, total: Total) -> None:
        """Write the last line; without it nothing is a backup."""
        self._line(total._asdict() | {"sha256": self._digest.hexdigest()})
        self._out.write(self._zip.flush())

    def _line(self, document: dict[str, Any]) -> None:
        self.write(json.dumps(document).encode() + b"\n")


class Rows:
    """The rows of one table as a file that COPY reads; `told` hears how many it has had."""

    def __init__(self, lines: Any, told: Callable[[int], None]) -> None:
        self._lines, self._told = lines, told
        self._over = False

    def read(self, size: int = 65536) -> bytes:
        """Whole rows of about so many bytes; empty at the end."""
        found: list[bytes] = []
        length = 0
        while not self._over and length < size:
            line = self._lines.readline()
            self._over = line == END
            if not self._over:
                found.append(line)
                length += len(line)
        if found:
            self._told(len(found))
        return b"".join(found)


class Archive:
    """A backup that was read once from end to end and is whole."""

    def __init__(self, file: BinaryIO) -> None:
        """Read all of a file that can be read again. Raises BackupError for one that is damaged."""
        self._file = file
        try:
            self.about, self.total = _verified(file)
        except (OSError, EOFError, zlib.error, ValueError, TypeError, KeyError) as error:
            raise BackupError("The backup is not whole: it was cut short or altered.") from error

    def tables(self, told: Callable[[int], None]) -> Iterator[tuple[str, list[str], Rows]]:
        """Each table with its columns and rows, which are to be read before the next one."""
        self._file.seek(0)
        with gzip.open(self._file) as lines:
            lines.readline()
            while "table" in (head := json.loads(lines.readline())):
                rows = Rows(lines, told)
                yield head["table"], head["columns"], rows
                while rows.read():  # of a table that nobody wanted
                    continue


def _verified(file: BinaryIO) -> tuple[About, Total]:
    file.seek(0)
    digest = hashlib.sha256()
    with gzip.open(file) as lines:
        first = lines.readline()
        about = About(**json.loads(first))
        if about.format != FORMAT:
            raise ValueError(about.format)
        digest.update(first)
        found: dict[str, int] = {}
        while "table" in (head := json.loads(line := lines.readline())):
            digest.update(line)
            found[head["table"]] = _count(lines, digest)
        total = Total(head["rows"], head["sequences"])
        if head["sha256"] != digest.hexdigest() or total.rows != found or lines.read(1):
            raise ValueError("altered")
    return about._replace(migrations=[Schema(*one) for one in about.migrations]), total


def _count(lines: Any, digest: Any) -> int:
    """The rows of a table, all of which go into the digest."""
    count = 0
    while line := lines.readline():
        digest.update(line)
        if line == END:
            return count
        count += 1
    raise EOFError
