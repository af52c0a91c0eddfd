"""What people write on the command line for days, hours and parameters, turned into values."""

import argparse
import re
from datetime import date, time, timedelta

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def days(text: str) -> frozenset[int]:
    """Return the weekdays of mon-fri or mon,wed,sat; Monday is 0."""
    found: set[int] = set()
    for part in text.lower().split(","):
        first, dash, last = part.strip().partition("-")
        last = last if dash else first
        if first not in WEEKDAYS or last not in WEEKDAYS:
            raise argparse.ArgumentTypeError(f"{text!r} is not like mon-fri or mon,wed,sat")
        begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last)
        found.update((begin + step) % 7 for step in range((end - begin) % 7 + 1))
    return frozenset(found)


def clock(text: str) -> time:
    """Return a time of day written as 09:00."""
    if not re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a time like 09:00")
    hour, minute = text.split(":")
    return time(int(hour), int(minute))


def closing(text: str) -> time:
    """Return a time of day; 24:00 is the midnight that ends the day, as 00:00 is too."""
    return time(0) if text == "24:00" else clock(text)


def pause(text: str) -> tuple[time, time]:
    """Return the two ends of a break written as 12:00-13:00."""
    begins, _, ends = text.partition("-")
    try:
        found = clock(begins), clock(ends)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a break like 12:00-13:00") from None
    if found[0] >= found[1]:
        raise argparse.ArgumentTypeError(f"{text!r} ends before it begins")
    return found


def span(text: str) -> timedelta:
    """Return a length of time written as 30m, 1h or 1h30m."""
    parts = re.fullmatch(r"(?:(\d{1,2})h)?(?:(\d{1,4})m)?", text)
    found = timedelta(hours=int(parts[1] or 0), minutes=int(parts[2] or 0)) if parts else None
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not a length like 30m, 1h or 1h30m")
    return found


def day(text: str) -> date:
    """Return a day written as 2027-01-31."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day like 2027-01-31") from None


def offer(text: str) -> dict[str, int]:
    """Return a provider of a service, with its weight, written as 7 or 7:50."""
    parts = re.fullmatch(r"(\d{1,18})(?::(\d{1,4}))?", text)
    if not parts:
        raise argparse.ArgumentTypeError(f"{text!r} is not a provider like 7 or 7:50")
    return {"provider": int(parts[1]), "weight": int(parts[2] or 100)}


def need(text: str) -> tuple[str, list[int]]:
    """Return a role and who can take it, written as room=21,22."""
    role, _, ids = text.partition("=")
    if not role or not re.fullmatch(r"\d{1,18}(,\d{1,18})*", ids):
        raise argparse.ArgumentTypeError(f"{text!r} is not a need like room=21,22")
    return role, [int(one) for one in ids.split(",")]


def parameter(text: str) -> tuple[str, str]:
    """Return the name and the value of slot_id=5."""
    if re.search("[\ud800-\udfff]", text):  # how Python has what is not UTF-8
        raise argparse.ArgumentTypeError("a parameter is not UTF-8")
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not a parameter like slot_id=5")
    return name, value
