"""Joins the stream with the operations: which request caused which commit.

Bookings carry their tag in the notes, endings in the reason; whatever has an Idempotency-Key has
it in the same transaction. What has neither is joined by its version, which success reports, and
otherwise by who, what and where among the requests whose answer was lost.
"""

from collections import defaultdict
from typing import Any

from service.booking.actions import CHANGES, RESCHEDULE
from tests.prove.around.cast import TAG
from tests.prove.checker.evidence import MOVES, Change, Evidence, Place, Row
from tests.prove.records import Operation

VERBS = {name: name for name in CHANGES} | {RESCHEDULE.name: "move"}
OF_TIMES = {"book": "take", "move": "shift"}  # of what takes a time instead of a slot
LEAD = 5  # where the row of a slot of a service has the slot that it goes with
SETUP = "setup"  # what the tags begin with of what makes the stage


def join(evidence: Evidence) -> Evidence:
    """Find all changes, their requests and the versions of every row, with their bounds."""
    unkeyed = Unkeyed(evidence.operations)
    setting = []
    for at, transaction in enumerate(evidence.stream):
        rows: dict[str, list[list[Any]]] = defaultdict(list)
        for row in transaction.rows:
            if row[1] != "DELETE":
                rows[row[0]].append(row[2:])
        evidence.calendar.read(at, transaction.rows)
        if is_setting(transaction.rows):
            setting.append(at)
        keys = {(row[0], row[3]): row[1] for row in rows["idempotency"]}
        found = [
            *appointment_changes(evidence, at, rows, keys),
            *account_changes(evidence, at, transaction.rows, rows, keys),
        ]
        touched = {change.slot for change in found} | {change.origin for change in found}
        found += slot_changes(evidence, at, transaction.rows, touched, keys)
        desk = desk_changes(evidence, at, transaction.rows)
        if any(change.tag.startswith(SETUP) for change in desk):
            setting.append(at)
        else:
            found += desk
        for change in found:
            change.tag = change.tag or unkeyed.match(evidence, change)
            evidence.effects[change.tag].append(change)
        evidence.changes += found
    evidence.facts["setting"] = setting
    evidence.date()
    return evidence


def is_setting(rows: list[list[Any]]) -> bool:
    """Whether this made the stage, before anybody asked anything."""
    return all(
        row[1] == "INSERT" and (row[0] == "slot" or (row[0] == "account" and row[3][:3] != "new"))
        for row in rows
    )


def appointment_changes(
    evidence: Evidence, at: int, rows: dict[str, Any], keys: dict[tuple[int, int], str]
) -> list[Change]:
    """The changes of appointments in one transaction, entered in their timelines."""
    steps = {row[0]: row for row in rows["appointment_history"]}
    found = []
    for number, slot, place, account, status, tag, version, *more in rows["appointment"]:
        timeline = evidence.appointments[number]
        if not timeline.states:
            evidence.owned[account].append(number)
            evidence.sizes.update((number, one) for one in more[:1])
        step, row = steps.pop(number, None), Row(slot, place, account, status)
        if step is None and reseated(timeline.states, row, version) and rows["slot"]:
            timeline.states[-1] = row
            continue
        if account in evidence.aside.accounts:
            timeline.set(at, row, version)
            continue
        timeline.add(at, row)
        if step is None:
            found.append(Change(at, "silent", number, version, 0, slot))
            continue
        _, actor, action, origin, _, _, reason, *_ = step
        verb = VERBS[action]
        mark = {"book": tag, "move": keys.get((actor, number), "")}.get(verb, reason)
        if slot in evidence.calendar.slots:
            verb = OF_TIMES.get(verb, verb)
        found.append(Change(at, verb, number, version, actor, slot, origin or 0, mark))
    return found + [Change(at, "silent", number, 0, 0) for number in steps]


def reseated(states: list[Row], row: Row, version: int) -> bool:
    """Whether nothing but the place is new, as when a slot is made smaller: no client sees it."""
    return len(states) == version and states[-1]._replace(place=row.place) == row


def account_changes(
    evidence: Evidence,
    at: int,
    all_rows: list[list[Any]],
    rows: dict[str, Any],
    keys: dict[tuple[int, int], str],
) -> list[Change]:
    """New accounts and new passwords."""
    found = []
    for row in all_rows:
        if row[0] != "account" or row[1] == "DELETE":
            continue
        _, verb, number, name = row
        evidence.accounts[name], evidence.names[number] = number, name
        if verb == "UPDATE":
            own = [row[1] for row in rows["idempotency"] if row[0] == number]
            found.append(Change(at, "password", number, 0, number, tag=own[0] if own else ""))
        elif name.startswith("new"):
            found.append(Change(at, "register", number, 0, number, tag=name[3:]))
    return found


