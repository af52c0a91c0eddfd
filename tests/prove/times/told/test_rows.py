"""The lines of PostgreSQL's test_decoding that are about times, as the witness reads them."""

import pytest

from tests.prove.witness import row_of

AT = "[timestamp with time zone]"
SLOT = (
    f"table public.slot: UPDATE: id[bigint]:11 provider_id[bigint]:4 starts_at{AT}:'2027-01-04"
    f" 10:00:00+00' ends_at{AT}:'2027-01-04 11:00:00+00' capacity[integer]:3 booked[integer]:2"
    f" closed[boolean]:false version[integer]:4 deleted_at{AT}:null per_person[smallint]:1"
    " service_id[bigint]:7 service_version[integer]:2 lead_slot_id[bigint]:null"
    f" blocks_from{AT}:'2027-01-04 09:50:00+00' blocks_until{AT}:'2027-01-04 11:15:00+00'"
    " wall_at[timestamp without time zone]:'2027-01-04 11:00:00'"
    " overrides[text[]]:'{grid,overlap}' chosen[boolean]:true"
)
TEN = 1_799_056_800
MADE = [4, TEN, TEN + 3600, 7, 2, 0, TEN - 600, TEN + 4500, ["grid", "overlap"], True, False,
        "2027-01-04 11:00:00"]  # fmt: skip
APPOINTMENT = (
    "table public.appointment: INSERT: id[bigint]:7 slot_id[bigint]:3 place[integer]:1"
    " account_id[bigint]:2 status[text]:'booked' notes[text]:'canary:it''s:t9'"
    f" version[integer]:1 created_at{AT}:'2027-01-04 10:00:00+00' size[integer]:"
)


def test_a_slot_of_a_service_has_what_it_blocks_and_why() -> None:
    assert row_of(SLOT) == ["slot", "UPDATE", 11, 3, 2, False, 4, MADE]


def test_a_published_slot_has_nothing_more() -> None:
    plain = SLOT.replace("service_id[bigint]:7", "service_id[bigint]:null")
    assert row_of(plain) == ["slot", "UPDATE", 11, 3, 2, False, 4]


@pytest.mark.parametrize(("size", "more"), [(1, []), (12, [12])])
def test_a_party_says_how_many_come(size: int, more: list[int]) -> None:
    row = row_of(f"{APPOINTMENT}{size}")
    assert row
    assert row[9:] == more


def test_a_service_is_its_document() -> None:
    row = row_of(
        "table public.service_version: INSERT: service_id[bigint]:7 version[integer]:2"
        ' document[jsonb]:\'{"name": "It\'\'s", "needs": {"room": [9]}}\' actor_id[bigint]:1'
    )
    assert row == ["service_version", "INSERT", 7, 2, {"name": "It's", "needs": {"room": [9]}}]


def test_a_closure_comes_and_goes() -> None:
    made = row_of(
        "table public.closure: INSERT: id[bigint]:5 provider_id[bigint]:null"
        " from_day[date]:'2027-01-04' until_day[date]:'2027-01-05'"
        f" starts_at{AT}:'2027-01-04 10:00:00+00' ends_at{AT}:'2027-01-04 11:00:00+00'"
        " reason[text]:'t3' actor_id[bigint]:1"
    )
    assert made == ["closure", "INSERT", 5, 0, "2027-01-04", "2027-01-05", TEN, TEN + 3600, "t3"]
    assert row_of("table public.closure: DELETE: id[bigint]:5") == ["closure", "DELETE", 5]


def test_rules_are_read_when_they_are_written_and_not_when_they_go() -> None:
    row = row_of(
        "table public.schedule_rule: INSERT: provider_id[bigint]:4 n[integer]:0"
        " weekdays[integer[]]:'{1,7}' opens[time without time zone]:'09:00:00'"
        " closes[time without time zone]:'17:00:00' from_day[date]:null until_day[date]:null"
        " service_ids[bigint[]]:null"
    )
    assert row == ["schedule_rule", "INSERT", 4, [1, 7], "09:00:00", "17:00:00", None, None, None]
    assert row_of("table public.schedule_rule: DELETE: provider_id[bigint]:4 n[integer]:0") is None
