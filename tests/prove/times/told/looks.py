"""What can be seen of times in an answer by itself: their zones, wall clocks, order and number."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.prove.sheet import instant

if TYPE_CHECKING:
    from tests.prove.looks import Look

OF_ALL = {"starts_at", "ends_at", "date", "start_time", "end_time", "time_zone", "remaining"}
OF_ONE, OF_ANYBODY = OF_ALL | {"provider", "provider_id"}, OF_ALL | {"providers"}
TO_COME = 3  # times at most that are offered instead


def near(look: "Look", shown: list[Any]) -> None:
    """The times that can be had instead: few, later, in order, each with its provider."""
    places = [_time(look, one, OF_ONE) for one in shown]
    look.expect(len(shown) <= TO_COME, f"{len(shown)} times are offered")
    look.expect(places == sorted(set(places)), f"the order is {places}")


def listed(look: "Look", shown: list[Any]) -> list[tuple[int, int]]:
    """The times of a list, by start and provider."""
    fields = OF_ONE if look.ask.args["provider"] else OF_ANYBODY
    return [_time(look, one, fields) for one in shown]


def _time(look: "Look", shown: Any, fields: set[str]) -> tuple[int, int]:
    """A time in the fields that belong there, on the wall clock of its provider."""
    look.expect(shown.keys() - {"slot"} == fields, f"a time came with {sorted(shown)}")
    number = shown.get("provider_id", 0)
    name, zone = look.sheet.providers.get(number, ("", shown["time_zone"]))
    starts, ends = instant(shown["starts_at"]), instant(shown["ends_at"])
    if starts is None or ends is None:
        look.expect(False, f"a time from {shown['starts_at']} to {shown['ends_at']}")
        return 0, 0
    began, ended = (at.astimezone(ZoneInfo(zone)) for at in (starts, ends))
    right: dict[str, Any] = {
        "date": f"{began:%Y-%m-%d}",
        "start_time": f"{began:%H:%M}",
        "end_time": f"{ended:%H:%M}",
        "time_zone": zone,
    }
    if number:
        right["provider"] = name
    for field, value in right.items():
        look.expect(shown[field] == value, f"a time with {field} {shown[field]!r}, not {value!r}")
    look.expect(starts < ends, f"a time ends at {shown['ends_at']}, before it begins")
    look.expect(starts > datetime.now(UTC), f"{shown['starts_at']} is over")
    look.expect(shown["remaining"] > 0, "a time for nobody")
    return int(starts.timestamp()), number
