"""`schedule`: when a provider works, by the same rules as over HTTP."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from service.booking.calendar.hours import change
from service.booking.calendar.hours.windows import Schedule
from service.booking.people.operator import OPERATOR
from service.cli.commands.calendar import hours_text
from service.cli.commands.calendar.provider import known
from service.cli.commands.screen import agreed, counted, json_text, table
from service.cli.commands.servers import asked_wrongly, with_deps
from service.deps import Deps
from service.settings import Settings

SHOWN = 20  # appointments that are outside of the hours


def show(settings: Settings, *, provider_id: int, as_json: bool) -> int:
    """Show a provider's hours as `schedule set` reads them."""

    async def work(deps: Deps) -> None:
        owner = await known(deps, provider_id)
        answer, _ = await change.get(deps, provider_id)
        document = json.loads(answer.body)
        if as_json:
            print(json_text(document))
            return
        until = document["opened_until"]
        print(f"# {owner.name} (provider {owner.id}), on the clock of {owner.time_zone}")
        print(f"# open until {until}" if until else "# no hours yet")
        if text := hours_text.write(await change.written(deps, provider_id)):
            print(text)

    return with_deps(settings, work)


def replace(
    settings: Settings,
    *,
    provider_id: int,
    file: Path | None,
    lines: Sequence[str],
    dry_run: bool,
    yes: bool,
) -> int:
    """Write a provider's hours in place of those there are, after saying who is outside of them."""
    schedule = _read(file, lines)

    async def work(deps: Deps) -> None:
        owner = await known(deps, provider_id)
        tried = await change.replace(deps, OPERATOR, provider_id, schedule, dry_run=True)
        document = json.loads(tried.body)
        print(f"{owner.name} (provider {owner.id}), on the clock of {owner.time_zone}")
        print(hours_text.write(schedule) or "no hours at all")
        print(outside(document))
        if dry_run:
            print("dry run: nothing was written")
        elif document["conflicts_total"] and not yes and not agreed("Write these hours?"):
            print("nothing was written")
        else:
            await change.replace(deps, OPERATOR, provider_id, schedule)
            print(f"open until {document['opened_until']}")

    return with_deps(settings, work)


def _read(file: Path | None, lines: Sequence[str]) -> Schedule:
    """The hours of a file, of standard input or of the command line itself."""
    try:
        if lines:
            text = "\n".join(lines)
        elif file is None or str(file) == "-":
            text = sys.stdin.read()
        else:
            text = file.read_text(encoding="utf-8")
        return hours_text.read(text)
    except hours_text.BadLine as error:
        asked_wrongly(str(error))
    except (OSError, UnicodeDecodeError) as error:
        asked_wrongly(f"{file} can't be read: {error}.")


def outside(document: dict[str, Any]) -> str:
    """Which coming appointments are outside of hours or in the way; they stay."""
    found, total = document["conflicts"], document["conflicts_total"]
    if not total:
        return "no appointment is in the way"
    rows = [(one["appointment_id"], one["starts_at"], one["reason"]) for one in found[:SHOWN]]
    lines = [f"{counted(total, 'appointment')} in the way, which stay as they are:"]
    lines.append(table(("appointment", "starts at", "because of"), rows))
    if total > len(rows):
        lines.append(f"and {total - len(rows):,} more")
    return "\n".join(lines)
