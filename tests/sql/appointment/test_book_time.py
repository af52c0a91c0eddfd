"""sql/queries/appointment/book_time.sql"""

import json
from datetime import timedelta
from typing import Any

import pytest

from service.booking.actions import FULFILL
from tests.sql.desk import ALL, DAY, HOUR, NINE, Desk, verdicts

MINUTE = timedelta(minutes=1)


def test_appointment_book_time_makes_a_slot_and_answers_with_the_document(
    desk: Desk, ada: int
) -> None:
    clinic = desk.provider()
    [row] = desk.take((ada, desk.visit(clinic), clinic, NINE), expand=True)
    document = json.loads(row.body)
    assert list(document) == ["id", "slot", "user", "notes", "status"]
    assert (document["slot"]["remaining"], document["slot"]["status"]) == (0, "busy")
    assert desk.one("SELECT booked FROM slot WHERE id = %s", document["slot"]["id"]) == 1


def test_appointment_book_time_judges_each_item_by_itself(desk: Desk, ada: int) -> None:
    clinic, other = desk.provider(), desk.provider()
    visit = desk.visit(clinic, lead_minutes=60, horizon_days=8)
    desk.open(clinic, days=30)
    wishes = {
        (0, clinic, NINE): "no_service",
        (visit, other, NINE): "not_offered",
        (visit, 0, NINE + 9 * HOUR): "closed",
        (visit, clinic, NINE - 10 * DAY): "slot_in_past",
        (visit, clinic, NINE + 3 * DAY): "too_far",
        (visit, clinic, NINE - HOUR): "closed",
        (visit, clinic, NINE + 8 * HOUR - MINUTE): "closed",
        (visit, clinic, NINE + MINUTE): "off_grid",
        (visit, clinic, NINE + 7 * HOUR): "booked",
    }
    rows = desk.take(*((ada, *wish) for wish in wishes))
    assert dict(zip(wishes, verdicts(rows), strict=True)) == wishes


def test_appointment_book_time_gives_one_time_to_one_person(desk: Desk, ada: int, ben: int) -> None:
    clinic = desk.provider()
    visit = desk.visit(clinic)
    wishes = [(ada, visit, clinic, NINE), (ben, visit, clinic, NINE)]
    assert verdicts(desk.take(*wishes)) == ["booked", "again"]
    [row] = desk.take(wishes[1])
    assert row.verdict == "slot_taken"
    role, _, times = row.body.partition("\n")
    assert role == ""
    starts = [one["start_time"] for one in json.loads(times)]
    assert starts == ["10:00", "11:00", "12:00"]


@pytest.mark.parametrize(("minutes", "verdict"), [(24, "slot_taken"), (25, "booked")])
def test_appointment_book_time_adds_up_the_buffers_of_two_neighbours(
    desk: Desk, ada: int, minutes: int, verdict: str
) -> None:
    clinic = desk.provider()
    first = desk.visit(clinic, buffer_after_minutes=15)
    second = desk.visit(clinic, buffer_before_minutes=10, step_minutes=1)
    desk.taken(ada, first, clinic, NINE)
    [row] = desk.take((ada, second, clinic, NINE + HOUR + minutes * MINUTE))
    assert row.verdict == verdict


def test_appointment_book_time_books_back_to_back_and_buffers_beyond_closing(
    desk: Desk, ada: int
) -> None:
    clinic = desk.provider()
    visit = desk.visit(clinic)
    padded = desk.visit(clinic, buffer_after_minutes=120)
    rows = desk.take((ada, visit, clinic, NINE), (ada, visit, clinic, NINE + HOUR))
    assert verdicts(rows) == ["booked", "booked"]
    assert verdicts(desk.take((ada, padded, clinic, NINE + 7 * HOUR))) == ["booked"]


def test_appointment_book_time_flows_around_published_slots(desk: Desk, ada: int) -> None:
    clinic = desk.provider()
    visit = desk.visit(clinic)
    desk.slot(provider_id=clinic, start=NINE + 30 * MINUTE)
    assert verdicts(desk.take((ada, visit, clinic, NINE))) == ["slot_taken"]
    assert verdicts(desk.take((ada, visit, clinic, NINE + 2 * HOUR))) == ["booked"]


