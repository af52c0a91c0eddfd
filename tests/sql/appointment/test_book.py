"""sql/queries/appointment/book.sql"""

import json
from datetime import UTC, datetime

from tests.sql.desk import ALL, NINE, Desk, verdicts

PAST = datetime(2020, 1, 1, tzinfo=UTC)


def test_appointment_book_answers_with_the_document(desk: Desk, ada: int) -> None:
    slot_id = desk.slot()
    [row] = desk.book((ada, slot_id), notes="Hello")
    document = json.loads(row.body)
    assert list(document) == ["id", "slot", "user", "notes", "status"]
    assert list(document["slot"]) == ["id", "start_time", "end_time", "provider"]
    assert (document["notes"], document["status"], row.version) == ("Hello", "booked", 1)


def test_appointment_book_expanded_shows_the_slot_as_it_is_now(desk: Desk, ada: int) -> None:
    [row] = desk.book((ada, desk.slot(capacity=2)), expand=True)
    assert json.loads(row.body)["slot"]["remaining"] == 1


def test_appointment_book_counts_and_records(desk: Desk, ada: int) -> None:
    slot_id = desk.slot(capacity=3)
    desk.book((ada, slot_id), (ada, slot_id))
    desk.cursor.execute("SELECT booked, version FROM slot WHERE id = %s", [slot_id])
    assert desk.cursor.fetchone() == (2, 2)
    desk.cursor.execute(
        "SELECT action, actor_id, from_slot_id, to_status FROM appointment_history"
        " WHERE to_slot_id = %s",
        [slot_id],
    )
    assert desk.cursor.fetchall() == [("book", ada, None, "booked")] * 2


def test_appointment_book_takes_a_place_that_was_given_back(desk: Desk, ada: int) -> None:
    slot_id = desk.slot(capacity=3)
    first, second, third = (desk.appointment(ada, slot_id) for _ in range(3))
    desk.end(second, who=ada)
    fourth = desk.appointment(ada, slot_id)
    desk.cursor.execute("SELECT id, place FROM appointment WHERE slot_id = %s", [slot_id])
    assert dict(desk.cursor.fetchall()) == {first: 1, second: 2, third: 3, fourth: 2}


def test_appointment_book_judges_each_item_by_itself(desk: Desk, ada: int, ben: int) -> None:
    free, full, closed, gone = desk.slots(4)
    desk.appointment(ben, full)
    desk.change(closed, closed=True)
    desk.change(gone, deleted=True)
    wishes = [0, desk.slot(start=PAST), full, closed, gone, free]
    assert verdicts(desk.book(*((ada, slot_id) for slot_id in wishes))) == [
        "no_slot",
        "slot_in_past",
        "slot_taken",
        "slot_taken",
        "no_slot",
        "booked",
    ]


def test_appointment_book_serves_one_slot_in_the_order_of_the_items(
    desk: Desk, ada: int, ben: int
) -> None:
    slot_id = desk.slot(capacity=2)
    rows = desk.book((ada, slot_id), (ben, slot_id), (ada, slot_id), (ben, slot_id))
    assert verdicts(rows) == ["booked", "booked", "slot_taken", "slot_taken"]
    ids = [json.loads(row.body)["id"] for row in rows[:2]]
    assert ids == sorted(ids)


def test_appointment_book_tells_two_equal_items_apart(desk: Desk, ada: int) -> None:
    slot_id = desk.slot()
    assert verdicts(desk.book((ada, slot_id), (ada, slot_id))) == ["booked", "slot_taken"]


def test_appointment_book_offers_three_next_free_slots(desk: Desk, ada: int, ben: int) -> None:
    wanted, full, second, third, asked, fourth, fifth = desk.slots(7)
    desk.book((ben, wanted), (ben, full))
    rows = desk.book((ada, wanted), (ada, asked))
    assert verdicts(rows) == ["slot_taken", "booked"]
    offered = [slot["id"] for slot in json.loads(rows[0].body)]
    assert offered == [second, third, fourth], "not what a neighbour in the set asks for"
    assert fifth not in offered


