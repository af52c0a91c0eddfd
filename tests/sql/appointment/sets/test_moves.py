"""sql/queries/appointment/sets/moves.sql"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tests.sql.desk import HOUR, NINE, Desk

Step = tuple[int, int, int | datetime]


def put_aside(desk: Desk, *sets: Sequence[Step], key: str = "", who: int = 0) -> list[Any]:
    """Each step is (appointment, from slot, to slot or start)."""
    flat = [(n, *step) for n, one in enumerate(sets, 1) for step in one]
    timed = [isinstance(step[3], datetime) for step in flat]
    return desk.run(
        "moves_put_aside",
        of_set=[step[0] for step in flat],
        appointment_id=[step[1] for step in flat],
        from_slot_id=[step[2] for step in flat],
        to_slot_id=[0 if at else step[3] for step, at in zip(flat, timed, strict=True)],
        provider_id=[0] * len(flat),
        starts_at=[step[3] if at else None for step, at in zip(flat, timed, strict=True)],
        account_id=[who] * len(sets),
        key=[key] * len(sets),
        fingerprint=["f"] * len(sets),
        no_overlap=False,
    )


def seats(desk: Desk, who: int, count: int, **options: Any) -> list[tuple[int, int]]:
    """Appointments with their slots."""
    slots = desk.slots(count, **options)
    return [(desk.appointment(who, one), one) for one in slots]


def test_moves_put_aside_makes_room_where_somebody_of_the_set_comes(desk: Desk, ada: int) -> None:
    (one, here), (two, there), *_ = seats(desk, ada, 3)
    empty = desk.slot()
    [row] = put_aside(desk, [(one, here, there), (two, there, empty)])
    assert (row.verdict, row.grown_ids, row.rooms) == (None, [there], [1])
    assert desk.one("SELECT min(place) FROM appointment WHERE id IN (%s, %s)", one, two) == 2
    aside = "SELECT is_aside(id, slot_id) FROM appointment WHERE id = %s"
    assert [desk.one(aside, each) for each in (one, two)] == [True, True]
    desk.move((two, there, empty), who=ada)
    assert [desk.one(aside, each) for each in (one, two)] == [True, False]
    assert desk.one("SELECT capacity FROM slot WHERE id = %s", here) == 1, "nobody comes there"


def test_moves_put_aside_takes_times_out_of_the_way(desk: Desk, ada: int) -> None:
    clinic, room = desk.provider(), desk.provider()
    visit = desk.visit(clinic, needs={"room": [room]})
    one, here = desk.taken(ada, visit, clinic, NINE)
    two, there = desk.taken(ada, visit, clinic, NINE + HOUR)
    [row] = put_aside(desk, [(one, here, NINE + HOUR), (two, there, NINE)])
    assert (row.verdict, row.grown_ids) == (None, [])
    live = "SELECT count(*) FROM slot WHERE provider_id IN (%s, %s) AND deleted_at IS NULL"
    assert desk.one(live, clinic, room) == 0


def test_moves_put_aside_lets_sets_that_touch_each_other_come_again(desk: Desk, ada: int) -> None:
    clinic = desk.provider()
    visit = desk.visit(clinic)
    ben, cyd = desk.account(), desk.account()
    (one, here), (two, there) = *seats(desk, ada, 1), *seats(desk, ben, 1)
    hers, nine = desk.taken(cyd, visit, clinic, NINE)
    his, ten = desk.taken(desk.account(), visit, clinic, NINE + HOUR)
    empty = desk.slot()
    sets = (
        [(one, here, empty)],
        [(two, there, empty)],
        [(hers, nine, NINE + 2 * HOUR)],
        [(his, ten, NINE)],
    )
    assert [row.verdict for row in put_aside(desk, *sets)] == [None, "again", None, "again"]


def test_moves_put_aside_does_nothing_where_one_has_left_or_the_key_is_known(
    desk: Desk, ada: int
) -> None:
    (one, here), (two, there) = seats(desk, ada, 2)
    empty = desk.slot()
    [left] = put_aside(desk, [(one, here, there), (two, empty, here)])
    assert left.verdict == "again"
    desk.send("moves_keep", account_id=[ada], key=["k"], fingerprint=["f"], body=["[]"])
    [known] = put_aside(desk, [(one, here, there), (two, there, here)], key="k", who=ada)
    assert (known.verdict, known.body) == ("replayed", "[]")
    assert desk.run("invariants_broken") == []


def test_moves_put_aside_names_the_time_that_was_made_for_another_service(
    desk: Desk, ada: int
) -> None:
    clinic = desk.provider()
    long, short = desk.visit(clinic), desk.visit(clinic, duration_minutes=30)
    one, here = desk.taken(ada, long, clinic, NINE)
    two, there = desk.taken(ada, short, clinic, NINE + HOUR)
    [row] = put_aside(desk, [(one, here, NINE + 3 * HOUR), (two, there, here)])
    assert (row.verdict, row.foreign_nth) == (None, 1)


def test_moves_settle_leaves_slots_as_large_as_they_were(desk: Desk, ada: int) -> None:
    (one, here), (two, there) = seats(desk, ada, 2)
    [row] = put_aside(desk, [(one, here, there), (two, there, here)])
    moves = ((one, here, there), (two, there, here))
    assert [one.verdict for one in desk.move(*moves, who=ada)] == ["moved", "moved"]
    shown = desk.run("moves_settle", grown_id=row.grown_ids, room=row.rooms, shown_id=[here])
    assert [one.id for one in shown] == [here, there]
    assert all('"capacity":1,"remaining":0' in one.body for one in shown)
    assert desk.run("invariants_broken") == []


def test_moves_settle_tells_where_more_have_come_than_there_is_room(desk: Desk, ada: int) -> None:
    (one, here), (two, there) = seats(desk, ada, 2)
    [row] = put_aside(desk, [(one, here, there), (two, there, here)])
    assert [one.verdict for one in desk.move((one, here, there), who=ada)] == ["moved"]
    settled = desk.run("moves_settle", grown_id=row.grown_ids, room=row.rooms, shown_id=[])
    assert [(one.id, one.is_too_full) for one in settled] == [(here, False), (there, True)]


def test_moves_keep_keeps_the_answers_of_all(desk: Desk, ada: int) -> None:
    keys = {"account_id": [ada, ada], "key": ["a", "b"], "fingerprint": ["f", "g"]}
    desk.send("moves_keep", **keys, body=["[1]", "[2]"])
    [row] = desk.run("idempotency_claim", account_id=ada, key="b", fingerprint="g")
    assert (row.verdict, row.body) == ("replayed", "[2]")
