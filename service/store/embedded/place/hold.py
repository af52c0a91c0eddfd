"""Who may start the servers of a data directory, one process at a time; whether it has data."""

import logging
import os
import time
from pathlib import Path

from service.store.embedded.place import swap
from service.store.embedded.place.account import AlreadyRuns, EmbeddedError
from service.store.embedded.place.files import Place, locked, unusable
from service.store.embedded.place.home import written_by_root

log = logging.getLogger(__name__)

PATIENCE = 10.0  # seconds that a start waits for a command, such as a backup, to be done


def hold(place: Place, patience: float = PATIENCE) -> int:
    """Take the lock of a place, once a command that has it for a while is done.

    Raises AlreadyRuns at once where somebody serves, EmbeddedError when patience is over.
    """
    until, said = time.monotonic() + patience, False
    while (lock := place.lock()) is None:
        note = place.note()
        who = note.get("pid", "of another start")
        if note and not note.get("brief"):
            raise AlreadyRuns(
                f"Process {who} already runs the embedded servers of {place.data_dir}."
            )
        if time.monotonic() > until:
            raise EmbeddedError(
                f"Process {who} still works on the data of {place.data_dir}: try again when it "
                "is done."
            )
        if not said:
            log.info("waiting for process %s, which works on the data of %s", who, place.data_dir)
            said = True
        time.sleep(0.05)
    return lock


def holds(data_dir: Path, name: str) -> bool:
    """Tell whether a server has data there, or a process is about to make it; makes nothing.

    What an interrupted upgrade left is data, too: whoever starts it is told what to do.
    """
    try:
        roots = os.geteuid() == data_dir.stat().st_uid == 0
        home = Path((written_by_root(data_dir / "elsewhere") if roots else "").strip() or data_dir)
        if (home / name).exists() or (name == swap.NAME and swap.beside(home)):
            return True
        if (handle := locked(home / "lock", os.O_RDONLY)) is None:
            return True
        os.close(handle)
    except FileNotFoundError:
        return False
    except OSError as exc:
        raise unusable(data_dir, exc) from exc
    return False
