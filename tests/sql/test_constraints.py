"""Every constraint of the schema refuses what it is there for, whatever a program does."""

from typing import Any

import psycopg2
import pytest

from service.store.refusals import REFUSALS
from tests.sql.desk import HOUR, NOON, Desk

SLOT = "INSERT INTO slot (provider_id, starts_at, ends_at, capacity, booked) VALUES "
PERSON = "INSERT INTO account (username, email, password_hash, role, provider_id) VALUES "
SEAT = "INSERT INTO appointment (slot_id, place, account_id, status, notes) VALUES "
CHANGE = (
    "INSERT INTO appointment_history (appointment_id, actor_id, action, to_status, reason) VALUES "
)

# Constraint and what it refuses; {provider}, {person}, {slot}, {seat} exist, and the seat is in
# the slot's first place, from 2035-06-01 12:00 to 13:00.
REFUSED = [
    ("provider_name_length", "INSERT INTO provider (name, time_zone) VALUES ('', 'UTC')"),
    (
        "provider_name_length",
        "INSERT INTO provider (name, time_zone) VALUES (repeat('x', 201), 'UTC')",
    ),
    ("account_provider_fkey", PERSON + "('x', 'e', '-', 'provider', 0)"),
    (
        "idempotency_key_length",
        "INSERT INTO idempotency (account_id, key, fingerprint, body, version)"
        " VALUES (0, '', '', '', 0)",
    ),
    ("account_role_known", PERSON + "('x', 'e', '-', 'root', NULL)"),
    ("account_provider_iff_role", PERSON + "('x', 'e', '-', 'provider', NULL)"),
    ("account_provider_iff_role", PERSON + "('x', 'e', '-', 'customer', {provider})"),
    ("account_provider_iff_role", PERSON + "('x', 'e', '-', 'admin', {provider})"),
    (
        "account_username_unique",
        "INSERT INTO account (username, email, password_hash)"
        " SELECT upper(username), 'e', '-' FROM account WHERE id = {person}",
    ),
    (
        "account_without_key",
        "INSERT INTO account (username, username_key, email, password_hash)"
        " VALUES ('twice', NULL, 'e', '-'), ('twice', NULL, 'e', '-')",
    ),
    ("slot_provider_fkey", SLOT + "(0, '2030-01-01', '2030-01-02', 1, 0)"),
    ("slot_starts_before_ends", SLOT + "({provider}, '2030-01-01', '2030-01-01', 1, 0)"),
    ("slot_starts_before_ends", SLOT + "({provider}, '2030-01-02', '2030-01-01', 1, 0)"),
    ("slot_within_calendar", SLOT + "({provider}, '1969-12-31', '1970-01-02', 1, 0)"),
    ("slot_within_calendar", SLOT + "({provider}, '9998-12-31', '9999-01-01', 1, 0)"),
    ("slot_within_calendar", SLOT + "({provider}, '2030-01-01', 'infinity', 1, 0)"),
    ("slot_within_calendar", SLOT + "({provider}, '-infinity', '2030-01-01', 1, 0)"),
    ("slot_capacity_sane", SLOT + "({provider}, '2030-01-01', '2030-01-02', 0, 0)"),
    ("slot_capacity_sane", SLOT + "({provider}, '2030-01-01', '2030-01-02', 1001, 0)"),
    ("slot_per_person_sane", "UPDATE slot SET per_person = 0 WHERE id = {slot}"),
    ("slot_per_person_sane", "UPDATE slot SET per_person = 1001 WHERE id = {slot}"),
    ("slot_booked_within_capacity", "UPDATE slot SET booked = 2 WHERE id = {slot}"),
    ("slot_booked_within_capacity", "UPDATE slot SET booked = -1 WHERE id = {slot}"),
    ("slot_no_overlap", SLOT + "({provider}, '2035-06-01 12:00', '2035-06-01 13:00', 1, 0)"),
    ("slot_no_overlap", SLOT + "({provider}, '2035-06-01 12:59', '2035-06-01 13:59', 1, 0)"),
    ("slot_no_overlap", SLOT + "({provider}, '2035-06-01 12:10', '2035-06-01 12:20', 1, 0)"),
    ("appointment_slot_fkey", SEAT + "(0, 1, {person}, 'booked', '')"),
    ("appointment_account_fkey", SEAT + "({slot}, 2, 0, 'booked', '')"),
    ("appointment_place_counts_from_one", SEAT + "({slot}, 0, {person}, 'booked', '')"),
    ("appointment_status_known", SEAT + "({slot}, 2, {person}, 'lost', '')"),
    ("appointment_notes_length", SEAT + "({slot}, 2, {person}, 'booked', repeat('x', 4001))"),
    ("appointment_one_per_place", SEAT + "({slot}, 1, {person}, 'booked', '')"),
    ("appointment_one_per_place", SEAT + "({slot}, 1, {person}, 'noshow', '')"),
    ("appointment_history_appointment_fkey", CHANGE + "(0, 0, 'book', 'booked', '')"),
    ("appointment_history_action_known", CHANGE + "({seat}, 0, 'steal', 'booked', '')"),
    (
        "appointment_history_reason_length",
        CHANGE + "({seat}, 0, 'cancel', 'cancelled', repeat('x', 501))",
    ),
]