def slot_changes(
    evidence: Evidence,
    at: int,
    all_rows: list[list[Any]],
    touched: set[int],
    keys: dict[tuple[int, int], str],
) -> list[Change]:
    """What staff did to slots, and the versions that bookings and the like gave them."""
    found = []
    known: dict[int, int] = {}
    for row in all_rows:
        if row[0] != "slot" or row[1] == "DELETE":
            continue
        _, verb, number, capacity, booked, closed, version, *made = row
        line = evidence.slots[number]
        if evidence.aside.has(number, made):
            # A set makes room for what it puts aside, which is nothing that was ever so.
            if version > known.setdefault(number, len(line.states)):
                line.set(at, Place(capacity, booked, closed), version)
            continue
        line.add(at, Place(capacity, booked, closed))
        if made and made[0][LEAD]:
            continue  # it goes with the slot of an appointment
        if verb == "UPDATE" and number not in touched:
            tag = next((key for (_, subject), key in keys.items() if subject == number), "")
            found.append(Change(at, "slot", number, version, 0, number, tag=tag))
    return found


def desk_changes(evidence: Evidence, at: int, all_rows: list[list[Any]]) -> list[Change]:
    """What staff did to hours, closures and services: each has its tag in a text of its own."""
    keys = [row[3] for row in all_rows if row[0] == "idempotency" and row[1] == "INSERT"]
    found = {}
    for row in all_rows:
        if row[:2] == ["schedule_day", "INSERT"] and row[7]:
            found["hours", row[2]] = row[7]
        elif row[:2] == ["closure", "INSERT"] and row[8].startswith(TAG):
            evidence.aside.closures.add(row[2])
        elif row[:2] == ["closure", "DELETE"] and row[2] in evidence.aside.closures:
            continue
        elif row[:2] == ["closure", "INSERT"]:
            found["shut", row[2]] = row[8]
        elif row[:2] == ["closure", "DELETE"]:
            found["unshut", row[2]] = keys[0] if keys else ""
        elif row[0] == "service_version":
            found["adjust", row[2]] = row[4]["description"]
    return [Change(at, verb, number, 0, 0, tag=tag) for (verb, number), tag in found.items()]


class Unkeyed:
    """The writes that went without a key: by the version they were told, and the unanswered."""

    def __init__(self, operations: list[Operation]) -> None:
        self._told: dict[tuple[str, int, int], list[Operation]] = defaultdict(list)
        self._lost: dict[Any, list[Operation]] = defaultdict(list)
        for one in operations:
            if one.nonce or not one.args.get("tag"):
                continue
            if one.outcome == "ok" and one.verb in MOVES:
                self._told[one.verb, one.args["appointment"], one.body["v"]].append(one)
            elif one.outcome == "ok" and one.verb == "unshut":
                self._told["unshut", one.args["closure"], 0].append(one)
            elif one.outcome == "ok" and one.verb in ("open", "close", "capacity"):
                self._told["slot", one.args["slot"], one.body["v"]].append(one)
            elif one.outcome == "ok" and one.verb == "password":
                self._lost["password", one.user].insert(0, one)  # success needs its change most
            elif one.outcome == "info":
                self._lost[self._like(one)].append(one)

    @staticmethod
    def _like(one: Operation) -> Any:
        if one.verb == "move":
            return "move", one.args["appointment"], one.args["slot"], one.user
        if one.verb == "shift":
            return "shift", one.args["appointment"], one.args["at"], one.user
        if one.verb == "unshut":
            return "unshut", one.args["closure"]
        if one.verb in ("open", "close", "capacity"):
            return "slot", one.args["slot"]
        return one.verb, one.user

    def match(self, evidence: Evidence, change: Change) -> str:
        """The tag of the request that this may be the effect of; each is given once."""
        name = evidence.names.get(change.actor, "")
        told = self._told.get((change.verb, change.subject, change.version))
        if told:
            return str(told.pop(0).args["tag"])
        like: Any = (change.verb, name)
        if change.verb == "move":
            like = ("move", change.subject, change.slot, name)
        elif change.verb == "shift":
            starts = evidence.calendar.slots[change.slot].starts
            like = ("shift", change.subject, starts, name)
        elif change.verb in ("slot", "unshut"):
            like = (change.verb, change.subject)
        lost = self._lost.get(like, [])
        state = evidence.slots[change.subject].states[-1] if change.verb == "slot" else None
        for one in lost:
            if state is None or becomes(one, state):
                lost.remove(one)
                return str(one.args["tag"])
        return ""


def becomes(operation: Operation, state: Place) -> bool:
    """Whether a slot looks as this change of staff leaves it."""
    if operation.verb == "capacity":
        return bool(state.capacity == operation.args["capacity"])
    return state.closed == (operation.verb == "close")
