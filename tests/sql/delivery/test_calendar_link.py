"""sql/queries/delivery/calendar_link.sql"""

import json

from tests.sql.desk import Desk
from tests.sql.samples_delivery import link


def digest(n: int) -> str:
    return f"{n:064x}"


def found(desk: Desk, n: int) -> list[int]:
    return [row.provider_id for row in desk.run("calendar_link_find", digest=digest(n))]


def test_calendar_link_create_makes_as_many_as_one_may_have(desk: Desk) -> None:
    ada, ben = desk.account(), desk.account()
    for n in range(2):
        [row] = desk.run("calendar_link_create", **link(ada, digest(n), most=2))
        assert row.verdict == "made"
    assert desk.run("calendar_link_create", **link(ada, digest(2), most=2)) == [
        ("limit_reached", None)
    ]
    [row] = desk.run("calendar_link_create", **link(ben, digest(3), most=2))
    assert row.verdict == "made"
    assert desk.run("calendar_link_create", **link(ben, digest(4), -1)) == [("no_provider", None)]


def test_calendar_link_list_has_ones_own_without_what_tells_the_token(desk: Desk) -> None:
    ada, ben, provider_id = desk.account(), desk.account(), desk.provider()
    desk.run("calendar_link_create", **link(ada, digest(1)))
    desk.run("calendar_link_create", **link(ada, digest(2), provider_id))
    [(body,)] = desk.run("calendar_link_list", account_id=ada)
    links = json.loads(body)
    assert [(one["of"], one["provider"]) for one in links] == [
        ("me", None),
        ("provider", provider_id),
    ]
    assert links[0].keys() == {"id", "of", "provider", "created_at", "last_used_at"}
    assert desk.run("calendar_link_list", account_id=ben) == [("[]",)]


def test_calendar_link_delete_takes_ones_own_alone(desk: Desk) -> None:
    ada, ben = desk.account(), desk.account()
    desk.run("calendar_link_create", **link(ada, digest(1)))
    link_id = desk.one("SELECT id FROM calendar_link WHERE token_sha256 = %s", digest(1))
    desk.send("calendar_link_delete", link_id=link_id, account_id=ben)
    assert found(desk, 1) == [0]
    desk.send("calendar_link_delete", link_id=link_id, account_id=ada)
    assert found(desk, 1) == []


def test_calendar_link_find_is_for_who_still_keeps_that_calendar(desk: Desk) -> None:
    provider_id = desk.provider()
    keeper = desk.account(role="provider", provider_id=provider_id)
    desk.run("calendar_link_create", **link(keeper, digest(1), provider_id))
    assert found(desk, 1) == [provider_id]
    other = desk.provider()
    for change, seen in (
        (f"provider_id = {other}", []),
        ("role = 'admin', provider_id = NULL", [provider_id]),
        ("role = 'customer'", []),
        (f"role = 'provider', provider_id = {provider_id}", [provider_id]),
        ("disabled_at = now()", []),
    ):
        desk.cursor.execute(f"UPDATE account SET {change} WHERE id = %s", [keeper])
        assert found(desk, 1) == seen, change


def test_calendar_link_use_notes_when(desk: Desk) -> None:
    desk.run("calendar_link_create", **link(desk.account(), digest(1)))
    [before] = desk.run("calendar_link_find", digest=digest(1))
    desk.send("calendar_link_use", link_id=before.id)
    [after] = desk.run("calendar_link_find", digest=digest(1))
    assert (before.unused, after.unused) == (True, False)
