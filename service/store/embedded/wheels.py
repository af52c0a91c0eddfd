"""The wheels that carry the servers' programs, at a path the servers' account can reach."""

import importlib.metadata
import importlib.util
import shutil
import tempfile
from pathlib import Path

from service.store.embedded.place.account import Account, EmbeddedError, reachable
from service.store.embedded.place.home import shared


def package(module: str, distribution: str, account: Account | None) -> Path:
    """Return the folder of an installed wheel, copied once to where the account can reach it."""
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            f"The package {distribution} is not installed: install it, or set "
            "DATABASE_URL and REDIS_URL to use servers of your own."
        )
    found = Path(spec.submodule_search_locations[0]).resolve()
    if account is None or reachable(found, account):
        return found
    copy = shared() / f"{distribution}-{importlib.metadata.version(distribution)}"
    if not copy.exists():
        copy_wheel(found, copy)
    return copy / module


def copy_wheel(found: Path, copy: Path) -> None:
    """Copy a wheel's folder and its bundled libraries beside it, readable by all, in one step."""
    fresh = Path(tempfile.mkdtemp(prefix="new-", dir=copy.parent))
    for source in (found, found.with_name(f"{found.name}.libs")):
        if source.exists():
            shutil.copytree(source, fresh / source.name, symlinks=True)
    for path in (fresh, *fresh.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o755 | (0o755 if path.is_dir() else 0o444))
    for path in (*fresh.glob("*/pginstall/bin/*"), *fresh.glob("*/_binaries/*/*")):
        path.chmod(0o755)
    try:
        fresh.rename(copy)
    except OSError:  # another start was faster
        shutil.rmtree(fresh)
