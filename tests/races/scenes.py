"""Pairs of transactions that want the same thing, and what their sessions must hear."""

from collections.abc import Callable

from tests.races.sessions import Act
from tests.races.stage import Stage

Scene = Callable[[Stage], tuple[list[Act], list[int]]]  # the acts, and the slots they are about


def book_and_book(stage: Stage) -> tuple[list[Act], list[int]]:
    slot = stage.slot()
    return [stage.book(slot), stage.book(slot)], [slot]


def cancel_and_book(stage: Stage) -> tuple[list[Act], list[int]]:
    slot = stage.slot()
    return [stage.cancel(stage.appointment(slot)), stage.book(slot)], [slot]


def cancel_and_cancel(stage: Stage) -> tuple[list[Act], list[int]]:
    slot = stage.slot()
    one = stage.appointment(slot)
    return [stage.cancel(one), stage.cancel(one)], [slot]


def move_in_and_book(stage: Stage) -> tuple[list[Act], list[int]]:
    home, target = stage.slot(), stage.slot()
    one = stage.appointment(home)
    return [stage.move((one, home, target)), stage.book(target)], [home, target]


def move_out_and_book(stage: Stage) -> tuple[list[Act], list[int]]:
    home, target = stage.slot(), stage.slot()
    one = stage.appointment(home)
    return [stage.move((one, home, target)), stage.book(home)], [home, target]


def move_and_move_to_one_slot(stage: Stage) -> tuple[list[Act], list[int]]:
    slots = [stage.slot() for _ in range(3)]
    acts = [stage.move((stage.appointment(home), home, slots[2])) for home in slots[:2]]
    return acts, slots


def move_and_move_of_one(stage: Stage) -> tuple[list[Act], list[int]]:
    slots = [stage.slot() for _ in range(3)]
    one = stage.appointment(slots[0])
    return [stage.move((one, slots[0], target)) for target in slots[1:]], slots


def swap_where_it_is_full(stage: Stage) -> tuple[list[Act], list[int]]:
    a, b = stage.slot(), stage.slot()
    one, other = stage.appointment(a), stage.appointment(b)
    return [stage.move((one, a, b)), stage.move((other, b, a))], [a, b]


def swap_where_there_is_room(stage: Stage) -> tuple[list[Act], list[int]]:
    a, b = stage.slot(2), stage.slot(2)
    one, other = stage.appointment(a), stage.appointment(b)
    return [stage.move((one, a, b)), stage.move((other, b, a))], [a, b]


def move_and_follow(stage: Stage) -> tuple[list[Act], list[int]]:
    a, b, c = (stage.slot() for _ in range(3))
    one, other = stage.appointment(a), stage.appointment(b)
    return [stage.move((one, a, c)), stage.move((other, b, a))], [a, b, c]


def move_and_cancel(stage: Stage) -> tuple[list[Act], list[int]]:
    home, target = stage.slot(), stage.slot()
    one = stage.appointment(home)
    return [stage.move((one, home, target)), stage.cancel(one)], [home, target]


def close_and_book(stage: Stage) -> tuple[list[Act], list[int]]:
    slot = stage.slot()
    return [stage.change(slot, closed=True), stage.book(slot)], [slot]


def delete_and_book(stage: Stage) -> tuple[list[Act], list[int]]:
    slot = stage.slot()
    return [stage.change(slot, deleted=True), stage.book(slot)], [slot]


def shrink_and_book(stage: Stage) -> tuple[list[Act], list[int]]:
    slot = stage.slot(2)
    stage.appointment(slot)
    return [stage.change(slot, capacity=1), stage.book(slot)], [slot]


def shrink_and_cancel(stage: Stage) -> tuple[list[Act], list[int]]:
    slot = stage.slot(2)
    one = [stage.appointment(slot) for _ in range(2)][1]
    return [stage.change(slot, capacity=1), stage.cancel(one)], [slot]


def cancel_and_shrink(stage: Stage) -> tuple[list[Act], list[int]]:
    """Who stays has the place that goes."""
    slot = stage.slot(2)
    one, _ = (stage.appointment(slot) for _ in range(2))
    return [stage.cancel(one), stage.change(slot, capacity=1)], [slot]


def book_twice_in_a_group(stage: Stage) -> tuple[list[Act], list[int]]:
    slot = stage.slot(3, per_person=1)
    return [stage.book(slot), stage.book(slot)], [slot]


def move_in_where_one_books(stage: Stage) -> tuple[list[Act], list[int]]:
    home, target = stage.slot(), stage.slot(3, per_person=1)
    one = stage.appointment(home)
    return [stage.move((one, home, target)), stage.book(target)], [home, target]


def delete_and_move_in(stage: Stage) -> tuple[list[Act], list[int]]:
    home, target = stage.slot(), stage.slot()
    one = stage.appointment(home)
    return [stage.change(target, deleted=True), stage.move((one, home, target))], [home, target]


def sets_in_opposite_order(stage: Stage) -> tuple[list[Act], list[int]]:
    a, b = stage.slot(), stage.slot()
    return [stage.book(a, b), stage.book(b, a)], [a, b]


def hold_and_hold(stage: Stage) -> tuple[list[Act], list[int]]:
    slot = stage.slot()
    return [stage.hold(slot), stage.hold(slot)], [slot]


