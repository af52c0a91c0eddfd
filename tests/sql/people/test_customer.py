"""sql/queries/people/customer.sql"""

import json
from typing import Any

import psycopg2.errors
import pytest

from tests.sql.desk import ALL, Desk

NOBODY = 10**15
SAID = {
    "name": "Grace",
    "email": "grace@example.org",
    "phone": "+49 170 1234",
    "time_zone": "UTC",
    "language": "en",
}


def _page(desk: Desk, name: str, after_id: int, **asked: Any) -> tuple[list[int], Any]:
    given = {"staff_of": ALL, "limit": 10, "most_looks": 100} | asked
    [row] = desk.run(name, after_id=after_id, **given)
    return [one["id"] for one in json.loads(row.body)], row.last_id


def test_customer_create_keeps_what_is_said(desk: Desk) -> None:
    provider_id = desk.provider()
    [row] = desk.run("customer_create", **SAID, made_by=provider_id, words=["grace"])
    body = json.loads(row.body)
    assert body.items() >= (SAID | {"username": None, "made_by": provider_id}).items()
    assert set(body) == {"id", "username", "created_at", "made_by", *SAID}
    [row] = desk.run("customer_create", **SAID, made_by=0, words=["grace"])
    assert json.loads(row.body)["made_by"] is None


@pytest.mark.parametrize(
    "change",
    [
        "password_hash = 'x'",
        "role = 'admin'",
        "name = NULL",
        "username = 'x'",
    ],
)
def test_customer_create_makes_nobody_who_could_log_in(desk: Desk, change: str) -> None:
    who = desk.person("Grace")
    with pytest.raises(psycopg2.errors.CheckViolation, match="account_logs_in_or_is_named"):
        desk.cursor.execute(f"UPDATE account SET {change} WHERE id = %s", [who])


def test_customer_get_shows_whom_one_may_see(desk: Desk, ada: int, ben: int) -> None:
    one, other = desk.provider(), desk.provider()
    made = desk.person("Grace", made_by=one)
    first, second = desk.slots(2, provider_id=one)
    desk.appointment(ada, first)
    gone = desk.appointment(ben, second)
    desk.end(gone, who=ben)

    def seen(staff_of: int) -> list[int]:
        asked = (made, ada, ben)
        return [
            who for who in asked if desk.run("customer_get", customer_id=who, staff_of=staff_of)
        ]

    assert seen(one) == [made, ada, ben]
    assert seen(other) == seen(0) == []
    assert seen(ALL) == [made, ada, ben]


def test_customer_get_shows_whoever_had_an_appointment_that_has_moved_away(
    desk: Desk, ada: int
) -> None:
    one, other = desk.provider(), desk.provider()
    home, target = desk.slot(provider_id=one), desk.slot(provider_id=other)
    desk.move((desk.appointment(ada, home), home, target), who=ada)
    for staff_of in (one, other):
        assert desk.run("customer_get", customer_id=ada, staff_of=staff_of)


def test_customer_get_shows_no_staff(desk: Desk) -> None:
    provider_id = desk.provider()
    keeper = desk.account(role="provider", provider_id=provider_id)
    desk.appointment(keeper, desk.slot(provider_id=provider_id))
    for staff_of in (provider_id, ALL):
        assert desk.run("customer_get", customer_id=keeper, staff_of=staff_of) == []


def test_customer_lock_shows_the_same(desk: Desk) -> None:
    one = desk.provider()
    asked = {"customer_id": desk.person("Grace", made_by=one), "staff_of": one}
    assert desk.run("customer_lock", **asked) == desk.run("customer_get", **asked)
    assert desk.run("customer_lock", **asked | {"staff_of": desk.provider()}) == []


def test_customer_change_sets_everything(desk: Desk) -> None:
    who, other = desk.person("Before"), desk.person("Other")
    [row] = desk.run("customer_change", customer_id=who, **SAID, words=["grace"])
    assert json.loads(row.body).items() >= SAID.items()
    assert desk.one("SELECT words::text FROM account WHERE id = %s", who) == "'grace'"
    assert desk.one("SELECT name FROM account WHERE id = %s", other) == "Other"