def test_appointment_book_offers_others_to_who_loses_beside_a_roomier_slot(
    desk: Desk, ada: int, ben: int
) -> None:
    narrow, following = desk.slots(2)
    roomy = desk.slot(capacity=2)
    rows = desk.book((ada, narrow), (ben, narrow), (ada, roomy), (ben, roomy))
    assert verdicts(rows) == ["booked", "slot_taken", "booked", "booked"]
    assert [slot["id"] for slot in json.loads(rows[1].body)] == [following]


def test_appointment_book_offers_nothing_when_nothing_is_free(desk: Desk, ada: int) -> None:
    slot_id = desk.slot()
    rows = desk.book((ada, slot_id), (ada, slot_id))
    assert rows[1].body is None


def test_appointment_book_keeps_the_limit(desk: Desk, ada: int, ben: int) -> None:
    one, two, three, four = desk.slots(4)
    assert verdicts(desk.book((ada, one), (ben, two), max_open=1)) == ["booked", "booked"]
    assert verdicts(desk.book((ada, three), max_open=1)) == ["limit_reached"]
    assert verdicts(desk.book((ada, three), max_open=2)) == ["booked"]
    assert verdicts(desk.book((ada, four), max_open=0)) == ["booked"]


def test_appointment_book_puts_off_what_a_neighbour_may_leave_room_for(
    desk: Desk, ada: int
) -> None:
    slots = desk.slots(4)
    rows = desk.book(*((ada, slot_id) for slot_id in (0, *slots)), max_open=2)
    assert verdicts(rows) == ["no_slot", "booked", "booked", "again", "again"]
    again = desk.book(*((ada, slot_id) for slot_id in slots[2:]), max_open=2)
    assert verdicts(again) == ["limit_reached", "limit_reached"]


def test_appointment_book_counts_only_what_is_coming_and_booked(desk: Desk, ada: int) -> None:
    one, two, three = desk.slots(3)
    appointment = desk.appointment(ada, one)
    assert verdicts(desk.book((ada, two), max_open=1)) == ["limit_reached"]
    desk.cursor.execute(
        "UPDATE slot SET starts_at = '2020-01-01', ends_at = '2020-01-02' WHERE id = %s", [one]
    )
    assert verdicts(desk.book((ada, two), max_open=1)) == ["booked"]
    assert verdicts(desk.end(appointment, who=ada, staff_of=ALL)) == ["ended"]
    assert verdicts(desk.book((ada, three), max_open=1)) == ["limit_reached"]


def test_appointment_book_gives_a_person_as_many_places_as_the_slot_allows(
    desk: Desk, ada: int, ben: int
) -> None:
    once, twice = (desk.slot(capacity=4, per_person=allowed) for allowed in (1, 2))
    assert verdicts(desk.book((ada, once), (ada, once), (ben, once))) == [
        "booked",
        "again",
        "booked",
    ]
    assert verdicts(desk.book((ada, once))) == ["already_booked"]
    assert verdicts(desk.book(*[(ada, twice)] * 3)) == ["booked", "booked", "again"]
    assert verdicts(desk.book((ada, twice), (ben, twice))) == ["already_booked", "booked"]
    assert verdicts(desk.book((ben, twice), (ben, twice))) == ["booked", "again"]


def test_appointment_book_serves_the_first_of_ones_own_wishes_however_many_there_are(
    desk: Desk, ada: int, ben: int
) -> None:
    slot_id = desk.slot(capacity=3, per_person=1)
    rows = desk.book(*[(ada, slot_id), (ben, slot_id)] * 30)
    assert verdicts(rows) == ["booked", "booked"] + ["again"] * 58


def test_appointment_book_forgets_the_places_that_somebody_gave_back(desk: Desk, ada: int) -> None:
    slot_id = desk.slot(capacity=3, per_person=1)
    first = desk.appointment(ada, slot_id)
    assert verdicts(desk.end(first, who=ada)) == ["ended"]
    assert verdicts(desk.book((ada, slot_id))) == ["booked"]


def test_appointment_book_has_room_for_the_whole_of_a_party(desk: Desk, ada: int, ben: int) -> None:
    clinic = desk.provider()
    _, group = desk.taken(ada, desk.visit(clinic, capacity=4, party_max=3), clinic, NINE, size=3)
    assert verdicts(desk.book((ben, group), (desk.account(), group))) == ["booked", "slot_taken"]
    assert desk.run("invariants_broken") == []
