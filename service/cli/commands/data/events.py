"""`events`: what has happened, as admins see it."""

import asyncio

from service.booking.delivery import event
from service.cli.commands.servers import with_deps
from service.deps import Deps
from service.settings import Settings

LAST = 10  # events that are shown where nobody says after which one
PAGE = 500
LOOK = 1.0  # seconds between looks at what is new


def tail(settings: Settings, *, after: int | None, follow: bool) -> int:
    """Print the last events, or all after one, as lines of JSON; if asked to, what comes too."""

    async def work(deps: Deps) -> None:
        head = await event.head(deps, after)
        last = max(head.position - LAST, head.first_id - 1) if after is None else after
        while True:
            events = await event.told_after(deps, last, PAGE)
            for one in events:
                print(one.document, flush=True)
                last = one.id
            if not events:
                if not follow:
                    return
                await asyncio.sleep(LOOK)

    return with_deps(settings, work)