def test_customer_list_goes_on_after_an_id(desk: Desk) -> None:
    one, other = desk.provider(), desk.provider()
    made = [desk.person("Grace", made_by=each) for each in (one, other, one, one)]
    own = [made[0], made[2], made[3]]
    before = made[0] - 1
    assert _page(desk, "customer_list", before, staff_of=one) == (own, None)
    assert _page(desk, "customer_list", before, staff_of=one, limit=2) == (own[:2], own[1])
    assert _page(desk, "customer_list", own[1], staff_of=one, limit=2) == (own[2:], None)
    assert _page(desk, "customer_list", before)[0] == made


def test_customer_list_ends_a_page_where_it_has_looked_at_enough(desk: Desk) -> None:
    one, other = desk.provider(), desk.provider()
    made = [desk.person("Grace", made_by=each) for each in (one, other, other, one)]
    looked = _page(desk, "customer_list", made[0] - 1, staff_of=one, most_looks=3)
    assert looked == ([made[0]], made[2])
    assert _page(desk, "customer_list", made[2], staff_of=one, most_looks=3) == ([made[3]], None)


def test_customer_find_has_those_with_such_words(desk: Desk) -> None:
    one, other = desk.provider(), desk.provider()
    made = [
        desk.person(name, made_by=each)
        for name, each in (("Xava Yott", one), ("Xavu Yat", one), ("Xav", other), ("Yott", one))
    ]
    before = made[0] - 1

    def found(words: str, after_id: int = before, **asked: Any) -> tuple[list[int], Any]:
        return _page(desk, "customer_find", after_id, words=words, **asked)

    assert found("'xav':*") == (made[:3], None)
    assert found("'xav':*", staff_of=one) == (made[:2], None)
    assert found("'xav':* & 'y':*") == (made[:2], None)
    assert found("'xav':* & 'yo':*") == (made[:1], None)
    assert found("'av':*") == ([], None)
    assert found("'xav':*", limit=2) == (made[:2], made[1])
    assert found("'xav':*", made[1], limit=2) == ([made[2]], None)
    assert found("'xav':*", staff_of=other, most_looks=2) == ([], made[1])
    assert found("'xav':*", made[1], staff_of=other, most_looks=2) == ([made[2]], None)


def test_customer_lock_both_has_the_customers_there_are(desk: Desk, ada: int) -> None:
    staff = desk.account(role="admin")
    assert desk.run("customer_lock_both", customer_id=[staff, ada]) == [(ada,)]
    assert desk.run("customer_lock_both", customer_id=[NOBODY, ada]) == [(ada,)]


def test_customer_merge_moves_all_and_leaves_nothing(desk: Desk, ada: int, ben: int) -> None:
    staff = desk.account(role="admin")
    slots = desk.slots(3)
    first, second = desk.appointment(ada, slots[0]), desk.appointment(ada, slots[1])
    desk.end(second, who=staff, staff_of=ALL)
    other = desk.appointment(ben, slots[2])
    for who, key in ((ada, "a"), (ada, "b"), (ben, "b")):
        kept = {"account_id": who, "key": key, "fingerprint": str(who)}
        desk.send("idempotency_keep", **kept, body="{}", version=1)
    desk.cursor.execute("UPDATE account SET phone = '110', name = 'A' WHERE id = %s", [ada])
    desk.cursor.execute("UPDATE account SET name = 'B' WHERE id = %s", [ben])
    desk.send("customer_merge", customer_id=ada, into_id=ben)

    def rows(text: str) -> list[Any]:
        desk.cursor.execute(text, {"ada": ada, "ben": ben})
        return list(desk.cursor.fetchall())

    owned = rows("SELECT id FROM appointment WHERE account_id = %(ben)s ORDER BY id")
    assert owned == [(first,), (second,), (other,)]
    actors = rows(
        "SELECT actor_id FROM appointment_history AS h JOIN appointment AS a"
        " ON a.id = h.appointment_id WHERE a.account_id = %(ben)s ORDER BY h.id"
    )
    assert actors == [(ben,), (ben,), (staff,), (ben,)]
    keys = rows("SELECT key, fingerprint FROM idempotency WHERE account_id = %(ben)s ORDER BY key")
    assert keys == [("a", str(ada)), ("b", str(ben))]
    assert rows("SELECT name, phone FROM account WHERE id = %(ben)s") == [("B", "110")]
    for table, column in (("account", "id"), ("idempotency", "account_id")):
        assert rows(f"SELECT 1 FROM {table} WHERE {column} = %(ada)s") == []
