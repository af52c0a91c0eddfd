"""`reset`: the embedded data, deleted."""

import sys

from service.cli.commands.screen import agreed
from service.cli.commands.servers import asked_wrongly, exit_code
from service.settings import Settings
from service.store.embedded.erase import erase


def reset(settings: Settings, *, yes: bool) -> int:
    """Delete the embedded servers' data, unless whoever is asked does not want that."""
    if settings.database_url:
        asked_wrongly("DATABASE_URL is set, and that database is not ours to empty.")
    if not yes and not sys.stdin.isatty():
        asked_wrongly("Nobody can be asked here: give --yes to delete the data.")

    def run() -> int:
        if not yes and not agreed(f"Delete all data in {settings.data_dir}, for good?"):
            print("nothing was deleted")
            return 0
        for path in erase(settings.data_dir):
            print(f"deleted {path}")
        return 0

    return exit_code(run)
