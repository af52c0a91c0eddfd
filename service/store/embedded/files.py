"""Where the embedded servers keep their files, and the account they run as."""

import fcntl
import hashlib
import json
import os
import pwd
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

SHARED = Path("/var/lib/booking-embedded")  # not booking: a service unit may own that
SOCKET_ROOM = 60  # a socket's whole path has 107 bytes; the folder above it may use these


class EmbeddedError(Exception):
    """The embedded servers can't run; the message is one sentence for a person."""


class Account(NamedTuple):
    """The ordinary user that the servers become when we are root."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Place:
    """One data directory: home holds the files, which may be elsewhere when we are root."""

    data_dir: Path
    home: Path
    account: Account | None

    @classmethod
    def find(cls, data_dir: Path, durable: bool) -> Self:
        """Return the place of data_dir, made if it is new."""
        data_dir = data_dir.absolute()
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
            account = account_for(data_dir)
            return cls(data_dir, home_of(data_dir, account, durable), account)
        except OSError as exc:
            raise EmbeddedError(
                f"The data directory {data_dir} can't be used: {exc.strerror or exc}."
            ) from exc

    def lock(self) -> int | None:
        """Take the lock that a server of this place holds while it lives; None: it is taken.

        The kernel drops it with its process, so it never goes stale and no pid is trusted.
        """
        try:
            handle = os.open(self.home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as exc:
            raise EmbeddedError(
                f"The data directory {self.home} can't be used: {exc.strerror}; "
                "it may belong to another user."
            ) from exc
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            return None
        return handle

    def note(self) -> dict[str, Any]:
        """Return what servers.json says; empty when there is none or it is broken."""
        try:
            found = json.loads((self.home / "servers.json").read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def write_note(self, **note: Any) -> None:
        """Replace servers.json in one step."""
        fresh = self.home / "servers.json.new"
        fresh.write_text(json.dumps({"pid": os.getpid(), **note}))
        fresh.replace(self.home / "servers.json")

    def open_sockets(self) -> Path:
        """Return a new private folder with a short path, after removing a dead server's one."""
        self.close_sockets()
        folder = Path(tempfile.mkdtemp(prefix="booking-", dir=scratch(self.account)))
        self.own(folder)
        self.write_note(sockets=str(folder))
        return folder

    def close_sockets(self) -> None:
        """Remove the socket folder that servers.json names, if it is one of ours."""
        folder = Path(str(self.note().get("sockets", "")))
        if folder.name.startswith("booking-") and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)

    def own(self, path: Path) -> Path:
        """Give the path to the servers' account and return it."""
        if self.account:
            os.chown(path, *self.account)
        return path

    def leave(self, durable: bool) -> None:
        """Forget the running servers; throw away what a test kept elsewhere."""
        self.close_sockets()
        (self.home / "servers.json").unlink(missing_ok=True)
        if not durable and self.home != self.data_dir:
            shutil.rmtree(self.home, ignore_errors=True)
            (self.data_dir / "elsewhere").unlink(missing_ok=True)


def account_for(data_dir: Path) -> Account | None:
    """Return who the servers run as: us, or as root the folder's owner, or else nobody."""
    if os.geteuid() != 0:
        return None
    owner = data_dir.stat()
    try:
        known = pwd.getpwuid(owner.st_uid) if owner.st_uid else pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedError(
            "PostgreSQL refuses to run as root, and this system has no account "
            f"for the owner of {data_dir}: start as an ordinary user."
        ) from None
    return Account(known.pw_uid, known.pw_gid)


def home_of(data_dir: Path, account: Account | None, durable: bool) -> Path:
    """Return data_dir, or a folder elsewhere if the account can't reach data_dir.

    No existing folder is opened up for it; a file in data_dir says where the data is.
    """
    pointer = data_dir / "elsewhere"
    if pointer.exists():
        home = Path(pointer.read_text().strip())
        home.mkdir(mode=0o711, exist_ok=True)
        return home
    if account is None or reachable(data_dir, account):
        return data_dir
    if (data_dir / "postgres").exists():
        raise EmbeddedError(
            f"The data in {data_dir} is out of reach of uid {account.uid}, which "
            "owns it: a folder above was closed."
        )
    if durable:
        digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
        home = Path(tempfile.mkdtemp(prefix=f"{digest}-", dir=shared()))  # new: data_dir is empty
    else:
        home = Path(tempfile.mkdtemp(prefix="booking-data-", dir=scratch(account)))
    home.chmod(0o711)
    pointer.write_text(f"{home}\n")
    return home


def reachable(path: Path, account: Account) -> bool:
    """Tell whether the account may enter the folder and every folder above it."""
    return all(may_enter(folder, account) for folder in (path, *path.parents))


def may_enter(folder: Path, account: Account) -> bool:
    """Tell whether the account has the search permission of one folder."""
    found = folder.stat()
    if found.st_uid == account.uid:
        return bool(found.st_mode & 0o100)
    return bool(found.st_mode & (0o010 if found.st_gid == account.gid else 0o001))


def shared() -> Path:
    """Return the root-owned folder for what an ordinary account can't reach in its own place."""
    SHARED.mkdir(mode=0o711, parents=True, exist_ok=True)
    found = SHARED.stat()
    if found.st_uid != 0 or found.st_mode & 0o022:
        raise EmbeddedError(f"{SHARED} must belong to root and be writable by nobody else.")
    return SHARED


def scratch(account: Account | None) -> Path:
    """Return a folder for temporary files with a short path that the account can reach."""
    for name in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        folder = Path(name)
        short = len(os.fsencode(folder)) < SOCKET_ROOM
        if short and os.access(folder, os.W_OK) and (not account or reachable(folder, account)):
            return folder
    raise EmbeddedError("No temporary folder with a short path is writable: set TMPDIR.")
