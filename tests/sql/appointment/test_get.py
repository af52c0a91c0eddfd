"""sql/queries/appointment/get.sql"""

import json
from typing import Any

from tests.sql.desk import ALL, Desk


def test_appointment_get_shows_it_to_its_owner_and_staff(desk: Desk, ada: int, ben: int) -> None:
    provider_id = desk.provider()
    one = desk.appointment(ada, desk.slot(provider_id=provider_id))

    def seen(actor_id: int, staff_of: int, *, expand: bool = False) -> list[Any]:
        return desk.run(
            "appointment_get",
            appointment_id=one,
            actor_id=actor_id,
            staff_of=staff_of,
            expand=expand,
        )

    assert json.loads(seen(ada, 0)[0].body)["id"] == one
    assert seen(ben, 0) == seen(ben, provider_id + 1) == []
    assert seen(ben, provider_id) == seen(ben, ALL) == seen(ada, 0)
    assert json.loads(seen(ada, 0, expand=True)[0].body)["slot"]["provider_id"] == provider_id
