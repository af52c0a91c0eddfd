"""The lines of PostgreSQL's test_decoding, as the second witness reads them."""

import pytest

from tests.prove.witness import Transaction, Witness, row_of

APPOINTMENT = (
    "table public.appointment: INSERT: id[bigint]:7 slot_id[bigint]:3 place[integer]:1"
    " account_id[bigint]:2 status[text]:'booked' notes[text]:'canary:it''s:t9'"
    " version[integer]:1 created_at[timestamp with time zone]:'2027-01-04 10:00:00+00'"
)
KEY = (
    "table public.idempotency: INSERT: account_id[bigint]:2 key[text]:'t9'"
    " fingerprint[text]:'ab' body[text]:'{\"id\":7,\"notes\":\"it''s\"}' version[integer]:1"
    " created_at[timestamp with time zone]:'2027-01-04 10:00:00+00'"
)
HISTORY = (
    "table public.appointment_history: INSERT: id[bigint]:1 appointment_id[bigint]:7"
    " at[timestamp with time zone]:'2027-01-04 10:00:00+00' actor_id[bigint]:2"
    " action[text]:'cancel' from_slot_id[bigint]:3 to_slot_id[bigint]:null"
    " from_status[text]:'booked' to_status[text]:'cancelled' reason[text]:'t10'"
)


BELOW_ZERO = (
    "table public.slot: UPDATE: id[bigint]:11 provider_id[bigint]:1"
    " starts_at[timestamp with time zone]:'2027-01-04 10:00:00+00'"
    " ends_at[timestamp with time zone]:'2027-01-04 11:00:00+00' capacity[integer]:1"
    " booked[integer]:-1 closed[boolean]:false version[integer]:4"
    " deleted_at[timestamp with time zone]:null"
)
COMMIT = "COMMIT 9 (at 2027-01-04 10:00:00.5+00)"


def test_an_appointment_and_the_tag_in_its_notes() -> None:
    assert row_of(APPOINTMENT) == ["appointment", "INSERT", 7, 3, 1, 2, "booked", "t9", 1]


def test_an_appointment_that_has_given_its_place_back() -> None:
    expired = APPOINTMENT.replace("place[integer]:1", "place[integer]:null").replace(
        "booked", "expired"
    )
    assert row_of(expired) == ["appointment", "INSERT", 7, 3, None, 2, "expired", "t9", 1]


def test_a_key_and_whose_answer_it_keeps() -> None:
    row = row_of(KEY)
    assert row
    assert (row[:4], row[5:]) == (["idempotency", "INSERT", 2, "t9"], [7, 1])


def test_a_step_of_the_history() -> None:
    assert row_of(HISTORY) == [
        "appointment_history", "INSERT", 7, 2, "cancel", 3, None, "cancelled", "t10"
    ]  # fmt: skip


def test_a_slot_is_read_though_its_counter_can_not_be_right() -> None:
    assert row_of(BELOW_ZERO) == ["slot", "UPDATE", 11, 1, -1, False, 4]


def test_a_deleted_row_is_kept_and_other_tables_are_not() -> None:
    deleted = row_of("table public.slot: DELETE: id[bigint]:4")
    assert deleted == ["slot", "DELETE", "id[bigint]:4"]
    assert row_of("table public.schema_migration: INSERT: version[integer]:1") is None


def test_a_row_that_nobody_can_read_is_no_small_matter() -> None:
    with pytest.raises(ValueError, match="nobody can read"):
        row_of("table public.slot: UPDATE: something[text]:'else'")


def test_what_a_crash_makes_it_tell_twice_is_written_once() -> None:
    written: list[Transaction] = []
    witness = Witness("", written.append)
    for _ in range(2):
        for lsn, line in ((5, "BEGIN 9"), (6, APPOINTMENT), (7, COMMIT)):
            witness._take(lsn, 9, line)
    found = [(one.lsn, one.xid, len(one.rows), one.committed) for one in written]
    assert found == [(7, 9, 1, 1_799_056_800.5)]
