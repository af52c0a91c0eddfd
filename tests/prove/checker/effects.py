"""I3, I4, I5 and I18: each success has its commit, each commit its request, and only one."""

from collections import Counter

from service.booking.actions import ENDINGS
from tests.prove.checker.evidence import DESK, MOVES, STAFF_VERBS, TAKES, Change, Evidence
from tests.prove.checker.times.asked import time_as_asked, told_of_time, written_as_asked
from tests.prove.checker.verdict import Verdict
from tests.prove.records import Operation

WRITES = frozenset({*TAKES, *MOVES, "register", "password", *ENDINGS, *STAFF_VERBS, *DESK})


def durable(evidence: Evidence) -> Verdict:
    """I3: what was answered with success is in the stream, and the tables end where it ends."""
    verdict = Verdict("I3", "Every success is durable")
    by_version = {
        (change.subject, change.version): change
        for change in evidence.changes
        if change.verb not in ("slot", "register", "password", *DESK)
    }
    slot_versions = {
        (change.subject, change.version) for change in evidence.changes if change.verb == "slot"
    }
    for one in evidence.operations:
        if one.outcome != "ok" or one.verb not in WRITES:
            continue
        body, tag = one.body, one.args["tag"]
        if one.verb == "book":
            found = any(
                change.verb == "book"
                and (change.subject, change.slot) == (body["id"], body["slot"])
                and body["slot"] == one.args["slot"]
                for change in evidence.effects.get(tag, ())
            )
        elif one.verb in ("register", "password", *DESK):
            found = bool(evidence.effects.get(tag))
        elif one.verb == "take":
            found = any(told_of_time(evidence, change, one) for change in evidence.effects[tag])
        elif one.verb in STAFF_VERBS:
            found = (one.args["slot"], body["v"]) in slot_versions
        else:
            change = by_version.get((one.args["appointment"], body["v"]))
            found = change is not None and change.verb == one.verb
            if found and change is not None and one.verb == "move":
                found = change.slot == one.args["slot"] == body["slot"]
            if found and change is not None and one.verb == "shift":
                found = told_of_time(evidence, change, one)
        verdict.expect(found, f"{told(one)} was answered {one.status} and is not there", one.number)
    final(evidence, verdict)
    return verdict


def final(evidence: Evidence, verdict: Verdict) -> None:
    """The tables are what the stream's last words make them."""
    tables = evidence.facts.get("final")
    if not tables:
        return
    rows = {row[0]: tuple(row[1:]) for row in tables["appointments"]}
    for number, line in evidence.appointments.items():
        slot, place, account, status = line.states[-1]
        last = (slot, place, account, status, len(line.states))
        if rows.get(number) != last:
            verdict.violated(f"appointment {number} ends as {rows.get(number)}, not as {last}")
    verdict.see(len(rows))
    for number in rows.keys() - evidence.appointments.keys():
        verdict.violated(f"appointment {number} is in the table and never was in the stream")
    for number, capacity, booked, closed, version in tables["slots"]:
        line = evidence.slots[number]
        verdict.expect(
            bool(line.states)
            and (*line.states[-1], len(line.states)) == (capacity, booked, closed, version),
            f"slot {number} does not end as its last change left it",
        )


def no_phantoms(evidence: Evidence) -> Verdict:
    """I4: each committed change was asked for, just so, by whoever did it, and not refused."""
    verdict = Verdict("I4", "Nothing happened that was refused or never asked for")
    for change in evidence.changes:
        if evidence.is_probe(change):
            continue
        verdict.see()
        group = evidence.groups.get(change.tag, [])
        if not group:
            verdict.violated(f"nobody asked for {shown(change)}", (), [change.transaction])
        elif all(one.outcome == "fail" for one in group):
            verdict.violated(
                f"{told(group[0])} was refused ({group[0].status}) and took effect",
                [one.number for one in group],
                [change.transaction],
            )
        elif not any(as_asked(evidence, change, one) for one in group):
            verdict.violated(
                f"{told(group[0])} became {shown(change)}",
                [one.number for one in group],
                [change.transaction],
            )
    for at, transaction in enumerate(evidence.stream):
        for row in transaction.rows:
            if row[1] == "DELETE" and row[0] not in ("idempotency", "closure"):
                verdict.violated(f"a row of {row[0]} was deleted: {row[2]}", (), [at])
    return verdict


