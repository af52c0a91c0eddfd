"""A new data folder of PostgreSQL takes the place of the old one, in steps that can be finished.

Made in postgres.upgrade/, it is named `complete` there once nothing is missing. Then the old one
becomes postgres.N, and the new one postgres: what ends in between is finished by the next upgrade.
"""

import re
import shlex
import shutil
from dataclasses import replace
from pathlib import Path

from service.store.backup.files import sync
from service.store.embedded.place.account import EmbeddedError
from service.store.embedded.place.files import Place

NAME = "postgres"
BESIDE = re.compile(rf"{NAME}\.(\d[\d.]*|upgrade)")


def there(place: Place) -> bool:
    """Tell whether the place has a data folder."""
    with place.as_keeper():
        return (place.home / NAME).exists()


def workshop(place: Place) -> Place:
    """Return an empty place beside the old folder, in which the new one is made."""
    clear(place)
    made = replace(place, home=_workshop(place))
    with place.as_keeper():
        made.home.mkdir()
        made.home.chmod(0o711)
    return made


def clear(place: Place) -> None:
    """Remove what an upgrade made that failed, was interrupted or is done."""
    if there(place):  # else the only new folder is in there
        with place.as_keeper():
            shutil.rmtree(_workshop(place), ignore_errors=True)


def kept(place: Place, major: str) -> Path:
    """Return where the old folder is kept. Raises EmbeddedError when one is there already."""
    path = place.home / f"{NAME}.{major}"
    with place.as_keeper():
        if path.exists():
            raise EmbeddedError(f"{path} is there from an earlier upgrade: move it away.")
    return path


def exchange(place: Place, old: Path) -> None:
    """Let the folder made in the workshop, whose server has stopped, become the place's own."""
    made = _workshop(place)
    with place.as_keeper():
        (made / NAME).rename(_complete(place))
        sync(made)
        (place.home / NAME).rename(old)
        sync(place.home)
    finish(place)


def finish(place: Place) -> bool:
    """Do the last step of an exchange that was interrupted before it; tell whether it was.

    Raises EmbeddedError when the data folder is missing for no such reason.
    """
    if there(place):
        return False
    with place.as_keeper():
        unfinished = _complete(place).exists()
        if unfinished:
            _complete(place).rename(place.home / NAME)
            sync(place.home)
    if not unfinished:
        refuse_loss(place)
    return unfinished


def refuse_loss(place: Place) -> None:
    """Raise EmbeddedError when a missing data folder is no reason to make an empty one."""
    with place.as_keeper():
        unfinished = _complete(place).exists()
        found = beside(place.home)
    if unfinished:
        raise EmbeddedError(
            f"An upgrade of the data in {place.data_dir} was interrupted at its very end: "
            f"finish it with 'run.py upgrade --data-dir {shlex.quote(str(place.data_dir))}'."
        )
    if found:
        raise EmbeddedError(
            f"{place.home} has no folder {NAME}, but {found[0].name}: rename that to {NAME} if it "
            "is the data, or move it away to begin with an empty database."
        )


def beside(home: Path) -> list[Path]:
    """Return what an upgrade, whole or interrupted, left in a folder."""
    return sorted(one for one in home.iterdir() if BESIDE.fullmatch(one.name))


def _workshop(place: Place) -> Path:
    return place.home / f"{NAME}.upgrade"


def _complete(place: Place) -> Path:
    return _workshop(place) / "complete"
