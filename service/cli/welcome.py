"""What `serve` shows on a terminal: where to go next, and calls that work when pasted."""

import contextlib
import json
import secrets
import shlex
from datetime import UTC, datetime
from typing import Any

from service.booking.calendar import service, slot
from service.deps import Deps
from service.errors import DomainError
from service.settings import Settings

CALLS = """
Try it:

curl -s {url}/api/register/ -H 'Content-Type: application/json' -d '{register}'
TOKEN=$(curl -s {url}/api/login/ -H 'Content-Type: application/json' -d '{login}' | grep -o '[0-9a-f]\\{{40\\}}')
curl -s '{url}/api/slots/?status=free&limit=3'
"""

TIMES = """\
curl -s '{url}/api/services/{service}/times/?limit=3'
"""

BOOKING = """\
curl -s {url}/api/appointments/ -H "Authorization: Token $TOKEN" -H 'Content-Type: application/json' -d '{{"slot": {slot}, "notes": "Initial consultation"}}'
curl -s {url}/api/appointments/ -H "Authorization: Token $TOKEN"
"""

GOODBYE = """\
curl -s -X POST {url}/api/logout/ -H "Authorization: Token $TOKEN"
"""

ADMIN = "user create --username admin --email admin@example.org --role admin"


def first_steps(settings: Settings, url: str, program: str) -> str:
    """Where the documentation and the data are, what makes an admin (with the settings of this
    server), what ends it. `program` is run.py as it was called."""
    words = f"python3 {shlex.quote(program)} {ADMIN}"
    steps = [("docs", f"{url}/docs/")]
    if settings.database_url:
        steps.append(("admin", f"{words}  # with the settings of this server"))
    else:
        folder = str(settings.data_dir)
        given = (
            "" if settings.data_dir == Settings().data_dir else f" --data-dir {shlex.quote(folder)}"
        )
        steps += [("data", folder), ("admin", words + given)]
    steps.append(("end", "Ctrl-C"))
    return "\n".join(["", *(f"  {name:5}  {text}" for name, text in steps)])


async def calls(deps: Deps, url: str) -> str:
    """The calls for a server at this address, with a new user and a slot that is free now.

    Without a slot when the database does not say: no server shall fall over its own welcome.
    """
    username = f"ada{secrets.randbelow(10**6)}"
    who = {"username": username, "password": "correct horse"}
    register = {"username": username, "email": "ada@example.org", "password": "correct horse"}
    text = CALLS.format(url=url, register=json.dumps(register), login=json.dumps(who))
    with contextlib.suppress(DomainError):
        for one in await _free(deps):
            text += BOOKING.format(url=url, slot=one["id"])
        page = await service.list_page(deps, after_id=0, limit=1)
        for one in json.loads(page.body):
            text += TIMES.format(url=url, service=one["id"])
    return text + GOODBYE.format(url=url)


async def _free(deps: Deps) -> list[dict[str, Any]]:
    """The next free slot, if there is one."""
    page = await slot.list_page(
        deps,
        statuses=["free"],
        from_at=datetime.now(UTC),
        to_at="infinity",
        after=slot.BEGINNING,
        limit=1,
    )
    return list(json.loads(page.body or "[]"))
