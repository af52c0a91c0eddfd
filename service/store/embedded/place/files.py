"""One data directory: its lock, its note of what runs, its folders and who may have them."""

import contextlib
import fcntl
import json
import logging
import os
import pwd
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from service.store.embedded.place.account import (
    Account,
    EmbeddedError,
    acting_as,
    give,
    hand_over,
    name_of,
)
from service.store.embedded.place.home import home_of, made, opened, private, scratch

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """A data directory: home holds the files, which may be elsewhere when we are root.

    When root works for its owner, it does all in there with the owner's rights.
    """

    data_dir: Path
    home: Path
    account: Account | None  # whom the servers run as; None: us
    keeper: Account | None = None  # whom home belongs to; None: us
    brief: bool = False  # used by a command that is done soon, so that others may wait for it

    @classmethod
    def find(cls, data_dir: Path, durable: bool, brief: bool = False) -> Self:
        """Return the place of data_dir, made if it is new."""
        data_dir = data_dir.absolute()
        try:
            owner = made(data_dir)
            if owner or os.geteuid() != 0:
                return cls(data_dir, data_dir, owner, owner, brief)
            account = Account.own()
            return cls(data_dir, home_of(data_dir, account, durable), account, None, brief)
        except OSError as exc:
            raise unusable(data_dir, exc) from exc

    def as_keeper(self) -> contextlib.AbstractContextManager[None]:
        """Act as whom home belongs to, for the files that lie in it directly."""
        return acting_as(self.keeper)

    def as_account(self) -> contextlib.AbstractContextManager[None]:
        """Act as the servers do, for whatever lies in their own folders."""
        return acting_as(self.account)

    def lock(self) -> int | None:
        """Take the lock that a server of this place holds while it lives; None: it is taken.

        The kernel drops it with its process, so it never goes stale and no pid is trusted.
        """
        file = self.home / "lock"
        try:
            with self.as_keeper():
                try:
                    return locked(file, os.O_RDWR | os.O_CREAT)
                except PermissionError:
                    if not self.keeper:
                        raise
            # Root left it there when it still did all by itself: it may hold it, no more.
            if (old := locked(file, os.O_RDONLY)) is None:
                return None
            os.close(old)
            with self.as_keeper():
                file.unlink()
                return locked(file, os.O_RDWR | os.O_CREAT)
        except OSError as exc:
            raise unusable(self.home, exc) from exc

    def note(self) -> dict[str, Any]:
        """Return what servers.json says; empty when there is none, it is broken or a stranger's."""
        believed = {0, os.geteuid(), self.keeper.uid if self.keeper else 0}
        try:
            with self.as_keeper(), opened(self.home / "servers.json") as handle:
                if os.fstat(handle).st_uid not in believed:
                    return {}
                found = json.loads(os.read(handle, 65536))
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def write_note(self, **note: Any) -> None:
        """Replace servers.json in one step."""
        about = {"pid": os.getpid(), "home": self.identity(), "brief": self.brief}
        text = json.dumps({**about, **note})
        fresh = self.home / "servers.json.new"
        with self.as_keeper():
            fresh.unlink(missing_ok=True)
            with open(fresh, "x", opener=private) as file:
                file.write(text)
            fresh.replace(self.home / "servers.json")

    def identity(self) -> list[int]:
        """Return what tells this folder from a copy of it, whose note would be about another."""
        found = self.home.stat()
        return [found.st_dev, found.st_ino]

    def open_sockets(self) -> Path:
        """Return a new private folder with a short path, after removing a dead server's one."""
        self.close_sockets()
        above = scratch(self.account)
        with self.as_account():
            folder = Path(tempfile.mkdtemp(prefix="booking-", dir=above))
        self.write_note(sockets=str(folder))
        return folder

    def close_sockets(self) -> None:
        """Remove the socket folder that servers.json names, if it is one of ours."""
        note = self.note()
        folder = Path(str(note.get("sockets", "")))
        if folder.name.startswith("booking-") and note.get("home") == self.identity():
            with self.as_account():
                shutil.rmtree(folder, ignore_errors=True)

    def folder(self, name: str) -> Path:
        """Return a folder of the servers in home, made if it is new, theirs and theirs alone.

        What belonged to root or nobody, whom they ran as once, is handed over; a copy has modes
        that a server would refuse. Raises EmbeddedError for what is somebody else's.
        """
        path = self.home / name
        with contextlib.suppress(FileExistsError):
            with self.as_keeper():
                path.mkdir(mode=0o700)
            self.own(path)
        wanted = self.account.uid if self.account else os.geteuid()
        found = self.owner_of(path)
        if self.account and self.keeper is None and found in (0, nobody()) and found != wanted:
            log.info("%s belonged to %s: now %s has it", path, name_of(found), name_of(wanted))
            hand_over(path, self.account)
            found = self.owner_of(path)  # a link was left alone
        if found != wanted:
            raise EmbeddedError(
                f"{path} belongs to {name_of(found)}, but the servers run as {name_of(wanted)}: "
                f"give it to {name_of(wanted)} with chown -R, or choose another data directory."
            )
        with self.as_account(), contextlib.suppress(OSError):  # the server says so if it minds
            path.chmod(0o700)
        return path

    def owner_of(self, path: Path) -> int:
        """Return the uid of whom a folder in home belongs to."""
        with self.as_keeper():
            return path.stat().st_uid

    def own(self, path: Path) -> Path:
        """Give a new folder to the servers' account and return it."""
        if self.account and self.keeper is None:
            handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            give(handle, 0, self.account)
            os.close(handle)
        return path

    def said(self) -> str:
        """Return where the data is and who runs the servers, in words for the log of a start."""
        who = name_of(self.account.uid if self.account else os.geteuid())
        if self.home == self.data_dir:
            return f"the data is in {self.home}, the embedded servers run as {who}"
        return (
            f"the data of {self.data_dir} is in {self.home}: {who}, who runs the embedded "
            "servers for root, can't enter the former"
        )

    def leave(self, durable: bool) -> None:
        """Forget the running servers; throw away what a test kept elsewhere."""
        self.close_sockets()
        with self.as_keeper(), contextlib.suppress(OSError):
            (self.home / "servers.json").unlink(missing_ok=True)
        if not durable and self.home != self.data_dir:
            shutil.rmtree(self.home, ignore_errors=True)
            (self.data_dir / "elsewhere").unlink(missing_ok=True)


def locked(file: Path, flags: int) -> int | None:
    """Open a file, no link, and lock it; None where another process has done so."""
    handle = os.open(file, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def nobody() -> int:
    """Return the uid of nobody; root's where there is no such account."""
    try:
        return pwd.getpwnam("nobody").pw_uid
    except KeyError:
        return 0


def unusable(folder: Path, error: OSError) -> EmbeddedError:
    """Return the sentence about a data directory in which we can't work."""
    why = error.strerror or str(error)
    if isinstance(error, PermissionError):
        why += "; it may belong to another user"
    return EmbeddedError(
        f"The data directory {folder} can't be used: {why}. Choose another with --data-dir."
    )
