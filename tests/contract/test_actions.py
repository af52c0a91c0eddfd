"""The table of actions, and the places that cannot be made from it, are of one mind."""

from service.booking.actions import ACTIONS, ENDINGS
from service.booking.status import APPOINTMENT_STATUSES, STATUSES
from service.http.routing.declaration import STAFF
from tests.contract.test_routes import CALLS

ACCOUNTS = {"register", "login"}  # what else is counted by name


def test_every_status_is_what_an_action_comes_to() -> None:
    """Pending is what booking comes to where it has to be approved."""
    assert {one.after for one in ACTIONS.values()} | {"pending"} == {*STATUSES}
    assert {one.before for one in ENDINGS.values()} == {APPOINTMENT_STATUSES[0]}


def test_every_action_is_counted_by_one_call() -> None:
    counted = [call.declared.action for call in CALLS if call.declared and call.declared.action]
    assert sorted(counted) == sorted([*ACTIONS, *ACCOUNTS])


def test_the_routes_let_staff_alone_do_what_is_for_staff_only() -> None:
    for call in CALLS:
        action = ACTIONS.get(call.declared.action) if call.declared else None
        if call.declared and action:
            assert (call.declared.who == STAFF) == action.staff_only, call
