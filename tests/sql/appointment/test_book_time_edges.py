"""sql/queries/appointment/book_time.sql, where a rule just holds or just does not."""

import json
import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.sql.desk import ALL, DAY, HOUR, NINE, Desk, verdicts

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
WEIGHTS = [200, 100, 100, 50]


def open_all_day(desk: Desk, provider_id: int, first: datetime, days: int = 1) -> None:
    """Open a provider round the clock, so many days from an instant on."""
    desk.cursor.execute(
        "INSERT INTO opening (provider_id, day, starts_at, stops_at, ends_at, anchor_at)"
        " SELECT %s, (opens AT TIME ZONE wall_zone(provider))::date, opens,"
        "        opens + interval '1 day', opens + interval '1 day', opens"
        "   FROM provider,"
        "        generate_series(%s::timestamptz, %s::timestamptz, interval '24 hours') AS opens"
        "  WHERE provider.id = %s",
        [provider_id, first, first + (days - 1) * DAY, provider_id],
    )


@pytest.mark.parametrize(
    ("short", "verdict"), [(timedelta(0), "booked"), (SECOND, "too_soon")], ids=["exact", "short"]
)
def test_appointment_book_time_takes_what_is_exactly_as_far_ahead_as_it_has_to_be(
    desk: Desk, ada: int, short: timedelta, verdict: str
) -> None:
    clinic = desk.provider()
    visit = desk.service(clinic, lead_minutes=60)
    at = desk.one("SELECT now()") + HOUR - short
    open_all_day(desk, clinic, at - HOUR)
    assert verdicts(desk.take((ada, visit, clinic, at))) == [verdict]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"])
def test_appointment_book_time_goes_as_far_as_the_last_minute_of_a_day_there(
    desk: Desk, ada: int, zone: str
) -> None:
    clinic = desk.provider(time_zone=zone)
    visit = desk.service(clinic, duration_minutes=1, step_minutes=1, horizon_days=30)
    midnight = desk.one(
        "SELECT ((now() AT TIME ZONE %s)::date + 31)::timestamp AT TIME ZONE %s", zone, zone
    )
    open_all_day(desk, clinic, midnight - DAY, days=2)
    wishes = [(ada, visit, clinic, at) for at in (midnight - MINUTE, midnight)]
    assert verdicts(desk.take(*wishes)) == ["booked", "too_far"]


def test_appointment_book_time_lets_a_night_belong_to_the_day_on_which_it_opens(
    desk: Desk, ada: int, ben: int
) -> None:
    """Also whoever comes into a group that is there already."""
    clinic = desk.provider()
    group = desk.service(clinic, horizon_days=30, capacity=2)
    noon = desk.one(
        "SELECT ((now() AT TIME ZONE 'UTC')::date + 30 + time '12:00') AT TIME ZONE 'UTC'"
    )
    open_all_day(desk, clinic, noon)
    at = noon + 13 * HOUR
    for who in (ada, ben):
        assert verdicts(desk.take((who, group, clinic, at))) == ["booked"]
    listed = desk.times(group, clinic, from_at=noon, to_at=noon + DAY)
    assert at.isoformat() not in {one["starts_at"] for one in listed}
    assert (at + HOUR).isoformat() in {one["starts_at"] for one in listed}


def test_appointment_book_time_lets_buffers_lie_in_a_closure(desk: Desk, ada: int) -> None:
    clinic = desk.provider()
    visit = desk.visit(clinic, buffer_before_minutes=30, buffer_after_minutes=30)
    for opens in (NINE, NINE + 2 * HOUR):
        desk.cursor.execute(
            "INSERT INTO closure (provider_id, starts_at, ends_at, actor_id)"
            " VALUES (%s, %s, %s, 1)",
            [clinic, opens, opens + HOUR],
        )
    assert verdicts(desk.take((ada, visit, clinic, NINE + HOUR))) == ["booked"]


