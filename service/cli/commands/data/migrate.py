"""`migrate`: the schema, brought up to date or looked at."""

from service.cli.commands.screen import json_text, mark
from service.cli.commands.servers import FAILED, addressed, exit_code
from service.settings import Settings
from service.store.embedded import Embedded
from service.store.schema import migrate as migrations
from service.store.schema import usernames


def migrate(settings: Settings, *, status: bool, as_json: bool) -> int:
    """Bring the schema up to date and say what was applied, or only say how it is."""

    def run() -> int:
        with addressed(settings, Embedded.attach_or_start, redis=False) as (at, _):
            if status:
                return show(migrations.status(at.database_url), as_json)
            applied = migrations.migrate(at.database_url)
            shared = usernames.shared(at.database_url)
        if as_json:
            print(json_text([{"version": one.version, "name": one.name} for one in applied]))
            return 0
        for one in applied:
            print(f"applied {one.version:04} {one.name}")
        print(f"The schema is at version {migrations.latest_version()}.")
        for other in shared:
            print(f"{other.said}; {other.mend}")
        return 0

    return exit_code(run)


def show(steps: list[migrations.Step], as_json: bool) -> int:
    """Print each migration's state; 1 unless this code may serve from that schema."""
    if as_json:
        print(json_text([one._asdict() for one in steps]))
    else:
        for one in steps:
            when = f"{one.applied_at:%Y-%m-%d %H:%M} UTC" if one.applied_at else ""
            print(f"{one.version:04}  {mark(one.state, 8)}  {when:20}  {one.name}".rstrip())
        print(migrations.summary(steps))
    return 0 if all(one.state in ("applied", "ahead") for one in steps) else FAILED
