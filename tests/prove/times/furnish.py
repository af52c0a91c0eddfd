"""Makes services and hours before anybody asks for them, by the calls that staff have."""

import asyncio
import json
from typing import Any

from tests.load.wire import message
from tests.prove.around import cast as around
from tests.prove.client import Client, NotSent, Where
from tests.prove.people import PASSWORD
from tests.prove.times.cast import hours_body

FURNISHER = "furnisher"  # an admin who asks nothing else
SETUP = "setup"  # what the tags begin with of what makes the stage
TRIES = 20


class NotFurnished(Exception):
    """A server that did not take what makes the stage."""


async def furnish(server: Where, facts: dict[str, Any]) -> dict[str, Any]:
    """Make all services and hours as an admin; the facts with the services' ids."""
    client = Client()
    try:
        admin = {"username": FURNISHER, "password": PASSWORD}
        token = (await said(client, server, "POST", "/api/login/", admin))["token"]
        services = []
        for n, offer in enumerate(facts["offers"]):
            body = offer["body"] | {"description": f"{SETUP}{n}"}
            made = await said(client, server, "POST", "/api/services/", body, token)
            services.append(offer | {"id": made["id"]})
        for provider, variants in facts["hours"].items():
            path = f"/api/providers/{provider}/schedule/"
            body = hours_body(variants[0], [], f"{SETUP}{provider}")
            await said(client, server, "PUT", path, body, token)

        async def ours(method: str, path: str, body: Any) -> Any:
            return await said(client, server, method, path, body, token)

        facts = await around.furnish(ours, facts)
    finally:
        client.close()
    return facts | {"offers": services}


async def said(
    client: Client, server: Where, method: str, path: str, body: Any, token: str = ""
) -> Any:
    """What a server answers with success. Raises NotFurnished."""
    lines = f"Authorization: Token {token}\r\n".encode()
    lines = lines if token else b""
    data = message(method, path, lines, json.dumps(body).encode(), "prove")
    answer = None
    for _ in range(TRIES):
        try:
            answer = await client.ask(server, data)
        except NotSent:
            answer = None
        if answer is not None and answer.status in (200, 201):
            return json.loads(answer.body)
        await asyncio.sleep(0.5)
    raise NotFurnished(f"{method} {path}: {answer and (answer.status, answer.body[:300])}")
