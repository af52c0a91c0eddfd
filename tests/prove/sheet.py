"""What never changes of providers and slots, and the documents that have to show it."""

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from service.booking.appointment.read import LOOKS

BRIEF = ("id", "start_time", "end_time")
NAMED = (*BRIEF, "provider")
STILL = (*NAMED, "provider_id", "date", "time_zone")  # of a whole slot: what is compared as it is
MOVING = ("capacity", "remaining", "status")  # what the checker compares with the stream
WHOLE = {*STILL, *MOVING, "starts_at", "ends_at"}


ROWS = 4  # at most, that a page looks at for one slot, on average: itself, or its appointments


class Times(NamedTuple):
    """A slot: whose, and from when to when, in seconds since 1970."""

    provider: int
    starts: int
    ends: int


class Sheet:
    """Who has which slots, told before the first request."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.providers = {number: (name, zone) for number, name, zone in facts["providers"]}
        self.numbers = {name: number for number, (name, _) in self.providers.items()}
        self.times = {row[0]: Times(*row[1:]) for row in facts["times"]}
        self.calendars: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for number, one in self.times.items():
            self.calendars[one.provider].append((one.starts, number))

    def still(self, slot: int) -> dict[str, Any]:
        """The part of a slot's document that never changes, as zoneinfo has it."""
        provider, starts, ends = self.times[slot]
        name, zone = self.providers[provider]
        began, ended = (datetime.fromtimestamp(at, ZoneInfo(zone)) for at in (starts, ends))
        told = (slot, f"{began:%H:%M}", f"{ended:%H:%M}", name, provider, f"{began:%Y-%m-%d}", zone)
        return dict(zip(STILL, told, strict=True))

    def wrongs(self, shown: Any, fields: tuple[str, ...]) -> list[str]:
        """What is wrong with a slot in a document of these fields; STILL means a whole slot."""
        if not isinstance(shown, dict) or shown.get("id") not in self.times:
            return [f"{shown} is no slot of this run"]
        whole = fields is STILL
        if shown.keys() != (WHOLE if whole else set(fields)):
            return [f"a slot came with {sorted(shown)}"]
        right = self.still(shown["id"])
        found = [
            f"slot {shown['id']} came with {name} {shown[name]!r}, not {right[name]!r}"
            for name in fields
            if shown[name] != right[name]
        ]
        if whole:
            one = self.times[shown["id"]]
            for name, at in (("starts_at", one.starts), ("ends_at", one.ends)):
                if instant(shown[name]) != datetime.fromtimestamp(at, UTC):
                    found.append(f"slot {shown['id']} came with {name} {shown[name]}")
        return found

    def place(self, slot: int, appointment: int) -> tuple[int, int, int]:
        """Where in a provider's list an appointment is: by time, then in the order of booking."""
        return (self.times[slot].starts if slot in self.times else 0, slot, appointment)

    def is_long(self, provider: int, after: int) -> bool:
        """Whether the slots of a provider from this one on (0: all) may have more rows than are
        looked at for one page of appointments."""
        begins = self.times[after].starts if after else 0
        left = sum(starts >= begins for starts, _ in self.calendars[provider])
        return left * ROWS >= LOOKS

    def page(self, provider: int, starts: int, after: tuple[int, int], limit: int) -> list[int]:
        """The slots that one page of a calendar has."""
        slots = self.calendars[provider]
        return [one[1] for one in slots if one[0] >= starts and one > after][:limit]


def instant(text: str) -> datetime | None:
    """The instant that a text names, in UTC; None where it names none with its zone."""
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return at.astimezone(UTC) if at.tzinfo else None
