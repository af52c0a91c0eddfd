"""What becomes of slots when somebody comes to a time, or leaves it."""

from collections.abc import Mapping

from tests.model.offered import Service
from tests.model.things import Slot
from tests.model.times.judge import Judged
from tests.model.times.turn import Choice, Turns


def enter(
    times: Turns,
    service: Service,
    choice: Choice,
    size: int,
    slot_id: int,
    rooms: Mapping[int, int],
    anybody: bool = False,
    left: Slot | None = None,
) -> Slot:
    """The slot that so many people come into; `slot_id` and `rooms`, by provider, are ids of what
    is made. Who asked for `anybody` counts for whose turn it is next; who has left a time that was
    theirs alone, with a provider whose turn it was, still does."""
    slot = choice.judged.slot
    if slot:
        assert slot.id == slot_id, (slot.id, slot_id)
    else:
        slot = _made(times, service, choice, slot_id, service.terms["capacity"])
        for provider_id in choice.judged.rooms:
            room = _made(times, service, choice, rooms[provider_id], 1)
            room.provider, room.lead, room.booked = times.providers[provider_id], slot, 1
        if anybody:
            times.lend(service, slot)
        if left and left.deleted and left.chosen and left.provider is slot.provider:
            slot.chosen = True
            share = service.shares[slot.provider.id]
            share.served += 100 / share.weight
    count(slot, size)
    slot.version -= not choice.judged.slot
    return slot


def _made(times: Turns, service: Service, choice: Choice, slot_id: int, capacity: int) -> Slot:
    judged: Judged = choice.judged
    slot = Slot(
        slot_id,
        judged.provider,
        judged.at,
        judged.ends_at,
        capacity,
        service_id=service.id,
        block=judged.block,
        overridden=tuple(choice.overridden),
    )
    if service.terms["notice_minutes"] is not None:
        slot.notice = service.minutes("notice")
    times.slots[slot_id] = slot
    return slot


def leave(times: Turns, slot: Slot, size: int) -> None:
    """So many people go; a time that nobody is left in is over, with what goes with it."""
    count(slot, -size)
    if slot.block is None or slot.booked:
        return
    for one in times.slots.values():
        if not one.deleted and (one is slot or one.lead is slot):
            one.deleted = True
            one.version += one is not slot
            one.booked = 0
    share = times.services[slot.service_id or 0].shares.get(slot.provider.id)
    if slot.chosen and share:
        share.served -= 100 / share.weight


def count(slot: Slot, change: int) -> None:
    """So many people more, or fewer."""
    slot.booked += change
    slot.version += 1
