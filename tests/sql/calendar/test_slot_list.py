"""sql/queries/calendar/slot_list.sql"""

import json
from datetime import timedelta
from typing import Any

from tests.sql.desk import HOUR, NOON, Desk

EVERY_STATUS = ["free", "busy", "busy-unavailable"]
PAGE: dict[str, Any] = {
    "from_at": NOON,
    "to_at": NOON + 1000 * HOUR,
    "after_at": "-infinity",
    "after_id": 0,
    "statuses": EVERY_STATUS,
    "limit": 100,
    "most_looks": 1000,
}
OF_PROVIDER: dict[str, Any] = {
    "status": "",
    "from_at": NOON,
    "to_at": NOON + 1000 * HOUR,
    "after_at": "-infinity",
    "after_id": 0,
    "limit": 100,
    "known": "",
}


def ids(row: Any) -> list[int]:
    return [slot["id"] for slot in json.loads(row.body)]


def test_slot_list_pages_through_all_providers_in_the_order_of_time(desk: Desk) -> None:
    start = NOON + timedelta(days=900)  # a time of its own
    late, early, same = (
        desk.slot(start=start + HOUR),
        desk.slot(start=start),
        desk.slot(start=start),
    )
    times = {"from_at": start, "to_at": start + 9 * HOUR}
    [row] = desk.run("slot_list", **PAGE | times | {"limit": 2})
    assert (ids(row), row.last_id, row.more) == ([early, same], same, True)
    after = {"after_at": row.last_at, "after_id": row.last_id}
    [row] = desk.run("slot_list", **PAGE | times | after | {"limit": 2})
    assert (ids(row), row.more) == ([late], False)
    [row] = desk.run("slot_list", **PAGE | times | {"after_at": "infinity"})
    assert (row.body, row.last_id, row.more) == ("[]", None, False)


def test_slot_list_providers_merges_those_of_some_in_the_order_of_time(desk: Desk) -> None:
    one, two = desk.provider(), desk.provider()
    owners = enumerate((one, two) * 3)
    made = [desk.slot(provider_id=who, start=NOON + n * HOUR) for n, who in owners]
    desk.slot(start=NOON)
    desk.change(made[2], deleted=True)
    left = [*made[:2], *made[3:]]
    page = PAGE | {"provider_ids": [one, two]}
    for bounds in ({}, {"limit": 2}, {"limit": 2, "most_looks": 1}, {"most_looks": 2}):
        found, asked, more = list[int](), page | bounds, True
        while more:
            [row] = desk.run("slot_list_providers", **asked)
            found, more = found + ids(row), row.more
            asked |= {"after_at": row.last_at, "after_id": row.last_id}
        assert found == left
    desk.appointment(desk.account(), made[0])
    [row] = desk.run("slot_list_providers", **page | {"statuses": ["free"]})
    assert ids(row) == left[1:]


def test_slot_list_provider_shows_one_provider_by_status_and_time(desk: Desk) -> None:
    provider_id = desk.provider()
    desk.slot()
    free, full, closed, gone, later = desk.slots(5, provider_id=provider_id)
    desk.appointment(desk.account(), full)
    desk.change(closed, closed=True)
    desk.change(gone, deleted=True)

    def row_of(most_looks: int = 1000, **filters: Any) -> Any:
        wanted = OF_PROVIDER | {"provider_id": provider_id} | filters
        other = OF_PROVIDER | {"provider_id": provider_id + 1, "limit": 1}
        both = {name: [other[name], wanted[name]] for name in wanted}
        _, row = desk.run("slot_list_provider", **both, most_looks=most_looks)
        return row

    def listed(**filters: Any) -> list[int]:
        return ids(row_of(**filters))

    assert listed() == [free, full, closed, later]
    assert listed(status="free") == [free, later]
    assert listed(status="busy") == [full]
    assert listed(status="busy-unavailable") == [closed]
    assert listed(from_at=NOON + HOUR, to_at=NOON + 4 * HOUR) == [full, closed]
    assert listed(limit=2) == [free, full]
    assert listed(after_at=NOON + HOUR, after_id=full) == [closed, later]
    whole = row_of()
    assert row_of(known=whole.tag)[1:] == (None, *whole[2:])
    desk.change(free, capacity=2)
    assert row_of(known=whole.tag).body is not None, "what has changed is shown"


def test_slot_list_goes_on_behind_what_was_looked_at_where_few_have_the_status(desk: Desk) -> None:
    start = NOON + timedelta(days=1900)  # a time of its own
    slots = [desk.slot(start=start + n * HOUR) for n in range(5)]
    desk.change(slots[3], closed=True)
    closed = PAGE | {"from_at": start, "statuses": ["busy-unavailable"], "most_looks": 2}
    closed["to_at"] = start + 9 * HOUR
    found, pages, after = [], 0, {}
    while True:
        [row] = desk.run("slot_list", **closed | after)
        found, pages = found + ids(row), pages + 1
        if not row.more:
            break
        after = {"after_at": row.last_at, "after_id": row.last_id}
    assert (found, pages) == ([slots[3]], 3)


def test_slot_list_provider_goes_on_behind_what_was_looked_at(desk: Desk) -> None:
    provider_id = desk.provider()
    first, *_, last = desk.slots(4, provider_id=provider_id)
    page = {n: [v] for n, v in (OF_PROVIDER | {"provider_id": provider_id}).items()}

    def read(**changes: Any) -> Any:
        return desk.run("slot_list_provider", **page | changes)[0]

    row = read(status=["busy"], most_looks=3)
    assert (row.body, row.more) == ("[]", True)
    row = read(status=["busy"], most_looks=3, after_at=[row.last_at], after_id=[row.last_id])
    assert (row.body, row.more) == ("[]", False)
    row = read(limit=[1], most_looks=3)
    assert (ids(row), row.last_id, row.more) == ([first], first, True), "the page's own end first"
    row = read(after_at=["-infinity"], from_at=[NOON + 3 * HOUR], most_looks=3)
    assert (ids(row), row.more) == ([last], False)
