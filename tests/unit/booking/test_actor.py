"""service/booking/actor.py"""

import pytest

from service.access.sessions import Session
from service.booking.actor import EVERYWHERE, Actor
from service.booking.people.operator import OPERATOR


@pytest.mark.parametrize(
    ("role", "provider_id", "kept"),
    [("customer", 0, []), ("provider", 7, [7]), ("admin", 0, [0, 7, 8])],
)
def test_a_role_keeps_so_many_calendars(role: str, provider_id: int, kept: list[int]) -> None:
    session = Session(1, 1, "x", role, provider_id, 0)
    assert [one for one in (0, 7, 8) if session.keeps(one) and (one or role == "admin")] == kept
    assert (session.staff_of == EVERYWHERE) == (role == "admin")


def test_what_a_token_leads_to_is_an_actor_as_it_is() -> None:
    assert issubclass(Session, Actor)
    assert not hasattr(Session(1, 1, "x", "customer", 0, 0), "__dict__"), "no dearer than it was"


def test_an_operator_keeps_every_calendar() -> None:
    assert (OPERATOR.staff_of, OPERATOR.keeps(7)) == (EVERYWHERE, True)
