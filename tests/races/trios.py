"""Three transactions that want the same thing, and all that their sessions may hear."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from tests.races.plays import Acts
from tests.races.sessions import Hold
from tests.races.stage import Stage


class Trio(NamedTuple):
    """A scene, and all that the three may say in the end. Those alike could change their places
    and nothing would be different but who says which."""

    scene: Callable[[Stage], tuple[Acts, Sequence[int]]]
    said: set[str]
    alike: Sequence[int] = ()

    def heard(self, said: Iterable[str]) -> set[tuple[str, ...]]:
        """What was said, whoever of those alike said which."""
        return {self._sorted(one.split()) for one in said}

    def _sorted(self, words: list[str]) -> tuple[str, ...]:
        of_those = sorted(words[n] for n in self.alike)
        return tuple(of_those.pop(0) if n in self.alike else word for n, word in enumerate(words))


def three_book(stage: Stage) -> tuple[Acts, list[int]]:
    slot = stage.slot()
    return [stage.book(slot) for _ in range(3)], [slot]


def three_book_two_places(stage: Stage) -> tuple[Acts, list[int]]:
    slot = stage.slot(2)
    return [stage.book(slot) for _ in range(3)], [slot]


def cancel_and_two_book(stage: Stage) -> tuple[Acts, list[int]]:
    slot = stage.slot()
    one = stage.appointment(slot)
    return [stage.cancel(one), stage.book(slot), stage.book(slot)], [slot]


def two_cancel_and_book(stage: Stage) -> tuple[Acts, list[int]]:
    slot = stage.slot()
    one = stage.appointment(slot)
    return [stage.cancel(one), stage.cancel(one), stage.book(slot)], [slot]


def move_in_and_two_book(stage: Stage) -> tuple[Acts, list[int]]:
    home, target = stage.slot(), stage.slot()
    one = stage.appointment(home)
    acts = [stage.move((one, home, target)), stage.book(target), stage.book(home)]
    return acts, [home, target]


def move_and_cancel_and_book(stage: Stage) -> tuple[Acts, list[int]]:
    home, target = stage.slot(), stage.slot()
    one = stage.appointment(home)
    return [stage.move((one, home, target)), stage.cancel(one), stage.book(target)], [home, target]


def three_move_to_one_slot(stage: Stage) -> tuple[Acts, list[int]]:
    *homes, target = slots = [stage.slot() for _ in range(4)]
    return [stage.move((stage.appointment(home), home, target)) for home in homes], slots


def three_moves_of_one(stage: Stage) -> tuple[Acts, list[int]]:
    home, *targets = slots = [stage.slot() for _ in range(4)]
    one = stage.appointment(home)
    return [stage.move((one, home, target)) for target in targets], slots


def round_where_it_is_full(stage: Stage) -> tuple[Acts, list[int]]:
    return _round(stage, 1)


def round_where_there_is_room(stage: Stage) -> tuple[Acts, list[int]]:
    return _round(stage, 2)


def _round(stage: Stage, capacity: int) -> tuple[Acts, list[int]]:
    slots = [stage.slot(capacity) for _ in range(3)]
    ways = zip(slots, slots[1:] + slots[:1], strict=True)
    return [stage.move((stage.appointment(a), a, b)) for a, b in ways], slots


def each_follows_the_other(stage: Stage) -> tuple[Acts, list[int]]:
    free, *slots = [stage.slot() for _ in range(4)]
    ways = zip(slots, [free, *slots], strict=False)
    return [stage.move((stage.appointment(a), a, b)) for a, b in ways], [free, *slots]


def swap_and_book(stage: Stage) -> tuple[Acts, list[int]]:
    a, b = stage.slot(2), stage.slot(2)
    one, other = stage.appointment(a), stage.appointment(b)
    return [stage.move((one, a, b)), stage.move((other, b, a)), stage.book(a)], [a, b]


def sets_in_a_round(stage: Stage) -> tuple[Acts, list[int]]:
    a, b, c = slots = [stage.slot() for _ in range(3)]
    return [stage.book(a, b), stage.book(b, c), stage.book(c, a)], slots


def hold_a_slot_and_two_book(stage: Stage) -> tuple[Acts, list[int]]:
    slot = stage.slot()
    return [Hold("slot", slot), stage.book(slot), stage.book(slot)], [slot]


def hold_a_slot_and_cancel_and_book(stage: Stage) -> tuple[Acts, list[int]]:
    slot = stage.slot()
    one = stage.appointment(slot)
    return [Hold("slot", slot), stage.cancel(one), stage.book(slot)], [slot]


def hold_a_target_and_swap(stage: Stage) -> tuple[Acts, list[int]]:
    a, b = stage.slot(2), stage.slot(2)
    one, other = stage.appointment(a), stage.appointment(b)
    return [Hold("slot", b), stage.move((one, a, b)), stage.move((other, b, a))], [a, b]


def hold_an_appointment_and_move_and_cancel(stage: Stage) -> tuple[Acts, list[int]]:
    home, target = stage.slot(), stage.slot()
    one = stage.appointment(home)
    acts = [Hold("appointment", one), stage.move((one, home, target)), stage.cancel(one)]
    return acts, [home, target]


def hold_an_appointment_and_move_and_book(stage: Stage) -> tuple[Acts, list[int]]:
    home, target = stage.slot(), stage.slot()
    one = stage.appointment(home)
    acts = [Hold("appointment", one), stage.move((one, home, target)), stage.book(home)]
    return acts, [home, target]


def in_any_order(*words: str) -> set[str]:
    return {" ".join(some) for some in itertools.permutations(words)}


def hold_and_release_and_book(stage: Stage) -> tuple[Acts, list[int]]:
    slot = stage.slot()
    return [stage.hold(slot), stage.release(stage.waiting(slot)), stage.book(slot)], [slot]


def confirm_late_and_hold_and_book(stage: Stage) -> tuple[Acts, list[int]]:
    slot = stage.slot()
    late = stage.waiting(slot, seconds=-1)
    return [stage.confirm(late), stage.hold(slot), stage.book(slot)], [slot]


ANY, FIRST_TWO, LAST_TWO = (0, 1, 2), (0, 1), (1, 2)  # alike
# Short enough to be played always.
SHORT = [
    Trio(three_moves_of_one, in_any_order("moved", "again", "again"), ANY),
    Trio(
        hold_a_slot_and_two_book,
        {"held booked slot_taken", "held slot_taken booked"},
        LAST_TWO,
    ),
    Trio(hold_a_slot_and_cancel_and_book, {"held ended booked", "held ended slot_taken"}),
    Trio(hold_an_appointment_and_move_and_cancel, {"held moved ended", "held not_active ended"}),
]
LONG = [
    Trio(
        hold_and_release_and_book,
        {"held ended slot_taken", "slot_taken ended booked", "slot_taken ended slot_taken"},
    ),
    Trio(
        confirm_late_and_hold_and_book,
        {"hold_expired held slot_taken", "hold_expired slot_taken booked"},
    ),
    Trio(hold_an_appointment_and_move_and_book, {"held moved booked", "held moved slot_taken"}),
    Trio(hold_a_target_and_swap, {"held moved moved"}),
    Trio(three_book, in_any_order("booked", "slot_taken", "slot_taken"), ANY),
    Trio(three_book_two_places, in_any_order("booked", "booked", "slot_taken"), ANY),
    Trio(
        cancel_and_two_book,
        {"ended booked slot_taken", "ended slot_taken booked", "ended slot_taken slot_taken"},
        LAST_TWO,
    ),
    Trio(two_cancel_and_book, {"ended ended booked", "ended ended slot_taken"}, FIRST_TWO),
    Trio(
        move_in_and_two_book,
        {"moved slot_taken booked", "moved slot_taken slot_taken", "slot_taken booked slot_taken"},
    ),
    Trio(
        move_and_cancel_and_book,
        {
            "moved ended booked",
            "moved ended slot_taken",
            "not_active ended booked",
            "slot_taken ended booked",
        },
    ),
    Trio(three_move_to_one_slot, in_any_order("moved", "slot_taken", "slot_taken"), ANY),
    Trio(round_where_it_is_full, {"slot_taken slot_taken slot_taken"}),
    Trio(round_where_there_is_room, {"moved moved moved"}),
    Trio(
        each_follows_the_other,
        {"moved moved moved", "moved moved slot_taken", "moved slot_taken slot_taken"},
    ),
    Trio(
        swap_and_book,
        {"moved moved booked", "moved moved slot_taken", "moved slot_taken booked"},
    ),
    Trio(
        sets_in_a_round,  # whoever is first gets both, the next one what is left
        {
            "booked booked slot_taken booked slot_taken slot_taken",
            "booked booked slot_taken slot_taken booked slot_taken",
            "booked slot_taken booked booked slot_taken slot_taken",
            "slot_taken slot_taken booked booked slot_taken booked",
            "slot_taken booked slot_taken slot_taken booked booked",
            "slot_taken slot_taken booked slot_taken booked booked",
        },
    ),
]