def hold_and_book(stage: Stage) -> tuple[list[Act], list[int]]:
    slot = stage.slot()
    return [stage.hold(slot), stage.book(slot)], [slot]


def release_and_book(stage: Stage) -> tuple[list[Act], list[int]]:
    slot = stage.slot()
    return [stage.release(stage.waiting(slot)), stage.book(slot)], [slot]


def confirm_and_release(stage: Stage) -> tuple[list[Act], list[int]]:
    slot = stage.slot()
    one = stage.waiting(slot)
    return [stage.confirm(one), stage.release(one)], [slot]


def confirm_and_book(stage: Stage) -> tuple[list[Act], list[int]]:
    slot = stage.slot()
    return [stage.confirm(stage.waiting(slot)), stage.book(slot)], [slot]


def confirm_what_has_run_out_and_book(stage: Stage) -> tuple[list[Act], list[int]]:
    slot = stage.slot()
    return [stage.confirm(stage.waiting(slot, seconds=-1)), stage.book(slot)], [slot]


def expire_and_book(stage: Stage) -> tuple[list[Act], list[int]]:
    slot = stage.slot()
    stage.waiting(slot, seconds=-1)
    return [stage.expire(), stage.book(slot)], [slot]


def move_in_and_book_where_a_hold_has_run_out(stage: Stage) -> tuple[list[Act], list[int]]:
    home, target = stage.slot(), stage.slot()
    one = stage.appointment(home)
    stage.waiting(target, seconds=-1)
    return [stage.move((one, home, target)), stage.book(target)], [home, target]


def delete_and_book_where_a_hold_has_run_out(stage: Stage) -> tuple[list[Act], list[int]]:
    slot = stage.slot()
    stage.waiting(slot, seconds=-1)
    return [stage.change(slot, deleted=True), stage.book(slot)], [slot]


def approve_and_cancel(stage: Stage) -> tuple[list[Act], list[int]]:
    slot = stage.slot()
    one = stage.waiting(slot, "pending")
    return [stage.approve(one), stage.cancel(one)], [slot]


def approve_too_late_and_book(stage: Stage) -> tuple[list[Act], list[int]]:
    slot = stage.slot()
    return [stage.approve(stage.waiting(slot, "pending", seconds=-1)), stage.book(slot)], [slot]


# The scene; A's and B's verdicts when A was first and commits; B's when A rolls back; and which
# other pairs of verdicts there are when B was first.
SCENES: list[tuple[Scene, str, str, set[str]]] = [
    (book_and_book, "booked slot_taken", "booked", {"slot_taken booked"}),
    (cancel_and_book, "ended booked", "slot_taken", {"ended slot_taken"}),
    (cancel_and_cancel, "ended ended", "ended", set()),
    (move_in_and_book, "moved slot_taken", "booked", {"slot_taken booked"}),
    (move_out_and_book, "moved booked", "slot_taken", {"moved slot_taken"}),
    (move_and_move_to_one_slot, "moved slot_taken", "moved", {"slot_taken moved"}),
    (move_and_move_of_one, "moved again", "moved", {"again moved"}),
    (swap_where_it_is_full, "slot_taken slot_taken", "slot_taken", set()),
    (swap_where_there_is_room, "moved moved", "moved", set()),
    (move_and_follow, "moved moved", "slot_taken", {"moved slot_taken"}),
    (move_and_cancel, "moved ended", "ended", {"not_active ended"}),
    (close_and_book, "changed slot_taken", "booked", {"changed booked"}),
    (delete_and_book, "changed no_slot", "booked", {"slot_in_use booked"}),
    (shrink_and_book, "changed slot_taken", "booked", {"slot_in_use booked"}),
    (shrink_and_cancel, "slot_in_use ended", "ended", {"changed ended"}),
    (cancel_and_shrink, "ended changed", "slot_in_use", {"ended slot_in_use"}),
    (book_twice_in_a_group, "booked already_booked", "booked", {"already_booked booked"}),
    (move_in_where_one_books, "moved already_booked", "booked", {"already_booked booked"}),
    (delete_and_move_in, "changed no_slot", "moved", {"slot_in_use moved"}),
    (hold_and_hold, "held slot_taken", "held", {"slot_taken held"}),
    (hold_and_book, "held slot_taken", "booked", {"slot_taken booked"}),
    (release_and_book, "ended booked", "slot_taken", {"ended slot_taken"}),
    (confirm_and_release, "confirmed not_found", "ended", {"hold_expired ended"}),
    (confirm_and_book, "confirmed slot_taken", "slot_taken", set()),
    (confirm_what_has_run_out_and_book, "hold_expired booked", "booked", set()),
    (expire_and_book, "booked", "booked", set()),
    (
        move_in_and_book_where_a_hold_has_run_out,
        "moved slot_taken",
        "booked",
        {"slot_taken booked"},
    ),
    (
        delete_and_book_where_a_hold_has_run_out,
        "changed no_slot",
        "booked",
        {"slot_in_use booked"},
    ),
    (approve_and_cancel, "ended ended", "ended", {"not_pending ended"}),
    (approve_too_late_and_book, "not_pending booked", "booked", set()),
    (
        sets_in_opposite_order,
        "booked booked slot_taken slot_taken",
        "booked booked",
        {"slot_taken slot_taken booked booked"},
    ),
]
