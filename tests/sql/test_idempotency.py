"""Keys of requests: kept with what they answer, claimed by one at a time, forgotten in time."""

import pytest

from tests.sql.desk import Desk


def keep(desk: Desk, who: int, key: str) -> None:
    desk.send("idempotency_keep", account_id=who, key=key, fingerprint="f", body="{}", version=7)


def claim(desk: Desk, who: int, key: str, fingerprint: str = "f") -> tuple[object, ...]:
    [row] = desk.run("idempotency_claim", account_id=who, key=key, fingerprint=fingerprint)
    return tuple(row)


def test_idempotency_claim_finds_nothing_of_a_new_key(desk: Desk) -> None:
    assert claim(desk, desk.account(), "new") == (None, None, None)


def test_idempotency_keep_is_found_by_its_user_and_request_only(desk: Desk) -> None:
    ada, ben = desk.account(), desk.account()
    keep(desk, ada, "k")
    assert claim(desk, ada, "k") == ("replayed", "{}", 7)
    assert claim(desk, ada, "k", "another")[0] == "key_reused"
    assert claim(desk, ben, "k") == (None, None, None)


def test_idempotency_claim_is_refused_while_another_session_holds_the_key(
    desk: Desk, other: Desk
) -> None:
    ada = desk.account()
    assert claim(other, ada, "k")[0] is None
    assert claim(desk, ada, "k")[0] == "key_in_flight"
    other.cursor.connection.rollback()
    assert claim(desk, ada, "k")[0] is None


def test_idempotency_expire_forgets_the_oldest_and_no_more_than_it_was_told(desk: Desk) -> None:
    ada = desk.account()
    for key, hours in (("a", 30), ("b", 26), ("c", 25), ("d", 23)):
        keep(desk, ada, key)
        desk.cursor.execute(
            "UPDATE idempotency SET created_at = now() - make_interval(hours => %s)"
            " WHERE account_id = %s AND key = %s",
            [hours, ada, key],
        )
    desk.send("idempotency_expire", most=2)
    desk.cursor.execute(
        "SELECT string_agg(key, '' ORDER BY key) FROM idempotency WHERE account_id = %s", [ada]
    )
    assert desk.cursor.fetchall() == [("cd",)]


@pytest.mark.parametrize(("second", "verdict"), [("f", "replayed"), ("g", "key_reused")])
def test_appointment_book_answers_a_known_key_without_booking(
    desk: Desk, second: str, verdict: str
) -> None:
    ada, slot_id = desk.account(), desk.slot(capacity=3)
    [first] = desk.book((ada, slot_id), key=["k"], fingerprint=["f"])
    [again] = desk.book((ada, slot_id), key=["k"], fingerprint=[second])
    assert (first.verdict, again.verdict) == ("booked", verdict)
    if verdict == "replayed":
        assert (again.body, again.version) == (first.body, first.version)
    assert desk.one("SELECT booked FROM slot WHERE id = %s", slot_id) == 1


def test_appointment_book_decides_one_of_two_twins_in_a_set_and_the_other_later(
    desk: Desk,
) -> None:
    ada, slot_id = desk.account(), desk.slot(capacity=3)
    twins = desk.book((ada, slot_id), (ada, slot_id), key=["k", "k"], fingerprint=["f", "f"])
    assert [row.verdict for row in twins] == ["booked", "again"]


def test_appointment_book_keeps_no_key_of_a_refusal(desk: Desk) -> None:
    ada, slot_id = desk.account(), desk.slot()
    desk.book((desk.account(), slot_id))
    [refused] = desk.book((ada, slot_id), key=["k"], fingerprint=["f"])
    assert refused.verdict == "slot_taken"
    assert claim(desk, ada, "k") == (None, None, None)
