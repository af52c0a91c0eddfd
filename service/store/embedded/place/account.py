"""Whom the servers run as, and doing things with that account's rights instead of root's."""

import contextlib
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Self

OWN = "booking-embedded"  # no person's, no other service's, and not nobody's: it keeps data
MAKE = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
MAKE += ["--shell", "/usr/sbin/nologin", "--comment", "Embedded servers of the booking API", OWN]
ADMIN_PATH = f"{os.defpath}:/usr/sbin:/sbin"


class EmbeddedError(Exception):
    """The embedded servers can't run; the message is one sentence for a person."""


class AlreadyRuns(EmbeddedError):
    """Another process runs the servers of this data directory."""


class Account(NamedTuple):
    """The ordinary user that the servers become when we are root."""

    uid: int
    gid: int

    @classmethod
    def of(cls, uid: int) -> Self | None:
        """Return the account with this uid; None where the system knows none."""
        with contextlib.suppress(KeyError):
            return cls(uid, pwd.getpwuid(uid).pw_gid)
        return None

    @classmethod
    def own(cls) -> Self:
        """Return the account that is the servers' alone, made if it is new."""
        for _ in range(20):
            with contextlib.suppress(KeyError):
                found = pwd.getpwnam(OWN)
                return cls(found.pw_uid, found.pw_gid)
            useradd = shutil.which("useradd", path=ADMIN_PATH) or "useradd"
            try:
                done = subprocess.run([useradd, *MAKE], capture_output=True, text=True)
                said = done.stderr.strip() or "it said nothing"
            except OSError as exc:
                said = exc.strerror or str(exc)
                break
            time.sleep(0.1)  # another start may hold the list of accounts
        raise EmbeddedError(
            f"PostgreSQL does not run as root, and useradd could not make the account {OWN} "
            f"({said.splitlines()[-1]}): make it, or start as an ordinary user."
        )


def name_of(uid: int) -> str:
    """Return what people call an account."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


@contextlib.contextmanager
def acting_as(account: Account | None) -> Iterator[None]:
    """Within it this process has the rights of the account, and gets root's back at the end.

    So a link that the account made leads us nowhere that it could not go by itself.
    Does nothing without an account. Never start a process within it.
    """
    if account is None or os.geteuid() != 0:
        yield
        return
    groups, gid = os.getgroups(), os.getegid()
    try:
        os.setgroups([])
        os.setegid(account.gid)
        os.seteuid(account.uid)
        yield
    finally:
        os.seteuid(0)
        os.setegid(gid)
        os.setgroups(groups)


def may(path: Path | str, mode: int) -> bool:
    """Tell whether whoever we act as has such a right: os.W_OK, os.X_OK."""
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def reachable(folder: Path, account: Account | None) -> bool:
    """Tell whether the account may enter the folder, and so every folder above it."""
    with acting_as(account):
        return may(folder, os.X_OK)


def hand_over(folder: Path, account: Account) -> None:
    """Give a folder to the account, with all in it that belonged to the folder's owner.

    Nothing that a link leads to: the owner of before may have put one there, or do so now.
    """
    before = folder.stat().st_uid
    for _, _, names, handle in os.fwalk(folder):
        give(handle, before, account)
        for name in names:
            try:
                file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=handle)
            except OSError:  # a link, or a socket: they need no owner
                continue
            try:
                give(file, before, account)
            finally:
                os.close(file)


def give(handle: int, before: int, account: Account) -> None:
    """Give an open file to the account if it belonged to `before`."""
    if os.fstat(handle).st_uid == before:
        os.fchown(handle, *account)
