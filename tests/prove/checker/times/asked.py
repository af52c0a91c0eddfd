"""Whether what was done is what was asked for: times, hours, closures and services."""

from typing import Any

from tests.prove.checker.evidence import Change, Evidence
from tests.prove.records import Operation
from tests.prove.times.cast import TAG_DAY


def time_as_asked(evidence: Evidence, change: Change, one: Operation) -> bool:
    """Whether a booking or a move of a time is just what this operation asks for."""
    taken, args = evidence.calendar.slots[change.slot], one.args
    provider = args["provider"]
    if change.verb == "take":
        owner = evidence.appointments[change.subject].states[0].account
        size = evidence.sizes.get(change.subject, 1)
        if (taken.service, owner, size) != (args["service"], evidence.customer(one), args["size"]):
            return False
    elif args["appointment"] != change.subject:
        return False
    elif not provider:
        origin = evidence.calendar.slots.get(change.origin)
        provider = origin.provider if origin else provider
    return taken.starts == args["at"] and provider in (0, taken.provider)


def told_of_time(evidence: Evidence, change: Change, one: Operation) -> bool:
    """Whether an answer of success tells of this change."""
    told = (one.body["id"], one.body["slot"]) == (change.subject, change.slot)
    return change.verb == one.verb and told and time_as_asked(evidence, change, one)


def written_as_asked(evidence: Evidence, change: Change, one: Operation) -> bool:
    """Whether hours, a closure or a service are just what this operation wrote."""
    calendar, args = evidence.calendar, one.args
    match one.verb:
        case "hours":
            found = calendar.hours(change.subject, change.transaction)
            daily = sorted(
                [f"{rule.opens:%H:%M}", f"{rule.closes:%H:%M}"]
                for rule in found.rules
                if len(rule.weekdays) == 7 and rule.services is None
            )
            days = sorted(day.isoformat() for day, hours in found.days.items() if not hours)
            return (
                change.subject == args["provider"]
                and daily == sorted(args["daily"])
                and days == sorted([TAG_DAY, *args["closed"]])
            )
        case "shut":
            return _closure(calendar.closures[change.subject][0], args)
        case "unshut":
            return bool(args["closure"] == change.subject)
    document = calendar.service(change.subject, change.transaction)
    return change.subject == args["service"] and all(
        document[name] == value for name, value in args["changes"].items()
    )


def _closure(found: Any, args: dict[str, Any]) -> bool:
    if found.provider != args["provider"]:
        return False
    if "from" in args:
        return [str(found.first), str(found.last)] == [args["from"], args["to"]]
    return found.first is None and (found.starts, found.ends) == (args["starts"], args["ends"])
