"""GET /api/events/"""

import asyncio
import re
import time
from typing import Any

import pytest

from tests import told
from tests.api.ops.figures import figures_of, value_of
from tests.cast import Api, Given, Person

pytestmark = pytest.mark.usefixtures("numbering")
LOOKS = "postgres_statement_duration_seconds_count"


async def numbered(api: Api, who: Person, after: int, count: int) -> list[dict[str, Any]]:
    """What somebody sees of the events after one, once it is so many."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        events: list[dict[str, Any]] = (await api.get(f"/api/events/?after={after}", who=who)).json
        if len(events) >= count:
            return events
        await asyncio.sleep(0.01)
    raise AssertionError(events)


async def test_everybody_sees_the_same_ids_and_only_what_is_theirs(
    api: Api, given: Given, ada: Person, ben: Person, admin: Person, since: int
) -> None:
    [slot_id] = await given.make_slots(1)
    mine = await given.make_appointment(ada, slot_id, notes="canary")
    all_of_it = await numbered(api, admin, since, 3)
    own, foreign = [
        (await api.get(f"/api/events/?after={since}", who=who)).json for who in (ada, ben)
    ]
    kinds = ["provider.changed", "slot.created", "appointment.booked"]
    assert [event["type"] for event in all_of_it] == kinds
    assert [event["type"] for event in own] == ["slot.changed", "appointment.booked"]
    assert [event["type"] for event in foreign] == ["slot.changed", "slot.changed"]
    assert [event["id"] for event in own] == [event["id"] for event in all_of_it[1:]]
    assert own[-1]["data"]["appointment_id"] == mine
    assert foreign[-1]["data"].keys() == {"slots"}
    assert str(ada.id) not in str(foreign)
    assert "canary" not in str(all_of_it)


async def test_staff_see_their_calendar_and_of_others_slots(
    api: Api, given: Given, ada: Person, keeper: Person, rival: Person, since: int
) -> None:
    [slot_id] = await given.make_slots(1, provider_id=keeper.session.provider_id)
    await given.make_appointment(ada, slot_id)
    await numbered(api, keeper, since, 2)
    seen = {
        who.username: [
            event["type"]
            for event in (await api.get(f"/api/events/?after={since}", who=who)).json
            if event["type"] != "provider.changed"
        ]
        for who in (keeper, rival)
    }
    assert seen[keeper.username] == ["slot.created", "appointment.booked"]
    assert seen[rival.username] == ["slot.changed", "slot.changed"]


async def test_link_leads_on_from_the_last_event_too(
    api: Api, given: Given, admin: Person, since: int
) -> None:
    await given.make_slots(5)
    await numbered(api, admin, since, 6)
    path, ids = f"/api/events/?after={since}&limit=4", []
    for size in (4, 2, 0):
        reply = await api.get(path, who=admin)
        assert len(reply.json) == size
        ids += [event["id"] for event in reply.json]
        path = re.fullmatch(r'<(\S+)>; rel="next"', reply.headers["Link"])[1]  # type: ignore[index]
        assert "limit=4" in path
    assert ids == list(range(since + 1, since + 7))


async def test_what_is_filtered_out_is_not_looked_at_again(
    api: Api, given: Given, ada: Person, since: int
) -> None:
    slot_ids = await given.make_slots(3)
    await given.make_appointment(ada, slot_ids[0])
    events = await numbered(api, ada, since, 4)
    filters = "&types=appointment.booked&types=appointment.cancelled"
    reply = await api.get(f"/api/events/?after={since}{filters}", who=ada)
    assert [event["type"] for event in reply.json] == ["appointment.booked"]
    assert f"after={events[-1]['id']}&types=" in reply.headers["Link"]


async def test_who_waits_is_answered_as_soon_as_there_is_something(
    api: Api, given: Given, ada: Person, since: int
) -> None:
    [slot_id] = await given.make_slots(1)
    [last] = await numbered(api, ada, since, 1)
    waiting = asyncio.create_task(
        api.get(f"/api/events/?after={last['id']}&types=appointment.booked&wait=20", who=ada)
    )
    await asyncio.sleep(0.2)
    assert not waiting.done()
    await given.make_appointment(ada, slot_id)
    reply = await asyncio.wait_for(waiting, 10)
    assert [event["type"] for event in reply.json] == ["appointment.booked"]


async def test_who_waits_does_not_look_again_for_each_event_of_others(
    api: Api, given: Given, ada: Person, since: int
) -> None:
    """Or a thousand who wait would read the log a thousand times for each booking."""
    before = value_of(await figures_of(api), LOOKS, query="event_page")
    asked = f"/api/events/?after={since}&types=appointment.held&wait=1"
    waiting = asyncio.create_task(api.get(asked, who=ada))
    while not waiting.done():
        await given.make_slots(1)
        await asyncio.sleep(0.02)
    looks = value_of(await figures_of(api), LOOKS, query="event_page") - before
    assert (await waiting).json == []
    assert 2 <= looks <= 8


async def test_who_waits_in_vain_hears_so_and_goes_on(api: Api, ada: Person, since: int) -> None:
    began = time.monotonic()
    reply = await api.get(f"/api/events/?after={since}&wait=1&types=appointment.held", who=ada)
    assert time.monotonic() - began >= 0.9
    assert (reply.status, reply.json) == (200, [])
    assert f"after={since}" in reply.headers["Link"]


async def test_a_cursor_above_the_head_is_told_where_the_log_is(
    api: Api, ada: Person, since: int
) -> None:
    reply = await api.get(f"/api/events/?after={since + 1000}", who=ada)
    assert (reply.status, reply.json["code"]) == (410, "cursor_expired")
    assert reply.json["oldest"] <= since <= reply.json["head"]


async def test_a_cursor_below_what_is_kept_is_told_where_the_log_is(
    api: Api, given: Given, ada: Person, since: int, database: Any
) -> None:
    await given.make_slots(3)
    await numbered(api, ada, since, 3)
    with database.cursor() as cursor:
        cursor.execute("DELETE FROM event WHERE id <= %s", [since + 2])
    reply = await api.get(f"/api/events/?after={since}", who=ada)
    assert (reply.status, reply.json["oldest"]) == (410, since + 2)
    assert (await api.get(f"/api/events/?after={since + 2}", who=ada)).status == 200
    first = (await api.get("/api/events/?limit=1", who=ada)).json
    assert first[0]["id"] == since + 3


async def test_the_head_names_the_log(api: Api, ada: Person, since: int) -> None:
    reply = await api.get(f"/api/events/?after={since}", who=ada)
    assert re.fullmatch(rf"{since}; log=[0-9a-f-]{{36}}", reply.headers["Event-Head"])


@pytest.mark.parametrize(
    "query", ["wait=21", "wait=-1", "types=appointment", "after=-1", "limit=0"]
)
async def test_what_makes_no_sense_is_refused(api: Api, ada: Person, query: str) -> None:
    reply = await api.get(f"/api/events/?{query}", who=ada)
    assert (reply.status, list(reply.json["errors"])) == (400, [query.partition("=")[0]])


async def test_a_long_wait_is_no_slow_answer(
    api: Api, ada: Person, since: int, database: Any
) -> None:
    """Or every alert of slow answers would ring."""
    await api.get(
        f"/api/events/?after={told.head(database)}&wait=1&types=appointment.held", who=ada
    )
    figures, of = await figures_of(api), {"method": "GET", "route": "/api/events/"}
    quick = value_of(figures, "http_request_duration_seconds_bucket", le="0.5", **of)
    assert quick == value_of(figures, "http_request_duration_seconds_count", **of)
