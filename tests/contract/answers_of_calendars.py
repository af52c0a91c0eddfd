"""What is asked of links to calendars and of calendars of others by test_answers.py."""

from typing import Any

from tests.cast import Given, Person


async def calendars_elsewhere(call: Any, given: Given, admin: Person, ada: Person) -> None:
    root, [slot_id] = "/api/calendar-links/", await given.make_slots(1)
    booked = await given.make_appointment(ada, slot_id)
    await call(200, "GET", f"/api/appointments/{booked}/invite.ics", who=ada)
    await call(404, "GET", "/api/appointments/0/invite.ics", who=ada)
    made = await call(201, "POST", root, {"of": "me"}, who=ada)
    await call(400, "POST", root, {"of": "me", "provider": 1}, who=ada)
    await call(403, "POST", root, {"of": "provider"}, who=ada)
    await call(200, "GET", root, who=ada)
    feed = made["url"].removeprefix(call.url)
    await call(200, "GET", feed)
    await call(204, "DELETE", f"{root}{made['id']}/", who=ada)
    await call(404, "GET", feed)
    root = f"/api/providers/{await given.make_provider()}/calendars/"
    made = await call(201, "POST", root, {"url": "https://example.org/busy.ics"}, who=admin)
    await call(400, "POST", root, {"url": "ftp://example.org/"}, who=admin)
    await call(200, "GET", root, who=admin)
    await call(202, "POST", f"{root}{made['id']}/refresh/", who=admin)
    await call(204, "DELETE", f"{root}{made['id']}/", who=admin)
    await call(404, "POST", f"{root}{made['id']}/refresh/", who=admin)