@pytest.fixture
def rows(desk: Desk, ada: int) -> dict[str, Any]:
    provider_id = desk.provider()
    slot_id = desk.slot(provider_id=provider_id)
    seat = desk.appointment(ada, slot_id)
    return {"provider": provider_id, "person": ada, "slot": slot_id, "seat": seat}


def named(desk: Desk) -> set[str]:
    """Every constraint and unique index of our tables, primary keys and NOT NULLs aside."""
    desk.cursor.execute(
        "SELECT conname FROM pg_constraint WHERE contype IN ('c', 'f', 'u', 'x')"
        " AND connamespace = 'public'::regnamespace"
        " UNION SELECT indexrelid::regclass::text FROM pg_index"
        " JOIN pg_class ON pg_class.oid = indrelid AND relnamespace = 'public'::regnamespace"
        " WHERE indisunique AND NOT indisprimary"
    )
    return {name for (name,) in desk.cursor.fetchall()}


@pytest.mark.parametrize(("constraint", "statement"), REFUSED)
def test_it_refuses(constraint: str, statement: str, desk: Desk, rows: dict[str, Any]) -> None:
    with pytest.raises(psycopg2.IntegrityError) as error:
        desk.cursor.execute(statement.format(**rows))
    assert error.value.diag.constraint_name == constraint


def test_each_has_been_seen_to_refuse(desk: Desk) -> None:
    assert {constraint for constraint, _ in REFUSED} == named(desk)


def test_each_that_the_service_knows_exists(desk: Desk) -> None:
    desk.cursor.execute("SELECT conname FROM pg_constraint WHERE contype = 'p'")
    primary = {name for (name,) in desk.cursor.fetchall()}
    assert REFUSALS.keys() <= named(desk) | primary


def test_slots_may_touch(desk: Desk, rows: dict[str, Any]) -> None:
    for start in (NOON - HOUR, NOON + HOUR):
        desk.slot(provider_id=rows["provider"], start=start)


def test_slots_of_two_providers_may_overlap(desk: Desk, rows: dict[str, Any]) -> None:
    desk.slot(provider_id=desk.provider(), start=NOON)


def test_a_deleted_slot_is_in_nobodys_way(desk: Desk, rows: dict[str, Any]) -> None:
    desk.end(rows["seat"], who=rows["person"])
    assert desk.change(rows["slot"], deleted=True).verdict == "changed"
    desk.slot(provider_id=rows["provider"], start=NOON)


def test_a_cancelled_appointment_is_in_nobodys_way(desk: Desk, rows: dict[str, Any]) -> None:
    desk.end(rows["seat"], who=rows["person"])
    desk.cursor.execute((SEAT + "({slot}, 1, {person}, 'booked', '')").format(**rows))
    desk.cursor.execute((SEAT + "({slot}, 1, {person}, 'cancelled', '')").format(**rows))


def test_the_calendar_reaches_from_1970_to_9998(desk: Desk, rows: dict[str, Any]) -> None:
    first = "('1970-01-01 00:00+00', '1970-01-01 01:00+00')"
    last = "('9998-12-31 22:00+00', '9998-12-31 23:59:59.999999+00')"
    for times in (first, last):
        desk.cursor.execute(
            "INSERT INTO slot (provider_id, starts_at, ends_at)"
            f" SELECT {rows['provider']}, a::timestamptz, b::timestamptz"
            f" FROM (VALUES {times}) AS t (a, b)"
        )