def as_asked(evidence: Evidence, change: Change, one: Operation) -> bool:
    """Whether a change is what this operation asks for, by whom it was asked."""
    if one.outcome == "fail":
        return False
    if change.verb == "slot":
        return one.verb in STAFF_VERBS and one.args["slot"] == change.slot
    if change.verb == "register":
        return one.verb == "register" and one.args["username"] == evidence.names[change.subject]
    if change.verb in DESK:
        return one.verb == change.verb and written_as_asked(evidence, change, one)
    if one.verb != change.verb or evidence.account(one) != change.actor:
        return False
    if change.verb == "book":
        return bool(one.args["slot"] == change.slot)
    if change.verb == "move":
        asked = (one.args["appointment"], one.args["slot"])
        return asked == (change.subject, change.slot)
    if change.verb in ("take", "shift"):
        return time_as_asked(evidence, change, one)
    return change.verb == "password" or one.args["appointment"] == change.subject


def at_most_once(evidence: Evidence) -> Verdict:
    """I5: one request takes effect once, and all who ask again hear the same."""
    verdict = Verdict("I5", "A request under one key is done once and answered the same")
    for tag, changes in evidence.effects.items():
        if tag and len(changes) > 1:
            verdict.violated(
                f"the request {tag} took effect {len(changes)} times",
                [one.number for one in evidence.groups[tag]],
                [change.transaction for change in changes],
            )
    stored = Counter(
        (row[2], row[3])
        for transaction in evidence.stream
        for row in transaction.rows
        if row[0] == "idempotency" and row[1] == "INSERT"
    )
    for (_, key), count in stored.items():
        if count > 1:
            numbers = [one.number for one in evidence.nonces[key]]
            verdict.violated(f"the key {key} was stored {count} times", numbers)
    for nonce, group in evidence.nonces.items():
        done = [one for one in group if one.outcome == "ok"]
        if len(group) < 2 or not done:
            continue
        verdict.see()
        if len({(one.args["tag"], one.status, content(one)) for one in done}) > 1:
            verdict.violated(
                f"the key {nonce} brought different answers", [one.number for one in done]
            )
        heard = min(first.answered_at for first in done)
        for one in group:
            other = one.args["tag"] != done[0].args["tag"]
            decided = one.status in (200, 201, 204, 404, 409, 412) and not in_flight(one)
            if other and one.sent_at > heard and decided:
                verdict.violated(
                    f"the key {nonce} was used for another request and answered {one.status}",
                    [done[0].number, one.number],
                )
    return verdict


def content(one: Operation) -> int | str:
    """What an answer says: its checksum, or what was kept of one that nobody could read."""
    return one.body["crc"] if "crc" in one.body else str(one.body)


def in_flight(one: Operation) -> bool:
    """Whether it was refused because its twin was still running."""
    return isinstance(one.body, dict) and one.body.get("code") == "idempotency_in_flight"


def indefinite(evidence: Evidence) -> Verdict:
    """I18: how many of the unknown outcomes took effect; both kinds must have been met."""
    verdict = Verdict("I18", "Unknown outcomes were met of both kinds: done and not done")
    took = {True: 0, False: 0}
    for one in evidence.operations:
        if one.outcome == "info" and one.verb in WRITES:
            verdict.see()
            took[took_effect(evidence, one)] += 1
    verdict.note = f"{took[True]:,} had been done, {took[False]:,} had not"
    if evidence.faults and verdict.checked >= 100 and not all(took.values()):
        verdict.violated(f"the faults miss the commit: {verdict.note}")
    return verdict


def took_effect(evidence: Evidence, one: Operation) -> bool:
    """Whether an operation with an unknown outcome was done."""
    tag = one.args["tag"]
    later = [other for other in evidence.groups[tag] if other.outcome == "ok"]
    afresh = any(not other.replayed and other.sent_at > one.sent_at for other in later)
    return bool(evidence.effects.get(tag)) and not (one.nonce and afresh)


def told(one: Operation) -> str:
    """An operation in a few words."""
    args = {key: value for key, value in one.args.items() if key != "password"}
    return f"#{one.number} {one.verb} by {one.user} {args}"


def shown(change: Change) -> str:
    """A change in a few words."""
    return (
        f"{change.verb} of {change.subject} v{change.version} by account {change.actor},"
        f" slot {change.origin or ''}>{change.slot}"
    )
