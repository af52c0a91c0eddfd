"""sql/queries/appointment/find.sql"""

from tests.sql.desk import ALL, Desk


def test_appointment_find_tells_only_those_who_may_know(desk: Desk, ada: int, ben: int) -> None:
    provider_id = desk.provider()
    slot_id = desk.slot(provider_id=provider_id)
    appointment = desk.appointment(ada, slot_id)
    rows = desk.run(
        "appointment_find",
        appointment_id=[appointment] * 5 + [0],
        actor_id=[ada, ben, ben, ben, ben, ada],
        staff_of=[0, 0, provider_id, provider_id + 1, ALL, ALL],
        key=[""] * 6,
        fingerprint=[""] * 6,
    )
    assert [row[:3] for row in rows] == [(n, slot_id, None) for n in (1, 3, 5)]


def test_appointment_find_tells_first_what_is_known_of_the_key(
    desk: Desk, ada: int, ben: int
) -> None:
    theirs = desk.appointment(ada, desk.slot())
    desk.send("idempotency_keep", account_id=ben, key="k", fingerprint="f", body="then", version=3)
    rows = desk.run(
        "appointment_find",
        appointment_id=[theirs, theirs, 0, theirs],
        actor_id=[ben, ben, ben, ada],
        staff_of=[0] * 4,
        key=["k"] * 4,
        fingerprint=["f", "g", "f", "f"],
    )
    assert [(row.n, row.verdict, row.body, row.version) for row in rows] == [
        (1, "replayed", "then", 3),
        (2, "key_reused", "then", 3),
        (3, "replayed", "then", 3),
        (4, None, None, None),
    ]
