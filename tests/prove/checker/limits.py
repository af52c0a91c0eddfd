"""I13: no more appointments than the cap, no more logins in a minute than the limit."""

from collections import Counter, defaultdict

from tests.prove.checker.evidence import Evidence
from tests.prove.checker.tokens import FLUSHED
from tests.prove.checker.verdict import Verdict
from tests.prove.records import Operation

WINDOW = 60.0  # seconds


def exact(evidence: Evidence) -> Verdict:
    """I13: both limits hold under any concurrency."""
    verdict = Verdict("I13", "Limits are exact: open appointments, logins in a minute")
    capped(evidence, verdict)
    guarded(evidence, verdict)
    return verdict


def capped(evidence: Evidence, verdict: Verdict) -> None:
    """After every commit no account has more open appointments than the cap."""
    cap = evidence.facts.get("cap", 0)
    status: dict[int, str] = {}
    opened: Counter[int] = Counter()
    for at, transaction in enumerate(evidence.stream):
        touched = set()
        for row in transaction.rows:
            if row[0] != "appointment" or row[1] == "DELETE":
                continue
            number, account, now = row[2], row[5], row[6]
            before = status.get(number)
            status[number] = now
            opened[account] += (now == "booked") - (before == "booked")
            touched.add(account)
        for account in touched if cap else ():
            verdict.see()
            if opened[account] > cap:
                verdict.violated(
                    f"account {account} has {opened[account]} open appointments of {cap}"
                    f" after transaction {transaction.xid}",
                    transactions=[at],
                )


def guarded(evidence: Evidence, verdict: Verdict) -> None:
    """In each minute that surely began with an attempt, at most so many reach the password."""
    limit = evidence.facts.get("logins", 0)
    attempts: dict[str, list[Operation]] = defaultdict(list)
    for one in evidence.operations:
        if one.verb in ("login", "guess") and one.status != 429:
            attempts[one.args["username"]].append(one)
    forgotten = [
        (fault.began_at, max(fault.ended_at, fault.healed_at))
        for fault in evidence.faults
        if FLUSHED in fault.kind
    ]
    for name, tries in attempts.items() if limit else ():
        at = 0
        while at < len(tries):
            first = tries[at]
            window = [one for one in tries[at:] if one.answered_at <= first.sent_at + WINDOW]
            later = [one for one in tries[at:] if one.sent_at > first.answered_at + WINDOW]
            clear = not any(
                began <= first.answered_at + WINDOW and ended >= first.sent_at
                for began, ended in forgotten
            )
            passed = [one.number for one in window if one.status in (200, 401)]
            # An attempt that was not answered may have begun a minute of its own before.
            vague = any(
                one.status not in (200, 401) and one.sent_at > first.sent_at - 2 * WINDOW
                for one in tries[:at]
            )
            if clear and not vague:
                verdict.see(len(passed))
                if len(passed) > limit:
                    verdict.violated(
                        f"{len(passed)} logins of {name} were let through in a minute"
                        f" that allows {limit}",
                        passed,
                    )
            at = tries.index(later[0]) if later else len(tries)
