"""The rules of times once more, as they were meant: what speaks against one, at any moment."""

from datetime import timedelta
from typing import Any, NamedTuple

from tests.prove.checker.times.model.calendar import Calendar
from tests.prove.checker.times.model.wall import instant, local_day, reading

ANYBODY = 0
ORDER = (
    "party_too_large",
    "slot_in_past",
    "too_soon",
    "too_far",
    "closed",
    "off_grid",
    "limit_reached",
    "slot_taken",
)
SPARE_DAYS = 7  # beyond the furthest horizon, for which hours are still known
WAIVES = {
    "closed": "closed",
    "lead": "too_soon",
    "horizon": "too_far",
    "grid": "off_grid",
    "limit": "limit_reached",
    "buffer": "slot_taken",
    "overlap": "slot_taken",
}


class Asked(NamedTuple):
    """A time that somebody wants; spare is a slot that is not in its way."""

    service: int
    provider: int
    at: int
    size: int = 1
    spare: int = 0


def block(service: Any, at: int) -> range:
    """From when to when a time keeps its provider busy."""
    before, after = service["buffer_before_minutes"], service["buffer_after_minutes"]
    return range(at - 60 * before, at + 60 * (service["duration_minutes"] + after))


def refusals(calendar: Calendar, place: int, asked: Asked, now: float) -> list[str]:
    """All that spoke against a time with a provider, in the order in which it is told."""
    service = calendar.service(asked.service, place)
    provider, at = asked.provider, asked.at
    zone = calendar.zones[provider]
    day, last = local_day(at, zone), local_day(now, zone) + timedelta(days=service["horizon_days"])
    found = set()
    if asked.size > service["party_max"]:
        found.add("party_too_large")
    if at <= now:
        found.add("slot_in_past")
    elif at < now + 60 * service["lead_minutes"]:
        found.add("too_soon")
    shared = calendar.shared(asked.service, provider, at, place, asked.spare)
    ends = shared.ends if shared else at + 60 * service["duration_minutes"]
    if calendar.closed(provider, place, range(at, ends)):
        found.add("closed")
    if shared:
        booked, closed = shared.states.at(place)
        if day > last:
            found.add("too_far")
        if closed or booked + asked.size > shared.capacity:
            found.add("slot_taken")
        return sorted(found, key=ORDER.index)
    window = calendar.hours(provider, place).window(at, zone, asked.service)
    if day > local_day(now, zone) + timedelta(days=calendar.horizon(place) + SPARE_DAYS):
        window = None  # nobody has looked so far ahead
    if (window.day if window else day) > last:
        found.add("too_far")
    if window is None or instant(window.closes, zone) < ends:
        found.add("closed")
    if window and off_grid(at, zone, window, service["step_minutes"]):
        found.add("off_grid")
    if full(calendar, place, asked, day):
        found.add("limit_reached")
    if calendar.busy(provider, place, block(service, at), asked.spare) or missing(
        calendar, place, asked
    ):
        found.add("slot_taken")
    return sorted(found, key=ORDER.index)


def off_grid(at: int, zone: Any, window: Any, step: int) -> bool:
    """Whether nothing begins then: the grid is on the wall, from when the window opens."""
    return bool((reading(at, zone) - window.opens) % timedelta(minutes=step))


def full(calendar: Calendar, place: int, asked: Asked, day: Any) -> bool:
    """Whether the provider, or the service with it, has as many on that day as it may."""
    mine = calendar.service(asked.service, place)["per_day"]
    all_of_it = calendar.per_day.get(asked.provider)
    if mine is None and all_of_it is None:
        return False
    made = calendar.made_on(asked.provider, day, place, asked.spare)
    of_service = sum(one.service == asked.service for one in made)
    return (mine is not None and of_service >= mine) or (
        all_of_it is not None and len(made) >= all_of_it
    )


def missing(calendar: Calendar, place: int, asked: Asked) -> list[str]:
    """The roles for which nobody was free."""
    service = calendar.service(asked.service, place)
    span = block(service, asked.at)
    return [
        role
        for role, rooms in service["needs"].items()
        if not any(
            not calendar.busy(room, place, span, asked.spare)
            and not calendar.closed(room, place, span, own=True)
            for room in rooms
        )
    ]


def left(
    calendar: Calendar, place: int, asked: Asked, now: float, overrides: Any = ()
) -> list[str]:
    """What spoke against it after what staff waived by name: buffers only where no slot itself is
    in the way and no role lacks anybody. What stands at that time and is full stays so."""
    found = refusals(calendar, place, asked, now)
    if not overrides:
        return found
    waived = {WAIVES[name] for name in overrides if name != "buffer"}
    service = calendar.service(asked.service, place)
    itself = range(asked.at, asked.at + 60 * service["duration_minutes"])
    alone = not calendar.busy(asked.provider, place, itself, itself=True)
    if "buffer" in overrides and alone and not missing(calendar, place, asked):
        waived.add(WAIVES["buffer"])
    if calendar.shared(asked.service, asked.provider, asked.at, place, asked.spare):
        waived.discard(WAIVES["overlap"])
    return [code for code in found if code not in waived]


def offers(calendar: Calendar, service: int, place: int) -> list[int]:
    """Who gives a service."""
    document = calendar.service(service, place)
    return [one["provider"] for one in document["providers"]] if document else []
