"""Where the files of the embedded servers go: into their folder, or elsewhere when they must."""

import contextlib
import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from service.store.embedded.place.account import (
    Account,
    EmbeddedError,
    acting_as,
    may,
    name_of,
    reachable,
)

SHARED = Path("/var/lib/booking-embedded")  # not booking: a service unit may own that
LONGEST = 800  # bytes: PostgreSQL cuts off paths at 1024, and its own names come behind ours
SOCKET_ROOM = 60  # a socket's whole path has 107 bytes; the folder above it may use these


def made(data_dir: Path) -> Account | None:
    """Make the data directory if it is new; return its owner if we are root and it is not ours.

    In somebody's folder a new one becomes his. Raises EmbeddedError, OSError.
    """
    refuse_odd_paths(data_dir)
    if os.geteuid() != 0:
        make_open(data_dir)
        return None
    if not data_dir.exists():
        above = next(one for one in data_dir.parents if one.exists())
        host = Account.of(above.stat().st_uid) if above.stat().st_uid else None
        with acting_as(host if host and reachable(above, host) else None):
            make_open(data_dir)
    refuse_strange_links(data_dir)
    uid = data_dir.stat().st_uid
    owner = Account.of(uid)
    if owner is None:
        raise EmbeddedError(
            f"PostgreSQL does not run as root, and this system has no account for {name_of(uid)}, "
            f"the owner of {data_dir}: make one, or choose another data directory."
        )
    if uid and not reachable(data_dir, owner):
        raise EmbeddedError(
            f"{data_dir} belongs to {name_of(uid)}, who can't reach it: a folder above is closed."
        )
    return owner if uid else None


def refuse_odd_paths(data_dir: Path) -> None:
    """Raise EmbeddedError if the path is one that PostgreSQL can't have."""
    if len(os.fsencode(data_dir)) > LONGEST:
        raise EmbeddedError(
            f"The path of the data directory has {len(os.fsencode(data_dir))} bytes, and "
            f"PostgreSQL takes {LONGEST}: choose a shorter one than {str(data_dir)[:60]}..."
        )
    if re.search(r"[\r\n]", str(data_dir)):
        raise EmbeddedError(
            f"PostgreSQL takes no line break in the path of its data: choose another than "
            f"{str(data_dir)!r}."
        )


def make_open(folder: Path) -> None:
    """Make a folder and those above it as others may enter, whatever the umask says."""
    before = os.umask(0o022)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    finally:
        os.umask(before)


def refuse_strange_links(path: Path) -> None:
    """Raise EmbeddedError if somebody's link on the way leads root to a folder that is not his."""
    owner = path.stat().st_uid
    for one in (path, *path.parents):
        if one.is_symlink() and one.lstat().st_uid not in (0, owner):
            raise EmbeddedError(
                f"{one} is a link of {name_of(one.lstat().st_uid)} to a folder of "
                f"{name_of(owner)}: name that folder itself."
            )


def home_of(data_dir: Path, account: Account, durable: bool) -> Path:
    """Return root's data_dir, or a folder elsewhere if the account can't reach data_dir.

    No existing folder is opened up for it; a file in data_dir says where the data is.
    """
    pointer = data_dir / "elsewhere"
    if text := written_by_root(pointer):
        home = Path(text.strip())
        home.mkdir(mode=0o711, exist_ok=True)
        return home
    if reachable(data_dir, account):
        return data_dir
    if (data_dir / "postgres").exists():
        raise EmbeddedError(
            f"The data in {data_dir} is out of reach of {name_of(account.uid)}, who runs the "
            "servers for root: a folder above was closed."
        )
    if durable:
        digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
        home = Path(tempfile.mkdtemp(prefix=f"{digest}-", dir=shared()))  # new: data_dir is empty
    else:
        home = Path(tempfile.mkdtemp(prefix="booking-data-", dir=scratch(account)))
    home.chmod(0o711)
    with open(pointer, "xb", opener=private) as file:
        file.write(os.fsencode(f"{home}\n"))
    return home


def written_by_root(file: Path) -> str:
    """Return the text of a file, if it is root's own and no link; else nothing."""
    with contextlib.suppress(FileNotFoundError), opened(file) as handle:
        if os.fstat(handle).st_uid == 0:
            return os.fsdecode(os.read(handle, 65536))
        raise EmbeddedError(f"{file} was not written by root, who is to believe it: remove it.")
    return ""


@contextlib.contextmanager
def opened(file: Path) -> Iterator[int]:
    """Open a regular file to read, and no link. Raises OSError, FileNotFoundError for others."""
    handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise FileNotFoundError(f"{file} is no file")
        yield handle
    finally:
        os.close(handle)


def private(path: str, flags: int) -> int:
    """Open a file for its owner alone, and no link: an opener for open()."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def shared() -> Path:
    """Return the root-owned folder for what an ordinary account can't reach in its own place."""
    make_open(SHARED)
    found = SHARED.stat()
    if found.st_uid != 0 or found.st_mode & 0o022:
        raise EmbeddedError(f"{SHARED} must belong to root and be writable by nobody else.")
    return SHARED


def scratch(account: Account | None) -> Path:
    """Return a folder for temporary files with a short path that the account can reach."""
    with acting_as(account):
        for name in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
            plain = len(os.fsencode(name)) < SOCKET_ROOM and name.isprintable()
            if plain and may(name, os.W_OK | os.X_OK):
                return Path(name)
    raise EmbeddedError("No temporary folder with a short, printable path is writable: set TMPDIR.")
