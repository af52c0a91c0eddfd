"""What the server has promised. The check at the end holds it against what is really there."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from tests.load.clinic import Time

BOOKED, CANCELLED, HELD = "booked", "cancelled", "held"
SOME_SLOT = 0  # in which somebody may be whose booking of a time was not answered


class _Slot(msgspec.Struct):
    id: int


class _Booked(msgspec.Struct):
    id: int
    slot: _Slot


class _Moved(msgspec.Struct):
    appointment_id: int
    old_slot: int
    new_slot: int


Moves = Sequence[tuple[int, int]]  # of which appointment, and to which slot


class Promise(NamedTuple):
    """One appointment as the last successful answer left it."""

    account_id: int
    slot_id: int
    status: str
    moves: int


def excused(unanswered: list[tuple[int, int]], account_id: int, slot_id: int) -> bool:
    """Whether one of the bookings without an answer was done: that one is taken from them."""
    for one in ((account_id, slot_id), (account_id, SOME_SLOT)):
        if one in unanswered:
            unanswered.remove(one)
            return True
    return False


class Journal:
    """Every success, and what is in doubt because no answer came."""

    def __init__(self) -> None:
        self.promises: dict[int, Promise] = {}
        self.times: dict[int, Time] = {}  # by the slot that was made for it
        self.doubtful: set[int] = set()  # appointments whose last change was not answered
        self.unanswered: list[tuple[int, int]] = []  # account and slot of such bookings
        self.lies: list[str] = []  # successes that contradict their request or each other
        self._booked = msgspec.json.Decoder(_Booked)
        self._moved = msgspec.json.Decoder(_Moved)
        self._moved_together = msgspec.json.Decoder(list[_Moved])

    def book(
        self, account_id: int, slot_id: int, body: bytes | str, status: str = BOOKED
    ) -> int | None:
        """A booking, or a hold, was answered 201: its id, None if the answer makes no sense."""
        answer = self._made(f"slot {slot_id}", body)
        if answer is None:
            return None
        if answer.slot.id != slot_id:
            self._lie(f"asked for slot {slot_id}, got {answer.slot.id}")
        self.promises[answer.id] = Promise(account_id, slot_id, status, 0)
        return answer.id

    def confirm(self, hold_id: int, body: bytes | str) -> None:
        """A confirmation was answered 201."""
        before = self.promises.pop(hold_id)
        answer = self._made(f"hold {hold_id}", body)
        if answer is not None and (answer.id, answer.slot.id) != (hold_id, before.slot_id):
            self._lie(f"hold {hold_id} became {answer.id} in slot {answer.slot.id}")
        self.promises[hold_id] = before._replace(status=BOOKED)

    def take(self, account_id: int, time: Time, body: bytes | str) -> tuple[int, int] | None:
        """A booking of a time was answered 201: the appointment's id and slot, as book() does."""
        answer = self._made(f"{time}", body)
        if answer is None:
            return None
        if answer.slot.id in self.times:
            self._lie(f"slot {answer.slot.id} was made twice")
        self.times[answer.slot.id] = time
        self.promises[answer.id] = Promise(account_id, answer.slot.id, BOOKED, 0)
        return answer.id, answer.slot.id

    def _made(self, wanted: str, body: bytes | str) -> _Booked | None:
        try:
            answer = self._booked.decode(body)
        except msgspec.MsgspecError as error:
            self._lie(f"a 201 for {wanted} without an appointment: {error}")
            return None
        if answer.id in self.promises:
            self._lie(f"appointment {answer.id} was given out twice")
            return None
        return answer

    def move(self, appointment_id: int, slot_id: int, body: bytes | str) -> None:
        """A move was answered 200."""
        try:
            answer = self._moved.decode(body)
        except msgspec.MsgspecError as error:
            self._lie(f"a move of {appointment_id} answered with something else: {error}")
            return
        self._was_moved(appointment_id, slot_id, answer)

    def move_together(self, moves: Moves, body: bytes | str) -> None:
        """A set of moves was answered 200."""
        try:
            answers = self._moved_together.decode(body)
        except msgspec.MsgspecError as error:
            self._lie(f"the moves {moves} answered with something else: {error}")
            return
        if len(answers) != len(moves):
            self._lie(f"{len(moves)} moves were answered as {len(answers)}")
        for (appointment_id, slot_id), answer in zip(moves, answers, strict=False):
            self._was_moved(appointment_id, slot_id, answer)

    def _was_moved(self, appointment_id: int, slot_id: int, answer: _Moved) -> None:
        before = self.promises[appointment_id]
        told = (answer.appointment_id, answer.old_slot, answer.new_slot)
        if told != (appointment_id, before.slot_id, slot_id):
            self._lie(
                f"appointment {appointment_id} from {before.slot_id} to {slot_id} answered {told}"
            )
        self.promises[appointment_id] = before._replace(slot_id=slot_id, moves=before.moves + 1)

    def cancel(self, appointment_id: int) -> None:
        """A cancellation was answered 200."""
        before = self.promises[appointment_id]
        self.promises[appointment_id] = before._replace(status=CANCELLED)

    def _lie(self, words: str) -> None:
        if len(self.lies) < 1000:
            self.lies.append(words)
