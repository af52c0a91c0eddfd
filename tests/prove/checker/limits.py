"""I13: no more appointments than the cap, no more logins than the limits, and it is told so."""

from collections import defaultdict

from tests.prove.checker.evidence import Evidence
from tests.prove.checker.standing import pair_of, told_right
from tests.prove.checker.timeline import NEVER
from tests.prove.checker.tokens import FLUSHED
from tests.prove.checker.verdict import Verdict
from tests.prove.records import Operation

MINUTE, HOUR = 60.0, 3600.0  # seconds
STRANGERS = 5  # strange addresses that it takes until an account takes no more of them


def exact(evidence: Evidence) -> Verdict:
    """I13: all limits hold under any concurrency, and clients hear how they stand."""
    verdict = Verdict("I13", "Limits are exact and told: appointments, logins, requests")
    capped(evidence, verdict)
    guarded(evidence, verdict)
    told_right(evidence, verdict)
    return verdict


def capped(evidence: Evidence, verdict: Verdict) -> None:
    """After every commit no account has more open appointments than the cap: such as are booked and
    have not begun."""
    cap = evidence.facts.get("cap", 0)
    opened: dict[int, dict[int, int]] = defaultdict(dict)  # the slot by appointment, by account
    begins: dict[int, float] = {}  # by slot that was made for a time
    waived: set[int] = set()  # appointments that staff booked in spite of the limit, by name
    for at, transaction in enumerate(evidence.stream):
        touched = set()
        waived |= {
            row[2]
            for row in transaction.rows
            if row[0] == "appointment_history" and len(row) > 9 and "limit" in row[9]
        }
        for row in transaction.rows:
            if row[0] == "slot" and isinstance(row[-1], list):
                begins[row[2]] = row[-1][1]
            if row[0] != "appointment" or row[1] == "DELETE" or row[2] in waived:
                continue
            number, slot, account = row[2], row[3], row[5]
            opened[account].pop(number, None)
            if row[6] == "booked":
                opened[account][number] = slot
            touched.add(account)
        for account in touched if cap else ():
            verdict.see()
            mine = opened[account].values()
            count = sum(begins.get(slot, NEVER) > transaction.committed for slot in mine)
            if count > cap:
                verdict.violated(
                    f"account {account} has {count} open appointments of {cap}"
                    f" after transaction {transaction.xid}",
                    transactions=[at],
                )


def guarded(evidence: Evidence, verdict: Verdict) -> None:
    """Attempts at one account: from one address in a minute, and from strange ones in an hour."""
    facts = evidence.facts
    limit, strangers = facts.get("logins", 0), facts.get("strangers", 0)
    pairs: dict[tuple[str, str], list[Operation]] = defaultdict(list)
    strange: dict[str, list[Operation]] = defaultdict(list)
    for one in evidence.operations:
        if one.verb in ("login", "guess") and one.status != 429:
            pairs[pair_of(one)].append(one)
    known = {pair for pair, tries in pairs.items() if any(one.outcome == "ok" for one in tries)}
    for pair, tries in pairs.items():
        within(evidence, verdict, tries, limit, MINUTE)
        if pair not in known:
            within(evidence, verdict, tries, max(1, strangers // STRANGERS), HOUR)
            strange[pair[0]] += tries
    for tries in strange.values():
        tries.sort(key=lambda one: one.sent_at)
        within(evidence, verdict, tries, strangers, HOUR)


def within(
    evidence: Evidence, verdict: Verdict, tries: list[Operation], limit: int, window: float
) -> None:
    """In each window that surely began with an attempt, at most so many reach the password."""
    forgotten = [
        (fault.began_at, max(fault.ended_at, fault.healed_at))
        for fault in evidence.faults
        if FLUSHED in fault.kind
    ]
    at = 0
    while limit and at < len(tries):
        first = tries[at]
        ours = [one for one in tries[at:] if one.answered_at <= first.sent_at + window]
        later = [one for one in tries[at:] if one.sent_at > first.answered_at + window]
        clear = not any(
            began <= first.answered_at + window and ended >= first.sent_at
            for began, ended in forgotten
        )
        passed = [one.number for one in ours if one.status in (200, 401)]
        # An attempt that was not answered may have begun a window of its own before.
        vague = any(
            one.status not in (200, 401) and one.sent_at > first.sent_at - 2 * window
            for one in tries[:at]
        )
        if clear and not vague:
            verdict.see(len(passed))
            if len(passed) > limit:
                verdict.violated(
                    f"{len(passed)} logins of {pair_of(first)[0]} were let through in {window:g} s"
                    f" that allow {limit}",
                    passed,
                )
        at = tries.index(later[0]) if later else len(tries)