def test_appointment_book_time_stops_at_the_limit_of_a_day_of_the_provider(
    desk: Desk, ada: int
) -> None:
    clinic = desk.provider(time_zone="Australia/Brisbane")  # ten hours ahead: NINE is 19:00 there
    visit = desk.visit(clinic, per_day=2)
    starts = [NINE + n * HOUR for n in range(4)]
    assert [desk.take((ada, visit, clinic, at))[0].verdict for at in starts] == [
        "booked",
        "booked",
        "limit_reached",
        "limit_reached",
    ]
    tomorrow = [row.verdict for row in desk.take((ada, visit, clinic, NINE + 5 * HOUR))]
    assert tomorrow == ["booked"], "14:00 in London is the next day in Brisbane"


def test_appointment_book_time_never_passes_a_limit_within_a_set(desk: Desk, ada: int) -> None:
    clinic = desk.provider()
    visit = desk.visit(clinic, per_day=1)
    rows = desk.take((ada, visit, clinic, NINE), (ada, visit, clinic, NINE + HOUR))
    assert verdicts(rows) == ["booked", "again"]


@pytest.mark.parametrize(
    ("limit", "verdict"),
    [
        ("per_customer_day", ["limit_reached", "booked"]),
        ("per_customer_open", ["limit_reached"] * 2),
    ],
)
def test_appointment_book_time_stops_at_a_persons_limits(
    desk: Desk, ada: int, ben: int, limit: str, verdict: list[str]
) -> None:
    clinic = desk.provider()
    visit = desk.visit(clinic, **{limit: 1})
    desk.taken(ada, visit, clinic, NINE)
    rows = [desk.take((ada, visit, clinic, at))[0] for at in (NINE + HOUR, NINE + DAY)]
    assert [row.verdict for row in rows] == verdict
    assert rows[0].body == limit
    assert verdicts(desk.take((ben, visit, clinic, NINE + HOUR))) == ["booked"]


def test_appointment_book_time_lets_parties_share_a_start(desk: Desk, ada: int, ben: int) -> None:
    clinic = desk.provider()
    group = desk.visit(clinic, capacity=5, party_max=3)
    _, first = desk.taken(ada, group, clinic, NINE, size=3)
    assert verdicts(desk.take((ben, group, clinic, NINE), size=3)) == ["slot_taken"]
    assert verdicts(desk.take((ben, group, clinic, NINE), size=4)) == ["party_too_large"]
    _, second = desk.taken(ben, group, 0, NINE, size=2)
    assert first == second
    assert desk.one("SELECT booked FROM slot WHERE id = %s", first) == 5
    assert desk.run("invariants_broken") == []


def test_appointment_book_time_makes_one_slot_for_many_at_once(desk: Desk) -> None:
    clinic = desk.provider()
    group = desk.visit(clinic, capacity=4)
    people = [desk.account() for _ in range(6)]
    rows = desk.take(*((one, group, clinic, NINE) for one in people))
    assert verdicts(rows) == ["booked"] + ["again"] * 5
    rows = desk.take(*((one, group, clinic, NINE) for one in people[1:]))
    assert verdicts(rows) == ["booked"] * 3 + ["again"] * 2
    assert verdicts(desk.take((people[4], group, clinic, NINE))) == ["slot_taken"]
    count = desk.one("SELECT count(*) FROM slot WHERE provider_id = %s", clinic)
    assert count == 1


def test_appointment_book_time_gives_those_at_one_start_different_providers(desk: Desk) -> None:
    clinics = [desk.provider() for _ in range(5)]
    visit = desk.visit(*clinics)
    people = [desk.account() for _ in range(6)]
    rows = desk.take(*((one, visit, 0, NINE) for one in people))
    assert verdicts(rows) == ["booked"] * 5 + ["again"]
    assert verdicts(desk.take((people[5], visit, 0, NINE))) == ["slot_taken"]
    desk.cursor.execute("SELECT provider_id FROM slot WHERE service_id = %s", [visit])
    assert sorted(row.provider_id for row in desk.cursor.fetchall()) == clinics


def test_appointment_book_time_shares_by_weight(desk: Desk, ada: int) -> None:
    clinics = [desk.provider() for _ in range(4)]
    visit = desk.visit(*clinics, weights=[200, 100, 100, 50], duration_minutes=1, step_minutes=1)
    for n in range(90):
        desk.taken(ada, visit, 0, NINE + n * MINUTE)
    desk.cursor.execute(
        "SELECT count(*) FROM slot WHERE service_id = %s GROUP BY provider_id ORDER BY provider_id",
        [visit],
    )
    assert [row.count for row in desk.cursor.fetchall()] == [40, 20, 20, 10]