def test_appointment_book_time_asks_each_provider_by_the_days_of_its_own_zone(
    desk: Desk, ada: int
) -> None:
    """Who is at a limit with the one is booked with the other."""
    near, far = desk.provider(), desk.provider(time_zone="Australia/Brisbane")
    visit = desk.visit(near, far, per_customer_day=1)
    desk.taken(ada, visit, near, NINE)
    at = NINE + 6 * HOUR  # the next day in Brisbane
    rows = desk.explain(ada, service_id=visit, provider_id=0, starts_at=at, size=1)
    told = {row.provider_id: row.refusals for row in rows}
    assert told == {near: ["limit_reached"], far: []}
    [row] = desk.take((ada, visit, 0, at), expand=True)
    assert json.loads(row.body)["slot"]["provider_id"] == far


def test_appointment_book_time_finds_another_for_who_is_in_the_group_of_the_one(
    desk: Desk, ada: int, ben: int
) -> None:
    one, other = desk.provider(), desk.provider()
    group = desk.visit(one, other, capacity=2)
    desk.taken(ada, group, one, NINE)
    [row] = desk.take((ada, group, 0, NINE), expand=True)
    assert json.loads(row.body)["slot"]["provider_id"] == other
    desk.taken(ben, group, one, NINE)
    [row] = desk.take((ada, group, 0, NINE))
    assert row.verdict == "already_booked", "which says more than that the other is full"


def test_appointment_book_time_puts_nobody_into_a_full_group_for_staff_either(
    desk: Desk, ada: int, ben: int
) -> None:
    clinic, room = desk.provider(), desk.provider()
    group = desk.visit(clinic, capacity=2, party_max=2, needs={"room": [room]})
    desk.taken(ada, group, clinic, NINE, size=2)
    asked: dict[str, Any] = {"who": desk.account(role="admin"), "staff_of": ALL, "reason": "x"}
    [row] = desk.take((ben, group, clinic, NINE), override="overlap", **asked)
    assert row.verdict == "slot_taken"
    assert row.body.startswith("\n"), "and it is not for want of a room"


def test_appointment_book_time_never_does_without_a_room_for_a_buffer(
    desk: Desk, ada: int, ben: int
) -> None:
    clinic, room = desk.provider(), desk.provider()
    visit = desk.visit(clinic, buffer_before_minutes=30, needs={"room": [room]})
    desk.taken(ben, desk.visit(clinic), clinic, NINE)
    desk.slot(provider_id=room, start=NINE + HOUR)
    asked: dict[str, Any] = {"who": desk.account(role="admin"), "staff_of": ALL, "reason": "x"}
    [row] = desk.take((ada, visit, clinic, NINE + HOUR), override="buffer", **asked)
    assert (row.verdict, row.body.partition("\n")[0]) == ("slot_taken", "room")


def test_appointment_book_time_shares_thousands_by_weight_and_gives_who_joins_no_run(
    desk: Desk, ada: int
) -> None:
    """4,000 that stay, one of ten that come cancelled again."""
    desk.prepared = set()
    dice = random.Random(53)
    clinics = [desk.provider() for _ in WEIGHTS]
    visit = desk.visit(*clinics, weights=WEIGHTS)
    open_times = iter(NINE + 3 * DAY + n * HOUR for n in range(6000))
    for one in clinics:
        open_all_day(desk, one, NINE + 3 * DAY, days=250)

    def book(count: int) -> Counter[int]:
        got: Counter[int] = Counter()
        while got.total() < count:
            [row] = desk.take((ada, visit, 0, next(open_times)), expand=True)
            document = json.loads(row.body)
            if dice.random() < 0.1:
                desk.end(document["id"], who=ada)
            else:
                got[document["slot"]["provider_id"]] += 1
        return got

    got = book(4000)
    for one, weight in zip(clinics, WEIGHTS, strict=True):
        assert got[one] == pytest.approx(4000 * weight / sum(WEIGHTS), rel=0.01)
    joiner = desk.provider()
    open_all_day(desk, joiner, NINE + 3 * DAY, days=250)
    desk.staff(visit, *clinics, joiner)  # all of them with the same weight from now on
    assert book(200)[joiner] == pytest.approx(40, abs=6)
