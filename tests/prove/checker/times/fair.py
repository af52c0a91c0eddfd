"""I26, I27 and I29: what changes touch, how often a service may be had, and whose turn it is."""

from collections import Counter, defaultdict
from typing import Any

from tests.prove.checker.evidence import DESK, Change, Evidence
from tests.prove.checker.times.allowed import Allowed
from tests.prove.checker.times.model.rules import ANYBODY, Asked
from tests.prove.checker.times.model.wall import local_day
from tests.prove.checker.times.outside import Outside
from tests.prove.checker.times.refused import Refused
from tests.prove.checker.times.taken import overrides
from tests.prove.checker.verdict import Verdict
from tests.prove.records import Operation

TOUCHED = frozenset({"appointment", "appointment_history", "slot"})
ABOUT = 1e-6


def untouched(evidence: Evidence) -> Verdict:
    """I26: hours, closures and services change, appointments stay; who is outside is told."""
    verdict = Verdict("I26", "Changes of hours and services touch no appointment, and tell whom")
    outside = Outside(evidence)
    for change in evidence.changes:
        if change.verb in DESK:
            rows = evidence.stream[change.transaction].rows
            offers = change.verb == "unshut" and any(row[0] == "waiting" for row in rows)  # I31
            touched = [] if offers else sorted({row[0] for row in rows} & TOUCHED)
            verdict.expect(
                not touched,
                f"{change.verb} of {change.subject} changed {touched}",
                *(one.number for one in evidence.groups.get(change.tag, [])),
            )
        if change.verb in ("hours", "shut"):
            for one in evidence.done(change.tag):
                verdict.expect(
                    outside.told_right(change, one),
                    f"#{one.number} {one.verb} {one.args} tells of {one.body['conflicts']}",
                    one.number,
                )
    return verdict


def within_limits(evidence: Evidence) -> Verdict:
    """I27: after every booking of a time all limits of its service hold, unless overridden."""
    verdict = Verdict("I27", "Limits of services are never exceeded, unless overridden by name")
    named, allowed = overrides(evidence), Allowed(evidence)
    for change in evidence.changes:
        if change.verb not in ("take", "shift") or "limit" in named[change.slot]:
            continue
        for words in _exceeded(evidence, allowed, change):
            verdict.violated(
                f"appointment {change.subject} exceeds {words}",
                [one.number for one in evidence.groups.get(change.tag, [])],
                [change.transaction],
            )
        verdict.see()
    return verdict


def _exceeded(evidence: Evidence, allowed: Allowed, change: Change) -> list[str]:
    calendar, at = evidence.calendar, change.transaction
    taken = calendar.slots[change.slot]
    service = calendar.service(taken.service, at)
    asked = Asked(taken.service, taken.provider, taken.starts)
    account = evidence.appointments[change.subject].states[0].account
    now = max(allowed.nows(change))
    of_day, of_service, _, _ = allowed.verdicts.counts(account, asked, at, now)
    made = calendar.made_on(
        taken.provider, local_day(taken.starts, calendar.zones[taken.provider]), at
    )
    of_this = sum(one.service == taken.service for one in made)
    new, booked = taken.born == at, change.verb == "take"
    counted = (
        ("per_customer_day", of_day, service["per_customer_day"], True),
        ("per_customer_open", of_service, service["per_customer_open"], booked),
        ("per_day", of_this, service["per_day"], new),
        ("per_day of its provider", len(made), calendar.per_day.get(taken.provider), new),
    )
    return [
        f"{name}: {count} of {most}"
        for name, count, most, applies in counted
        if applies and most is not None and count > most
    ]


def shared_out(evidence: Evidence) -> Verdict:
    """I29: who asks for anybody gets whose turn it is, and that is counted as it is given back."""
    verdict = Verdict("I29", "Whoever may be anybody is shared out fairly")
    calendar = evidence.calendar
    gains: dict[int, Counter[Any]] = defaultdict(Counter)
    for one in calendar.slots.values():
        if one.chosen and not one.lead:
            gains[one.born][one.service, one.provider] += 1
            gains[one.died][one.service, one.provider] -= 1
    for pair, line in calendar.served.items():
        before = line.values[0][1]
        for place, (weight, served, _) in zip(line.places[1:], line.values[1:], strict=True):
            verdict.see()
            right = before + gains[place][pair] * 100 / weight
            if abs(served - right) > ABOUT:
                verdict.violated(
                    f"provider {pair[1]} has served {served:g} of service {pair[0]}, not {right:g}",
                    transactions=[place],
                )
            before = served
        counted = set(line.places)
        for place, found in gains.items():
            if found[pair] and place not in counted and place < len(evidence.stream):
                verdict.violated(f"the turn of {pair} is not counted", transactions=[place])
    _turns(evidence, verdict)
    return verdict


def _wishes(evidence: Evidence) -> dict[int, list[Operation]]:
    """Who wanted anybody, by service."""
    found: dict[int, list[Operation]] = defaultdict(list)
    for one in evidence.operations:
        if one.verb == "take" and one.args["provider"] == ANYBODY:
            found[one.args["service"]].append(one)
    return found


def _turns(evidence: Evidence, verdict: Verdict) -> None:
    """Where one booking was decided alone, it went to whoever had served the least."""
    judge = Refused(evidence)
    asked: dict[tuple[int, int], list[tuple[Change, Operation]]] = defaultdict(list)
    for change in evidence.changes:
        group = [one for one in evidence.groups.get(change.tag, []) if one.outcome != "fail"]
        if change.verb != "take" or not group:
            continue
        taken, args = evidence.calendar.slots[change.slot], group[0].args
        if taken.born == change.transaction:
            verdict.expect(
                taken.chosen == (args["provider"] == ANYBODY),
                f"slot {change.slot} says that its provider was {'' if taken.chosen else 'not '}"
                f"chosen",
                group[0].number,
            )
        if args["provider"] == ANYBODY:
            asked[change.transaction, args["service"]].append((change, group[0]))
    wishes = _wishes(evidence)
    for (place, service), found in asked.items():
        if len(found) > 1:
            continue
        [(change, one)] = found
        provider = evidence.calendar.slots[change.slot].provider
        keys = judge.of_service(one, service)
        first = judge.moments.span(one).start
        places = {place - 1} | {at for at in judge.moments.places(one, keys) if first <= at < place}
        # Of those who are decided together the nth gets the nth, whatever becomes of the others.
        nth = sum(
            other.sent_at <= one.answered_at and other.answered_at >= one.sent_at
            for other in wishes[service]
        )
        verdict.expect(
            any(
                provider in judge.verdicts.line(one.args, at, now)[:nth]
                for at in sorted(places, reverse=True)
                for now in judge.moments.nows(one)
            ),
            f"appointment {change.subject} went to {provider}, whose turn it was not",
            one.number,
        )
