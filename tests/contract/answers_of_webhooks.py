"""Webhooks, for tests/contract/test_answers.py."""

from typing import Any

from tests.cast import Person


async def webhooks(call: Any, admin: Person, ada: Person) -> None:
    new = {"url": "https://example.org/in", "include": ["appointment"]}
    made = await call(201, "POST", "/api/webhooks/", new, who=admin)
    path = f"/api/webhooks/{made['id']}/"
    await call(403, "POST", "/api/webhooks/", new, who=ada)
    await call(400, "POST", "/api/webhooks/", {"url": "nowhere"}, who=admin)
    await call(200, "GET", "/api/webhooks/", who=admin)
    await call(200, "GET", path, who=admin)
    await call(200, "PATCH", path, {"types": ["slot.changed"]}, who=admin)
    await call(412, "PATCH", path, {"types": []}, who=admin, If_Match='"1"')
    await call(200, "GET", f"{path}secret/", who=admin)
    await call(200, "POST", f"{path}rotate/", who=admin)
    sent = await call(202, "POST", f"{path}test/", who=admin)
    await call(202, "POST", f"{path}replay/", {"after": 0}, who=admin)
    await call(200, "GET", f"{path}deliveries/?limit=1", who=admin)
    one = f"{path}deliveries/{sent['delivery']}/"
    await call(200, "GET", one, who=admin)
    await call(202, "POST", f"{one}replay/", who=admin)
    await call(200, "PATCH", path, {"status": "disabled"}, who=admin)
    await call(409, "POST", f"{path}test/", who=admin)
    await call(202, "POST", f"{path}enable/", who=admin)
    await call(204, "DELETE", path, who=admin)
    await call(404, "GET", path, who=admin)
