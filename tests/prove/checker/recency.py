"""I9: every read shows a state that was the current one at some instant while it was asked."""

from collections.abc import Iterator
from typing import Any

from tests.prove.checker.around.lapsed import Lapsed
from tests.prove.checker.effects import told
from tests.prove.checker.evidence import Evidence, Place
from tests.prove.checker.times.seen import Seen
from tests.prove.checker.verdict import Verdict
from tests.prove.records import Operation

SHOW_TIMES = frozenset({"times", "soonest", "explain", "dry"})
NEAR = frozenset({"take", "shift", "dry", "explain"})  # what is offered to who came too late


def recent(evidence: Evidence) -> Verdict:
    """I9: no read is stale, none shows what never was."""
    verdict = Verdict("I9", "Every read was true at some instant while it was asked")
    times, lapsed = Seen(evidence), Lapsed(evidence)
    for one in evidence.operations:
        if one.outcome == "ok" or (isinstance(one.body, dict) and "shown" in one.body):
            for words in wrongs(evidence, lapsed, verdict, one):
                verdict.violated(f"#{one.number} {one.verb} by {one.user}: {words}", [one.number])
        for words in of_times(times, verdict, one):
            verdict.violated(f"{told(one)}: {words}", [one.number])
    return verdict


def of_times(times: Seen, verdict: Verdict, one: Operation) -> Iterator[str]:
    """What is shown of times that can't have been so."""
    if one.outcome == "ok" and one.verb in SHOW_TIMES:
        verdict.see()
        yield from times.wrongs(one)
    if isinstance(one.body, dict) and one.verb in NEAR and one.body.get("times"):
        verdict.see()
        yield from times.near(one)


def own(evidence: Evidence, one: Operation, slot: int) -> int:
    """How many places of a slot the asker lets go of for what they ask, be it a hold that another
    is to replace, or appointments of a set of moves: those are free to them."""
    leaving = [one.args.get("replaces", 0), *(number for number, _ in one.args.get("moves", ()))]
    lines = {n: evidence.appointments[n] for n in leaving if n in evidence.appointments}
    return sum(
        evidence.sizes.get(number, 1)
        for number, line in lines.items()
        if any(state.slot == slot for state in line.states_between(one.sent_at, one.answered_at))
    )


def so(evidence: Evidence, lapsed: Lapsed, one: Operation, shown: list[Any]) -> bool:
    """Whether a slot may have been as it is shown: without what they leave who ask, and without any
    of what had run out."""
    line = evidence.slots.get(shown[0])
    states = line.states_between(one.sent_at, one.answered_at) if line else []
    over = range(lapsed.places(one, shown[0]) + 1)
    return any(
        alike(state._replace(booked=state.booked - n - less), shown)
        for state in states
        for n in {0, own(evidence, one, shown[0])}
        for less in over
    )


def wrongs(evidence: Evidence, lapsed: Lapsed, verdict: Verdict, one: Operation) -> list[str]:
    """What a read shows that can't have been so."""
    found = []
    if isinstance(one.body, dict) and not one.replayed:
        for shown in one.body.get("shown", ()):
            verdict.see()
            if not so(evidence, lapsed, one, shown):
                found.append(f"{shown}, which it can't have been")
    match one.verb:
        case "list" | "page" | "calendar":
            for number, slot, status, *_ in one.body:
                verdict.see()
                line = evidence.appointments.get(number)
                states = line.states_between(one.sent_at, one.answered_at) if line else []
                if not any((row.slot, row.status) == (slot, status) for row in states):
                    found.append(f"appointment {number} as {slot, status}, could be {states}")
        case "get":
            verdict.see()
            body = one.body
            line = evidence.appointments.get(body["id"])
            at = body["v"] - 1
            if line is None or at not in line.between(one.sent_at, one.answered_at):
                found.append(f"version {body['v']} of appointment {body['id']} was not current")
            elif (line.states[at].slot, line.states[at].status) != (body["slot"], body["status"]):
                found.append(f"appointment {body['id']} was {line.states[at]} at that version")
        case "slot":
            verdict.see()
            at = one.body["v"] - 1
            line = evidence.slots.get(one.args["slot"])
            if line is None or at not in line.between(one.sent_at, one.answered_at):
                found.append(f"version {one.body['v']} was not current")
            elif not alike(line.states[at], one.body["slot"]):
                found.append(f"the slot was {line.states[at]} at that version")
        case "search":
            for shown in one.body:
                verdict.see()
                if not so(evidence, lapsed, one, shown):
                    found.append(f"{shown}, which it can't have been")
    return found


def alike(state: Place, shown: list[Any]) -> bool:
    """Whether a slot shown as [id, capacity, remaining, status] has this state."""
    status = "busy-unavailable" if state.closed else "busy" if state.full else "free"
    return [state.capacity, state.capacity - state.booked, status] == shown[1:]
