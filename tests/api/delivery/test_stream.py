"""GET /api/events/stream/"""

import asyncio
import json
import socket
from typing import Any

import pytest

from service.deps import Deps
from service.workers import tail
from tests import told
from tests.api.conftest import Served
from tests.api.delivery.sse import PATH, Stream, blocks, events, last
from tests.api.ops.figures import figures_of, value_of
from tests.cast import Api, Given, Person

pytestmark = pytest.mark.usefixtures("numbering")
LARGE = """
WITH told AS (
    UPDATE event_head SET position = position + %(count)s RETURNING position
)
INSERT INTO event (id, at, type, data, slots)
SELECT told.position - %(count)s + n, now(), 'slot.changed', '{}',
       '["' || repeat('x', 100000) || '"]'
  FROM told, generate_series(1, %(count)s) AS n
"""


async def test_each_hears_what_is_theirs_under_one_id(
    api: Api, given: Given, ada: Person, ben: Person, since: int
) -> None:
    async with (
        Stream(api.url) as nobody,
        Stream(api.url, who=ada) as own,
        Stream(api.url, who=ben) as other,
    ):
        [slot_id] = await given.make_slots(1)
        await given.make_appointment(ada, slot_id)
        seen = [(await one.until(since + 3))[-1] for one in (nobody, own, other)]
    assert [one["id"] for one in seen] == [since + 3] * 3
    kinds = ["slot.changed", "appointment.booked", "slot.changed"]
    assert [one["type"] for one in seen] == kinds
    assert seen[0] == seen[2]
    assert str(ada.id) not in str(seen[0])
    assert "no-store" in nobody.head
    assert "text/event-stream" in nobody.head


async def test_the_list_and_the_stream_tell_the_same(
    api: Api, given: Given, ada: Person, since: int
) -> None:
    [slot_id] = await given.make_slots(1)
    await given.make_appointment(ada, slot_id)
    async with Stream(api.url, who=ada, last=since) as stream:
        seen = await stream.until(since + 3)
    assert seen == (await api.get(f"/api/events/?after={since}", who=ada)).json


async def test_cut_after_any_byte_nothing_is_missed_or_comes_twice(
    api: Api, given: Given, ada: Person, since: int
) -> None:
    """What is filtered out, too: the cursor of a browser moves with what it never sees."""
    slot_ids = await given.make_slots(2)
    for slot_id in slot_ids:
        await given.make_appointment(ada, slot_id)
    async with Stream(api.url, who=ada, last=since) as stream:
        whole = await stream.until(since + 5)
    for cut in range(0, len(stream.body), 7):
        first = stream.body[:cut]
        async with Stream(api.url, who=ada, last=last(first) or since) as again:
            await again.until(since + 5)
        assert events(first) + events(again.body) == whole, cut


async def test_who_comes_back_late_is_sent_what_is_not_at_hand_any_more(
    api: Api, given: Given, admin: Person, since: int, deps: Deps, database: Any
) -> None:
    await given.make_slots(30)
    while told.head(database) < since + 31:  # its provider is told, too
        await asyncio.sleep(0.01)
    async with Stream(api.url, who=admin) as stream:
        await given.make_slots(2)
        await stream.until(since + 34)  # from then on they are at hand
        assert not deps.log.has_after(since)
        async with Stream(api.url, who=admin, last=since) as late:
            seen = await late.until(since + 34)
    assert [event["id"] for event in seen] == list(range(since + 1, since + 35))
    assert told.faults(seen) == []


async def test_a_cursor_that_is_not_kept_is_refused(api: Api, since: int) -> None:
    async with Stream(api.url, last=since + 1000) as stream:
        assert stream.status == 410
    reply = await api.call("HEAD", PATH, headers={"Last-Event-ID": "x"})
    assert reply.status == 400


async def test_its_head_has_no_body(api: Api) -> None:
    reply = await api.call("HEAD", PATH)
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/event-stream")


async def test_a_token_that_is_none_is_refused(api: Api) -> None:
    reply = await api.get(PATH, headers={"Authorization": f"Token {'0' * 40}"})
    assert reply.status == 401


async def test_now_and_then_it_says_how_far_it_is_and_whoever_logs_out_is_let_go(
    api: Api, given: Given, monkeypatch: pytest.MonkeyPatch, deps: Deps, since: int
) -> None:
    monkeypatch.setattr(tail, "BEAT", 0.05)
    beating = asyncio.create_task(tail.beat(deps))
    who = await given.make_person(f"leaver{since}")
    try:
        async with Stream(api.url, who=who) as stream, Stream(api.url) as nobody:
            while len(blocks(stream.body)) < 4:
                await stream.more()
            assert blocks(stream.body)[1:] == [{"id": str(since)}] * 3
            assert (await api.post("/api/logout/", who=who)).status == 200
            await stream.end()
            await nobody.more()
            assert not nobody.ended
    finally:
        beating.cancel()


async def test_who_does_not_read_is_cut_off_and_may_come_back(
    api: Api, deps: Deps, database: Any, since: int
) -> None:
    cut = deps.log.cut
    reader, writer = await asyncio.open_connection(
        *api.url.removeprefix("http://").split(":"), limit=1024
    )
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    writer.write(f"GET {PATH} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    async with Stream(api.url) as quick:
        for _ in range(20):  # the sockets themselves hold some megabytes
            with database.cursor() as cursor:
                cursor.execute(LARGE, {"count": 20})
            deps.log.reach(told.head(database))
            await quick.until(told.head(database))
            if deps.log.cut > cut:
                break
        assert deps.log.cut == cut + 1
        assert not quick.ended
    writer.close()


async def test_streams_are_not_in_flight_and_gone_with_their_readers(
    api: Api, deps: Deps, since: int
) -> None:
    async with Stream(api.url) as stream:
        await stream.more()
        assert (deps.traffic.in_flight, deps.log.streams) == (0, 1)
    while deps.log.streams:
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("wire", ["tornado", "llhttp"])
async def test_who_goes_while_the_past_is_sent_is_forgotten(
    served: Served, database: Any, since: int, wire: str
) -> None:
    with database.cursor() as cursor:  # more than the sockets hold
        cursor.execute(LARGE, {"count": 100})
    async with served(wire=wire) as api:
        async with Stream(api.url, last=since) as stream:
            await stream.more()
            assert value_of(await figures_of(api), "event_streams") == 1
        async with asyncio.timeout(10):
            while value_of(await figures_of(api), "event_streams"):
                await asyncio.sleep(0.01)


async def test_streams_end_where_the_log_has_lost_its_end(
    api: Api, given: Given, database: Any, since: int
) -> None:
    """As a standby that was behind may have: what comes now is told under ids that are known."""
    async with Stream(api.url) as stream:
        await given.make_slots(2)
        await stream.until(since + 3)
        with database.cursor() as cursor:
            cursor.execute("UPDATE event_head SET position = %s", [since + 1])
            cursor.execute("DELETE FROM event WHERE id > %s", [since + 1])
        await stream.end()
    async with Stream(api.url, last=since + 3) as again:
        assert again.status == 410
    async with Stream(api.url, last=since + 1) as again:
        await given.make_slots(1)
        assert [event["id"] for event in await again.until(since + 3)] == [since + 3]


async def test_data_is_one_line_of_json(api: Api, given: Given, since: int) -> None:
    async with Stream(api.url) as stream:
        await given.make_slots(1)
        await stream.until(since + 2)
    block = blocks(stream.body)[-1]
    assert block["event"] == json.loads(block["data"])["type"] == "slot.changed"
    assert block["id"] == str(since + 2)