def test_appointment_book_time_takes_one_free_of_each_role(desk: Desk, ada: int) -> None:
    clinic, one, other = (desk.provider() for _ in range(3))
    visit = desk.visit(clinic, needs={"room": [one, other]})
    desk.slot(provider_id=one, start=NINE)
    appointment, slot_id = desk.taken(ada, visit, clinic, NINE)
    desk.cursor.execute("SELECT provider_id, booked FROM slot WHERE lead_slot_id = %s", [slot_id])
    assert desk.cursor.fetchall() == [(other, 1)]
    desk.slot(provider_id=one, start=NINE + HOUR)
    desk.slot(provider_id=other, start=NINE + HOUR)
    [row] = desk.take((ada, visit, clinic, NINE + HOUR))
    assert (row.verdict, row.body.partition("\n")[0]) == ("slot_taken", "room")
    assert desk.one("SELECT count(*) FROM slot WHERE provider_id = %s", clinic) == 1
    desk.end(appointment, who=ada)
    live = "SELECT count(*) FROM slot WHERE service_id = %s AND deleted_at IS NULL"
    assert desk.one(live, visit) == 0
    assert desk.run("invariants_broken") == []


OVERRIDES: list[tuple[str, dict[str, Any], timedelta]] = [
    ("closed", {}, 9 * HOUR),
    ("lead", {"lead_minutes": 60 * 24 * 300}, HOUR),
    ("horizon", {"horizon_days": 1}, HOUR),
    ("grid", {}, HOUR + MINUTE),
    ("limit", {"per_day": 1}, 3 * HOUR),
    ("buffer", {"buffer_before_minutes": 30}, HOUR),
    ("overlap", {}, timedelta(0)),
]


@pytest.mark.parametrize(("name", "rules", "after"), OVERRIDES, ids=[one[0] for one in OVERRIDES])
def test_appointment_book_time_lets_staff_override_by_name(
    desk: Desk, ada: int, ben: int, name: str, rules: dict[str, Any], after: timedelta
) -> None:
    clinic = desk.provider()
    plain, visit = desk.visit(clinic), desk.visit(clinic, **rules)
    service_id = visit if name == "limit" else plain
    desk.taken(ben, service_id, clinic, NINE)
    wish = (ada, visit, clinic, NINE + after)
    boss = desk.account(role="admin")
    others = ",".join(one for one, *_ in OVERRIDES if one not in (name, "overlap", "buffer"))
    asked: dict[str, Any] = {"who": boss, "staff_of": ALL, "reason": "a patient in pain"}
    [row] = desk.take(wish, override=others, **asked)
    assert row.verdict not in ("booked", "forbidden")
    [row] = desk.take(wish, override=name, **asked)
    assert row.verdict == "booked"
    noted = "SELECT overrides FROM appointment_history WHERE actor_id = %s"
    assert desk.one(noted, boss) == [name]


def test_appointment_book_time_keeps_what_overlaps_busy(desk: Desk, ada: int, ben: int) -> None:
    clinic = desk.provider()
    visit = desk.visit(clinic, step_minutes=30)
    boss = desk.account(role="admin")
    asked: dict[str, Any] = {"who": boss, "staff_of": ALL, "reason": "x", "override": "overlap"}
    desk.taken(ben, visit, clinic, NINE)
    desk.taken(ben, visit, clinic, NINE + 30 * MINUTE, **asked)
    assert verdicts(desk.take((ada, visit, clinic, NINE + HOUR))) == ["slot_taken"]
    assert verdicts(desk.take((ada, visit, clinic, NINE + 90 * MINUTE))) == ["booked"]


def test_appointment_book_time_is_for_staff_of_that_calendar_when_for_others(
    desk: Desk, ada: int
) -> None:
    clinic, elsewhere = desk.provider(), desk.provider()
    visit = desk.visit(clinic)
    staff = desk.account(role="provider", provider_id=elsewhere)
    wish = (ada, visit, clinic, NINE)
    assert verdicts(desk.take(wish, who=staff, staff_of=elsewhere)) == ["no_customer"]
    desk.book((ada, desk.slot(provider_id=elsewhere)))
    assert verdicts(desk.take(wish, who=staff, staff_of=elsewhere)) == ["forbidden"]
    assert verdicts(desk.take(wish, who=staff, staff_of=ALL)) == ["booked"]


def test_appointment_book_time_answers_a_key_again(desk: Desk, ada: int) -> None:
    clinic = desk.provider()
    wish = (ada, desk.visit(clinic), clinic, NINE)
    keyed = {"key": ["k"], "fingerprint": ["f"]}
    [first], [again] = desk.take(wish, **keyed), desk.take(wish, **keyed)
    assert (again.verdict, again.body) == ("replayed", first.body)
    [other] = desk.take(wish, key=["k"], fingerprint=["g"])
    assert other.verdict == "key_reused"


