"""sql/queries/people/account.sql"""

import itertools

import psycopg2.errors
import pytest

from service.values.names import username_key
from tests.sql.desk import Desk

_COUNTER = itertools.count(10**6)


def test_account_create_returns_what_the_client_hears(desk: Desk) -> None:
    [row] = desk.run(
        "account_create",
        username="Grace",
        username_key="grace",
        email="grace@example.org",
        password_hash="secret",
        role="customer",
        provider_id=0,
        words=[],
    )
    assert tuple(row) == (row.id, "Grace", "grace@example.org")


def test_account_create_refuses_a_key_that_somebody_has(desk: Desk) -> None:
    who = {"email": "e", "password_hash": "-", "role": "customer", "provider_id": 0} | {"words": []}
    desk.run("account_create", username="Ünal", username_key="ünal", **who)
    with pytest.raises(psycopg2.errors.UniqueViolation, match="account_username_unique"):
        desk.run("account_create", username="üNAL", username_key="ünal", **who)


def test_account_create_ties_a_provider_to_its_calendar(desk: Desk) -> None:
    provider_id = desk.provider()
    who = desk.account(role="provider", provider_id=provider_id)
    assert desk.one("SELECT provider_id FROM account WHERE id = %s", who) == provider_id


def test_account_by_username_goes_by_the_key(desk: Desk) -> None:
    who, key = desk.account(), f"desk{next(_COUNTER)}"
    desk.run("account_rename", account_id=who, username="Whatever", username_key=key)
    [row] = desk.run("account_by_username", username="another", username_key=key)
    assert tuple(row) == (who, "Whatever", "-", "customer", 0, False)
    assert desk.run("account_by_username", username="Whatever", username_key="no") == []


def test_account_by_username_prefers_the_very_spelling_of_whoever_has_no_key(desk: Desk) -> None:
    older, younger = desk.account(), desk.account()
    key = desk.one("SELECT username_key FROM account WHERE id = %s", older)
    desk.run("account_rename", account_id=younger, username=key.upper(), username_key="")
    desk.run("account_set_key", account_id=younger, username_key="")
    for typed, found in ((key.upper(), younger), (key.title(), older), (key, older)):
        [row] = desk.run("account_by_username", username=typed, username_key=key)
        assert row.id == found, typed


def test_account_rename_refuses_the_key_of_another(desk: Desk) -> None:
    who, other = desk.account(), desk.account()
    key = desk.one("SELECT username_key FROM account WHERE id = %s", other)
    assert desk.run("account_rename", account_id=0, username="x", username_key="x") == []
    with pytest.raises(psycopg2.errors.UniqueViolation, match="account_username_unique"):
        desk.run("account_rename", account_id=who, username="x", username_key=key)


def test_account_of_key_finds_nobody_once_account_set_key_took_it(desk: Desk) -> None:
    who = desk.account()
    name = desk.one("SELECT username FROM account WHERE id = %s", who)
    assert desk.run("account_of_key", username_key=name) == [(who, name)]
    desk.run("account_set_key", account_id=who, username_key="")
    assert desk.run("account_of_key", username_key=name) == []


def test_account_set_key_gives_and_takes(desk: Desk) -> None:
    who = desk.account()
    for given, kept in (("a", "a"), ("", None)):
        assert desk.run("account_set_key", account_id=who, username_key=given) == [(who,)]
        assert desk.one("SELECT username_key FROM account WHERE id = %s", who) == kept
    assert desk.run("account_set_key", account_id=0, username_key="x") == []


def test_account_without_key_goes_on_after_a_username(desk: Desk) -> None:
    three = [desk.account() for _ in range(3)]
    for who, name in zip(three, ("~a", "~é", "~ё"), strict=True):
        desk.run("account_rename", account_id=who, username=name, username_key=name)
        desk.run("account_set_key", account_id=who, username_key="")
    page = desk.run("account_without_key", after="~", limit=2)
    assert page == [(three[0], "~a"), (three[1], "~é")]
    assert desk.run("account_without_key", after="~é", limit=2) == [(three[2], "~ё")]


def test_account_keys_that_sql_makes_are_those_of_python(desk: Desk) -> None:
    """Of all of ASCII, as the migration makes them, and of rows that come without one."""
    for name in ("".join(map(chr, range(33, 80))), "".join(map(chr, range(80, 127)))):
        desk.cursor.execute(
            "INSERT INTO account (username, email, password_hash) VALUES (%s, 'e', '-')"
            " RETURNING username_key",
            [name],
        )
        assert desk.cursor.fetchone() == (username_key(name),)
        assert desk.one('SELECT lower(%s COLLATE "C")', name) == username_key(name)


def test_account_get_returns_one_account(desk: Desk) -> None:
    who = desk.account()
    [row] = desk.run("account_get", account_id=who)
    assert row._asdict() == {
        "id": who,
        "username": row.username,
        "email": "desk@example.org",
        "role": "customer",
    }
    assert desk.run("account_get", account_id=0) == []


