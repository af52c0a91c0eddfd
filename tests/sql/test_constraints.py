"""Every constraint of the schema refuses what it is there for, whatever a program does."""

from typing import Any

import psycopg2
import pytest

from service.store.refusals import REFUSALS
from tests.sql.delivery.hooks import webhook
from tests.sql.desk import HOUR, NOON, Desk

SLOT = "INSERT INTO slot (provider_id, starts_at, ends_at, capacity, booked) VALUES "
PERSON = "INSERT INTO account (username, email, password_hash, role, provider_id) VALUES "
SEAT = "INSERT INTO appointment (slot_id, place, account_id, status, notes) VALUES "
CHANGE = (
    "INSERT INTO appointment_history (appointment_id, actor_id, action, to_status, reason) VALUES "
)
CHANGED_SERVICE = "UPDATE service SET {}"
RULE = "INSERT INTO schedule_rule (provider_id, n, weekdays, opens, closes) VALUES "
SPECIAL = "INSERT INTO schedule_day (provider_id, day, n, opens, closes, reason) VALUES "
CLOSURE = (
    "INSERT INTO closure (actor_id, provider_id, from_day, until_day, starts_at, ends_at, reason)"
    " VALUES (1, "
)
OPENING = (
    "INSERT INTO opening (day, anchor_at, provider_id, starts_at, stops_at, ends_at)"
    " VALUES ('2027-01-01', '2027-01-01', "
)

SERIES = "INSERT INTO series (service_id, provider_id) VALUES "
DATE = "INSERT INTO series_date (series_id, day, appointment_id, code) VALUES "
MADE = (
    "WITH series AS (INSERT INTO series (service_id, provider_id) VALUES ({service}, {provider})"
    " RETURNING id) INSERT INTO series_date (series_id, day, appointment_id, code) SELECT id, "
)
LINK = "INSERT INTO calendar_link (account_id, provider_id, token_sha256) VALUES "
SOURCE = "INSERT INTO calendar_source (actor_id, provider_id, kind, url) VALUES (0, "
LINE = (
    "INSERT INTO waiting"
    " (from_at, account_id, slot_id, service_id, provider_id, until_at, size, hold_id)"
    " VALUES ('2027-01-01', "
)