def test_appointment_book_time_lets_a_person_into_a_group_once(desk: Desk, ada: int) -> None:
    clinic = desk.provider()
    group = desk.visit(clinic, capacity=4)
    wish = (ada, group, clinic, NINE)
    appointment, _ = desk.taken(*wish)
    assert verdicts(desk.take(wish)) == ["already_booked"]
    asked = {"service_id": group, "provider_id": clinic, "starts_at": NINE, "size": 1}
    [told] = desk.explain(ada, **asked)
    assert told.refusals == ["already_booked"]
    desk.end(appointment, who=ada)
    assert verdicts(desk.take(wish)) == ["booked"]


def test_appointment_book_time_counts_what_was_kept_of_a_day(desk: Desk, ada: int) -> None:
    clinic = desk.provider()
    visit = desk.visit(clinic, per_customer_day=1, per_customer_open=1)
    appointment, _ = desk.taken(ada, visit, clinic, NINE)
    desk.end(appointment, who=ada, staff_of=ALL, action=FULFILL)
    rows = [desk.take((ada, visit, clinic, at))[0] for at in (NINE + HOUR, NINE + DAY)]
    assert verdicts([rows[0]]) == ["limit_reached"]
    assert verdicts([rows[1]]) == ["booked"]


def test_appointment_book_time_refuses_all_at_once_where_nobody_is_left(
    desk: Desk, ada: int, ben: int
) -> None:
    clinic, other = desk.provider(), desk.provider()
    visit, nobodys = desk.visit(clinic, other), desk.visit()
    desk.taken(ada, visit, clinic, NINE)
    desk.taken(ada, visit, other, NINE)
    late = [(one, visit, 0, NINE) for one in (ada, ben, ben)]
    assert verdicts(desk.take(*late)) == ["slot_taken"] * 3
    assert (
        verdicts(desk.take((ada, nobodys, 0, NINE), (ben, nobodys, 0, NINE))) == ["not_offered"] * 2
    )


def test_appointment_book_time_counts_a_turn_for_each_start(desk: Desk, ada: int, ben: int) -> None:
    group = desk.visit(desk.provider(), capacity=4)
    appointments = [desk.taken(who, group, 0, NINE)[0] for who in (ada, ben)]
    assert desk.served(group) == [1]
    for one, who in zip(appointments, (ada, ben), strict=True):
        desk.end(one, who=who)
    assert desk.served(group) == [0]


@pytest.mark.parametrize("rules", [{"per_customer_day": 1}, {"per_customer_open": 1}, {}])
def test_appointment_book_time_notes_each_limit_that_staff_override(
    desk: Desk, ada: int, rules: dict[str, Any]
) -> None:
    clinic = desk.provider()
    visit, boss = desk.visit(clinic, **rules), desk.account(role="admin")
    desk.taken(ada, visit, clinic, NINE)
    asked: dict[str, Any] = {"who": boss, "staff_of": ALL, "reason": "x", "max_open": 1}
    wish = (ada, visit, clinic, NINE + HOUR)
    assert verdicts(desk.take(wish, **asked)) == ["limit_reached"]
    [row] = desk.take(wish, override="limit,grid", **asked)
    noted = "SELECT overrides FROM appointment_history WHERE actor_id = %s"
    assert (row.verdict, desk.one(noted, boss)) == ("booked", ["limit"])


def test_appointment_book_time_decides_several_starts_for_who_asks_for_anybody(
    desk: Desk, ada: int, ben: int
) -> None:
    clinics = [desk.provider() for _ in range(3)]
    visit = desk.visit(*clinics, weights=(200, 100, 50))
    wishes = [(one, visit, 0, NINE + n * HOUR) for n, one in enumerate([ada, ben] * 4)]
    assert verdicts(desk.take(*wishes[:4])) == ["booked"] * 3 + ["again"]
    # Whoever has served half as much as others has to be asked once more before they are.
    assert verdicts(desk.take(*wishes[3:6])) == ["booked", "booked", "again"]
    assert verdicts(desk.take(*wishes[5:6])) == ["booked"]
    desk.cursor.execute(
        "SELECT served FROM service_provider WHERE service_id = %s ORDER BY provider_id", [visit]
    )
    assert [float(row.served) for row in desk.cursor.fetchall()] == [1.5, 2, 2]
    early = (ada, visit, 0, NINE - HOUR)
    assert verdicts(desk.take(early, *wishes[6:7])) == ["closed", "booked"]
