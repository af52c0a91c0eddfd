"""sql/queries/lists: appointments by time, either way"""

import json
from typing import Any

import pytest

from tests.sql.desk import HOUR, NOON, STATUSES, Desk
from tests.sql.lists.test_list import PAGE, after, ids

OWN = {name: value for name, value in PAGE.items() if name != "outside_hours"}
OWN |= {"provider_ids": [], "sign": 1}


def walked(desk: Desk, query: str, page: dict[str, Any]) -> list[int]:
    """All that the pages of a list have."""
    page, found = dict(page), list[int]()
    for _ in range(40):
        [row] = desk.run(query, **page)
        found += ids(row)
        if not row.more:
            return found
        page |= after(row)
    raise AssertionError("there is no end to it")


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_appointment_list_time_pages_either_way(desk: Desk, ada: int, ben: int, limit: int) -> None:
    slots = desk.slots(3, capacity=2)
    late, soon, mid, also_mid = (desk.appointment(ada, slots[number]) for number in (2, 0, 1, 1))
    desk.appointment(ben, desk.slot())
    page = OWN | {"account_id": ada, "limit": limit}
    assert walked(desk, "appointment_list_time", page) == [soon, mid, also_mid, late]
    back = page | {"sign": -1}
    assert walked(desk, "appointment_list_time", back) == [late, mid, also_mid, soon]


def test_appointment_list_time_filters_and_shows_what_the_plain_list_does(
    desk: Desk, ada: int
) -> None:
    provider_id = desk.provider()
    one, two, three = desk.slots(3, provider_id=provider_id)
    late, soon = desk.appointment(ada, three), desk.appointment(ada, one)
    gone = desk.appointment(ada, two)
    desk.end(gone, who=ada)
    elsewhere = desk.appointment(ada, desk.slot(start=NOON + 9 * HOUR))

    def listed(**filters: Any) -> Any:
        return desk.run("appointment_list_time", **OWN | {"account_id": ada} | filters)[0]

    assert ids(listed()) == [soon, gone, late, elsewhere]
    assert ids(listed(provider_ids=[provider_id, 0])) == [soon, gone, late]
    assert ids(listed(statuses=["booked"], to_at=NOON + 3 * HOUR)) == [soon, late]
    assert ids(listed(from_at=NOON + 2 * HOUR)) == [late, elsewhere]
    assert list(json.loads(listed().body)[0]) == ["id", "slot", "notes", "status"]
    assert "starts_at" in json.loads(listed(expand=True).body)[0]["slot"]
    nobody = desk.run("appointment_list_time", **OWN | {"account_id": 0})[0]
    assert (nobody.body, nobody.more) == ("[]", False)


def test_appointment_list_time_looks_at_what_was_booked_last(desk: Desk, ada: int) -> None:
    made = [desk.appointment(ada, slot_id) for slot_id in reversed(desk.slots(4))]
    page = OWN | {"account_id": ada, "most_looks": 3, "limit": 2}
    assert walked(desk, "appointment_list_time", page) == made[:0:-1]


def test_appointment_list_time_goes_on_where_one_has_left_the_list(desk: Desk, ada: int) -> None:
    one, two, three = (desk.appointment(ada, slot_id) for slot_id in desk.slots(3))
    page = OWN | {"account_id": ada, "statuses": ["booked"], "limit": 1}
    [row] = desk.run("appointment_list_time", **page)
    desk.end(one, who=ada)
    assert walked(desk, "appointment_list_time", page | after(row)) == [two, three]


@pytest.mark.parametrize("most_looks", [1, 2, 3, 5, 100])
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_appointment_list_provider_back_is_the_list_from_its_end(
    desk: Desk, ada: int, ben: int, limit: int, most_looks: int
) -> None:
    provider_id = desk.provider()
    slots = desk.slots(4, provider_id=provider_id, capacity=2)
    first, last = desk.appointment(ada, slots[0]), desk.appointment(ben, slots[3])
    pair = [desk.appointment(who, slots[1]) for who in (ada, ben)]
    desk.end(pair[0], who=ada)
    bounds = {"limit": limit, "most_looks": most_looks}
    page = PAGE | {"provider_ids": [provider_id]} | bounds

    def back(**filters: Any) -> list[int]:
        return walked(desk, "appointment_list_provider_back", page | filters)

    assert back() == [last, *pair, first]
    assert back(statuses=["booked"]) == [last, pair[1], first]
    assert back(statuses=["cancelled"]) == pair[:1]
    assert back(to_at=NOON + 3 * HOUR) == [*pair, first]
    assert back(from_at=NOON + HOUR) == [last, *pair]


@pytest.mark.parametrize("most_looks", [1, 2, 3, 5, 100])
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_appointment_list_provider_merges_several_however_little_is_looked_at(
    desk: Desk, ada: int, limit: int, most_looks: int
) -> None:
    one, two = desk.provider(), desk.provider()
    times = [(one, 0), (two, 1), (one, 2), (one, 3), (two, 4), (two, 5)]
    made = [
        desk.appointment(ada, desk.slot(provider_id=who, start=NOON + n * HOUR, capacity=2))
        for who, n in times
    ]
    desk.slot(provider_id=two, start=NOON - HOUR)  # in which nobody is
    desk.end(made[1], who=ada)
    page = PAGE | {"provider_ids": [one, two], "limit": limit, "most_looks": most_looks}
    assert walked(desk, "appointment_list_provider", page) == made
    assert walked(desk, "appointment_list_provider_back", page) == made[::-1]
    booked = page | {"statuses": [name for name in STATUSES if name != "cancelled"]}
    assert walked(desk, "appointment_list_provider", booked) == [made[0], *made[2:]]
