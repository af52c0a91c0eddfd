"""`webhook`: those of all staff, by the same rules as over HTTP."""

import json
from typing import Any

from service.booking.delivery import webhook
from service.booking.people.operator import OPERATOR
from service.cli.commands.pages import PAGE
from service.cli.commands.screen import json_text, table
from service.cli.commands.servers import with_deps
from service.deps import Deps
from service.settings import LARGEST, Settings


def show(settings: Settings, *, as_json: bool) -> int:
    """List webhooks."""

    async def work(deps: Deps) -> None:
        found: list[dict[str, Any]] = []
        after: int | None = 0
        while after is not None:
            page = await webhook.list_page(deps, OPERATOR, after_id=after, limit=PAGE)
            found += [json.loads(one.body) for one in page.body]
            after = page.next
        if as_json:
            print(json_text(found))
        elif found:
            names = ("id", "url", "status", "reason", "failing_since", "cursor")
            print(table(names, ([one[name] or "" for name in names] for one in found)))
        else:
            print("There is no webhook yet.")

    return with_deps(settings, work)


def test(settings: Settings, *, webhook_id: int) -> int:
    """Send something of type webhook.test."""

    async def work(deps: Deps) -> None:
        made = json.loads((await webhook.test(deps, OPERATOR, webhook_id)).body)
        print(f"delivery {made['delivery']} goes out when the server runs")

    return with_deps(settings, work)


def replay(
    settings: Settings, *, webhook_id: int, after_id: int, until_id: int | None, everything: bool
) -> int:
    """Send events again."""

    async def work(deps: Deps) -> None:
        done = await webhook.replay(
            deps,
            OPERATOR,
            webhook_id,
            after_id=after_id,
            until_id=LARGEST if until_id is None else until_id,
            only_failed=not everything,
        )
        made = json.loads(done.body)
        print(f"{made['count']} deliveries up to event {made['until']} go out again")

    return with_deps(settings, work)