def test_account_password_hash_is_that_of_one_account(desk: Desk) -> None:
    assert [tuple(row) for row in desk.run("account_password_hash", account_id=desk.account())] == [
        ("-",)
    ]
    assert desk.run("account_password_hash", account_id=0) == []


def test_account_change_password_needs_the_hash_that_was_checked(desk: Desk) -> None:
    who = desk.account()
    change = {"account_id": who, "old_hash": "-", "new_hash": "new"}
    assert [row.id for row in desk.run("account_change_password", **change)] == [who]
    assert desk.run("account_change_password", **change) == []
    assert desk.run("account_password_hash", account_id=who)[0].password_hash == "new"


def test_account_list_goes_by_id_role_and_state(desk: Desk) -> None:
    one, two = desk.account(), desk.account()
    keeper = desk.account(role="provider", provider_id=desk.provider())
    desk.run("account_set_disabled", account_id=two, disabled=True)
    page = {"after_id": one - 1, "limit": 2, "role": "", "disabled": False}
    assert [row.id for row in desk.run("account_list", **page)] == [one, two]
    assert [row.id for row in desk.run("account_list", **page | {"role": "provider"})] == [keeper]
    [row] = desk.run("account_list", **page | {"disabled": True})
    assert (row.id, row.provider_id, row.disabled_at is None) == (two, 0, False)


def test_account_set_role_changes_the_calendar_with_it(desk: Desk) -> None:
    who, provider_id = desk.account(), desk.provider()
    name = desk.one("SELECT username FROM account WHERE id = %s", who)
    wanted = {"account_id": who, "role": "provider", "provider_id": provider_id}
    assert desk.run("account_set_role", **wanted) == [(who, name)]
    named = {"username": name, "username_key": name}
    assert desk.run("account_by_username", **named)[0][3:5] == ("provider", provider_id)
    desk.run("account_set_role", account_id=who, role="admin", provider_id=0)
    assert desk.run("account_by_username", **named)[0][3:5] == ("admin", 0)
    assert desk.run("account_set_role", account_id=0, role="admin", provider_id=0) == []


def test_account_set_password_needs_no_old_one(desk: Desk) -> None:
    who = desk.account()
    name = desk.one("SELECT username FROM account WHERE id = %s", who)
    assert desk.run("account_set_password", account_id=who, password_hash="new") == [(who, name)]
    assert desk.run("account_password_hash", account_id=who)[0].password_hash == "new"
    assert desk.run("account_set_password", account_id=0, password_hash="x") == []


def test_account_set_disabled_keeps_the_first_instant_and_can_be_undone(desk: Desk) -> None:
    who = desk.account()
    name = desk.one("SELECT username FROM account WHERE id = %s", who)
    since = "SELECT disabled_at FROM account WHERE id = %s"
    desk.run("account_set_disabled", account_id=who, disabled=True)
    desk.cursor.execute("UPDATE account SET disabled_at = '2026-01-01 00:00Z' WHERE id = %s", [who])
    desk.run("account_set_disabled", account_id=who, disabled=True)
    assert desk.one(since, who).year == 2026
    assert desk.run("account_by_username", username=name, username_key=name)[0].disabled is True
    desk.run("account_set_disabled", account_id=who, disabled=False)
    assert desk.one(since, who) is None
    assert desk.run("account_set_disabled", account_id=0, disabled=True) == []


def test_account_list_has_those_who_log_in(desk: Desk) -> None:
    who, other = desk.account(), desk.person("Grace")
    rows = desk.run("account_list", role="customer", disabled=False, after_id=who - 1, limit=10)
    assert who in [row.id for row in rows]
    assert other not in [row.id for row in rows]


def test_account_told_is_all_that_somebody_is_searched_by(desk: Desk) -> None:
    who = desk.person("Grace", phone="+49 170 1")
    assert desk.run("account_told", account_id=who) == [(None, "Grace", None, "+49 170 1")]
    assert desk.run("account_told", account_id=0) == []


def test_account_without_words_goes_on_after_an_id(desk: Desk) -> None:
    one, other, third = (desk.person(name) for name in ("One", "Other", "Third"))
    desk.cursor.execute("UPDATE account SET words = NULL WHERE id IN (%s, %s)", [one, third])
    rows = desk.run("account_without_words", after_id=one - 1, limit=10)
    assert [(row.id, row.name) for row in rows] == [(one, "One"), (third, "Third")]
    assert other not in [row.id for row in rows]
    assert [row.id for row in desk.run("account_without_words", after_id=one, limit=1)] == [third]


def test_account_set_words_is_what_somebody_is_found_by(desk: Desk) -> None:
    one, other = desk.person("One"), desk.person("Other")
    desk.run("account_set_words", account_id=one, words=["xylo", "phon"])
    for begin, found in (("xyl", [one]), ("one", []), ("xylophon", [])):
        rows = desk.one(
            "SELECT array_agg(id) FROM account WHERE words @@ %s::tsquery AND id IN (%s, %s)",
            f"'{begin}':*", one, other,
        )  # fmt: skip
        assert (rows or []) == found