# Constraint and what it refuses; {provider}, {person}, {slot}, {seat} exist, and the seat is in
# the slot's first place, from 2035-06-01 12:00 to 13:00. And there is a webhook with a delivery.
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
    ("appointment_runs_out", SEAT + "({slot}, 2, {person}, 'held', '')"),
    ("appointment_runs_out", "UPDATE appointment SET expires_at = now() WHERE id = {seat}"),
    ("appointment_gave_its_place_back", SEAT + "({slot}, 2, {person}, 'expired', '')"),
    ("appointment_gave_its_place_back", "UPDATE appointment SET place = NULL WHERE id = {seat}"),
    ("appointment_one_per_place", SEAT + "({slot}, 1, {person}, 'booked', '')"),
    ("appointment_one_per_place", SEAT + "({slot}, 1, {person}, 'noshow', '')"),
    ("appointment_history_appointment_fkey", CHANGE + "(0, 0, 'book', 'booked', '')"),
    ("appointment_history_action_known", CHANGE + "({seat}, 0, 'steal', 'booked', '')"),
    (
        "appointment_history_reason_length",
        CHANGE + "({seat}, 0, 'cancel', 'cancelled', repeat('x', 501))",
    ),
    ("provider_kind_known", "UPDATE provider SET kind = 'ghost' WHERE id = {provider}"),
    ("provider_per_day_sane", "UPDATE provider SET per_day = 0 WHERE id = {provider}"),
    ("service_name_length", CHANGED_SERVICE.format("name = ''")),
    ("service_description_length", CHANGED_SERVICE.format("description = repeat('x', 4001)")),
    ("service_duration_sane", CHANGED_SERVICE.format("duration_minutes = 1441")),
    ("service_step_sane", CHANGED_SERVICE.format("step_minutes = 0")),
    ("service_buffer_before_sane", CHANGED_SERVICE.format("buffer_before_minutes = 481")),
    ("service_buffer_after_sane", CHANGED_SERVICE.format("buffer_after_minutes = -1")),
    ("service_lead_sane", CHANGED_SERVICE.format("lead_minutes = -1")),
    ("service_horizon_sane", CHANGED_SERVICE.format("horizon_days = 731")),
    ("service_per_day_sane", CHANGED_SERVICE.format("per_day = 0")),
    ("service_per_customer_day_sane", CHANGED_SERVICE.format("per_customer_day = 0")),
    ("service_per_customer_open_sane", CHANGED_SERVICE.format("per_customer_open = 0")),
    ("service_capacity_sane", CHANGED_SERVICE.format("capacity = 1001")),
    ("service_party_within_capacity", CHANGED_SERVICE.format("party_max = 2")),
    ("service_notice_sane", CHANGED_SERVICE.format("notice_minutes = -1")),
    ("service_approval_sane", CHANGED_SERVICE.format("approval_minutes = 0")),
    ("service_hold_sane", CHANGED_SERVICE.format("hold_seconds = 86401")),
    ("service_offer_sane", CHANGED_SERVICE.format("offer_minutes = 0")),
    ("service_version_service_fkey", "INSERT INTO service_version VALUES (0, 1, '{{}}', now(), 1)"),
    ("service_provider_service_fkey", "INSERT INTO service_provider VALUES (0, {provider})"),
    ("service_provider_provider_fkey", "INSERT INTO service_provider VALUES ({service}, 0)"),
    ("service_provider_weight_sane", "UPDATE service_provider SET weight = 0"),
    ("service_need_service_fkey", "INSERT INTO service_need VALUES (0, 'room', {provider})"),
    ("service_need_provider_fkey", "INSERT INTO service_need VALUES ({service}, 'room', 0)"),
    ("service_need_role_length", "INSERT INTO service_need VALUES ({service}, '', {provider})"),
    ("schedule_rule_provider_fkey", RULE + "(0, 1, '{{1}}', '09:00', '10:00')"),
    ("schedule_rule_weekdays_known", RULE + "({provider}, 1, '{{8}}', '09:00', '10:00')"),
    ("schedule_rule_weekdays_known", RULE + "({provider}, 1, '{{}}', '09:00', '10:00')"),
    ("schedule_day_provider_fkey", SPECIAL + "(0, '2027-01-01', 1, NULL, NULL, '')"),
    ("schedule_day_hours", SPECIAL + "({provider}, '2027-01-01', 1, '09:00', NULL, '')"),
    (
        "schedule_day_reason_length",
        SPECIAL + "({provider}, '2027-01-01', 1, NULL, NULL, repeat('x', 501))",
    ),
    ("installation_one_row", "INSERT INTO installation DEFAULT VALUES"),
    ("calendar_link_account_fkey", LINK + "(0, NULL, repeat('0', 64))"),
    ("calendar_link_provider_fkey", LINK + "({person}, 0, repeat('0', 64))"),
    ("calendar_link_token_is_hashed", LINK + "({person}, NULL, 'the token itself')"),
    (
        "calendar_link_token_unique",
        LINK + "({person}, NULL, repeat('0', 64)), ({person}, NULL, repeat('0', 64))",
    ),
    ("calendar_source_provider_fkey", SOURCE + "0, 'ics', 'x')"),
    ("calendar_source_kind_known", SOURCE + "{provider}, 'caldav', 'x')"),
    ("calendar_source_url_length", SOURCE + "{provider}, 'ics', '')"),
    ("calendar_source_url_length", SOURCE + "{provider}, 'ics', repeat('x', 2001))"),
    (
        "closure_source_fkey",
        "INSERT INTO closure (actor_id, source_id, starts_at, ends_at)"
        " VALUES (0, 0, '2027-01-01', '2027-01-02')",
    ),
    ("closure_provider_fkey", CLOSURE + "0, NULL, NULL, '2027-01-01', '2027-01-02', '')"),
    (
        "closure_starts_before_ends",
        CLOSURE + "{provider}, NULL, NULL, '2027-01-01', '2027-01-01', '')",
    ),
    (
        "closure_days_in_order",
        CLOSURE + "{provider}, '2027-01-02', '2027-01-01', '2027-01-01', '2027-01-02', '')",
    ),
    (
        "closure_days_both",
        CLOSURE + "{provider}, '2027-01-02', NULL, '2027-01-01', '2027-01-02', '')",
    ),
    (
        "closure_reason_length",
        CLOSURE + "{provider}, NULL, NULL, '2027-01-01', '2027-01-02', repeat('x', 501))",
    ),
    (
        "opening_provider_fkey",
        OPENING + "0, '2027-01-01 09:00', '2027-01-01 10:00', '2027-01-01 10:00')",
    ),
    (
        "opening_in_order",
        OPENING + "{provider}, '2027-01-01 09:00', '2027-01-01 11:00', '2027-01-01 10:00')",
    ),
    (
        "opening_within_two_days",
        OPENING + "{provider}, '2027-01-01 09:00', '2027-01-01 11:00', '2027-01-03 10:00')",
    ),
    ("slot_service_fkey", "UPDATE slot SET service_id = 0 WHERE id = {slot}"),
    ("slot_blocks_both", "UPDATE slot SET blocks_from = starts_at WHERE id = {slot}"),
    (
        "slot_blocks_hold_it",
        "UPDATE slot SET blocks_from = starts_at, blocks_until = starts_at WHERE id = {slot}",
    ),
    (
        "slot_no_overlap",
        "INSERT INTO slot (provider_id, starts_at, ends_at, blocks_from, blocks_until) VALUES"
        " ({provider}, '2035-06-01 10:00', '2035-06-01 11:00', '2035-06-01 10:00',"
        " '2035-06-01 12:01')",
    ),
    ("account_name_length", "UPDATE account SET name = '' WHERE id = {person}"),
    ("account_made_by_fkey", "UPDATE account SET made_by = 0 WHERE id = {person}"),
    ("account_logs_in_or_is_named", "UPDATE account SET username = NULL WHERE id = {person}"),
    ("appointment_size_sane", "UPDATE appointment SET size = 0 WHERE id = {seat}"),
    ("series_service_fkey", SERIES + "(0, {provider})"),
    ("series_provider_fkey", SERIES + "({service}, 0)"),
    ("series_date_series_fkey", DATE + "(0, '2027-01-01', {seat}, NULL)"),
    ("series_date_appointment_fkey", MADE + "'2027-01-01', 0, NULL FROM series"),
    ("series_date_booked_or_why_not", MADE + "'2027-01-01', {seat}, 'closed' FROM series"),
    ("waiting_account_fkey", LINE + "0, {slot}, NULL, NULL, '2027-01-02', 1, NULL)"),
    ("waiting_slot_fkey", LINE + "{person}, 0, NULL, NULL, '2027-01-02', 1, NULL)"),
    ("waiting_service_fkey", LINE + "{person}, NULL, 0, NULL, '2027-01-02', 1, NULL)"),
    ("waiting_provider_fkey", LINE + "{person}, NULL, {service}, 0, '2027-01-02', 1, NULL)"),
    ("waiting_hold_fkey", LINE + "{person}, {slot}, NULL, NULL, '2027-01-02', 1, 0)"),
    ("waiting_for_one", LINE + "{person}, NULL, NULL, NULL, '2027-01-02', 1, NULL)"),
    (
        "waiting_provider_of_service",
        LINE + "{person}, {slot}, NULL, {provider}, '2027-01-02', 1, NULL)",
    ),
    ("waiting_from_before_until", LINE + "{person}, {slot}, NULL, NULL, '2027-01-01', 1, NULL)"),
    ("waiting_size_sane", LINE + "{person}, {slot}, NULL, NULL, '2027-01-02', 0, NULL)"),
    (
        "waiting_hold",
        LINE + "{person}, {slot}, NULL, NULL, '2027-01-02', 1, {seat}),"
        " ('2027-01-01', {person}, {slot}, NULL, NULL, '2027-01-02', 1, {seat})",
    ),
    ("outbox_type_known", "INSERT INTO outbox (type, subject_id) VALUES ('slot.moved', 1)"),
    ("event_head_one_row", "INSERT INTO event_head (one) VALUES (false)"),
    ("waiting_line_waiting_fkey", "INSERT INTO waiting_line VALUES ({slot}, 0, 0, now(), 0)"),
    ("webhook_owner_fkey", "INSERT INTO webhook (owner_id, url, position) VALUES (0, 'x', 0)"),
    ("webhook_url_length", "UPDATE webhook SET url = ''"),
    ("webhook_url_length", "UPDATE webhook SET url = repeat('x', 2001)"),
    ("webhook_include_known", "UPDATE webhook SET include = ARRAY['account']"),
    ("webhook_status_known", "UPDATE webhook SET status = 'asleep'"),
    ("webhook_reason_known", "UPDATE webhook SET reason = 'bored'"),
    ("webhook_failing_since_first", "UPDATE webhook SET failures = 1"),
    ("webhook_failing_since_first", "UPDATE webhook SET failing_since = now()"),
    (
        "delivery_webhook_fkey",
        "INSERT INTO delivery (webhook_id, type, due_at) VALUES (0, 'webhook.test', now())",
    ),
    (
        "delivery_one_per_event",
        "INSERT INTO delivery (webhook_id, event_id, type, due_at)"
        " SELECT id, 1, 'slot.changed', now() FROM webhook CROSS JOIN generate_series(1, 2)",
    ),
    ("delivery_status_known", "UPDATE delivery SET status = 'lost', settled_at = now()"),
    ("delivery_settled_iff_not_pending", "UPDATE delivery SET status = 'delivered'"),
    ("delivery_settled_iff_not_pending", "UPDATE delivery SET settled_at = now()"),
    ("delivery_attempts_sane", "UPDATE delivery SET attempts = -1"),
    (
        "attempt_delivery_fkey",
        "INSERT INTO attempt (delivery_id, at, manual, ms) VALUES (0, now(), false, 1)",
    ),
    (
        "attempt_excerpt_length",
        "INSERT INTO attempt (delivery_id, at, manual, ms, excerpt)"
        " SELECT id, now(), false, 1, repeat('x', 4097) FROM delivery",
    ),
]


@pytest.fixture
def rows(desk: Desk, ada: int) -> dict[str, Any]:
    provider_id = desk.provider()
    slot_id = desk.slot(provider_id=provider_id)
    seat = desk.appointment(ada, slot_id)
    service_id = desk.visit(provider_id)
    desk.run("webhook_test", webhook_id=webhook(desk))
    return {
        "provider": provider_id,
        "person": ada,
        "service": service_id,
        "slot": slot_id,
        "seat": seat,
    }


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
