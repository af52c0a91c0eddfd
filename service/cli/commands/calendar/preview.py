"""What publishing slots comes to, as it is shown before anything is done."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from service.booking.calendar.provider import Provider
from service.booking.calendar.publish import Plan
from service.booking.calendar.schedule import ClockChange, Interval, Rule
from service.cli.commands.screen import counted

CHANGES_SHOWN = 4


def preview(
    owner: Provider,
    rule: Rule,
    wanted: Sequence[Interval],
    plan: Plan,
    changes: Sequence[ClockChange],
    capacity: int,
) -> str:
    """The whole text: how many, from when to when, what is left out and why."""
    zone = ZoneInfo(rule.zone)
    days = len({one.starts_at.astimezone(zone).date() for one in wanted})
    lines = [
        ("asked for", f"{counted(len(wanted), 'slot')} of {counted(capacity, 'place')} "
         f"on {counted(days, 'day')}"),
        ("first", written(wanted[0], zone)),
        ("last", written(wanted[-1], zone)),
    ]  # fmt: skip
    if plan.there:
        lines.append(("there", f"{counted(len(plan.there), 'slot')} already, left as they are"))
    if plan.overlapping:
        first = written(plan.overlapping[0], zone)
        lines.append(("overlap", f"{counted(len(plan.overlapping), 'slot')}, left out"))
        lines.append(("", f"first {first}"))
    lines += [("clocks", clock_change(one)) for one in changes[:CHANGES_SHOWN]]
    if len(changes) > CHANGES_SHOWN:
        lines.append(("", f"and {counted(len(changes) - CHANGES_SHOWN, 'more day')} like these"))
    lines.append(("new", counted(len(plan.new), "slot")))
    head = f"{owner.name} (provider {owner.id}), on the clock of {rule.zone}"
    return "\n".join([head, *(f"  {name:9}  {text}" for name, text in lines)])


def written(one: Interval, zone: ZoneInfo) -> str:
    """An interval on the wall clock."""
    starts_at, ends_at = one.starts_at.astimezone(zone), one.ends_at.astimezone(zone)
    return f"{starts_at:%a %Y-%m-%d %H:%M}-{ends_at:%H:%M}"


def clock_change(one: ClockChange) -> str:
    """What a change of the clocks does to a day's slots."""
    parts = []
    if one.left_out:
        parts.append(f"{counted(one.left_out, 'slot')} left out, the clocks skip them")
    if one.doubled:
        parts.append(f"{counted(one.doubled, 'slot')} at times that come twice, opened once")
    return f"{one.day:%a %Y-%m-%d} {'; '.join(parts)}"
