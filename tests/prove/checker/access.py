"""I11 and I12: everybody acts on their own things only, and only while their token lives."""

from service.booking.actions import ENDINGS
from tests.prove.checker.effects import told
from tests.prove.checker.evidence import MOVES, STAFF_VERBS, TAKES, Change, Evidence
from tests.prove.checker.tokens import Lives
from tests.prove.checker.verdict import Verdict
from tests.prove.records import Operation

# What a request may hear before it is known who asks, or because nobody could find out.
UNHEARD = frozenset({0, 401, 429, 502, 503, 504})


def owned(evidence: Evidence) -> Verdict:
    """I11: owners and staff alone change an appointment; nobody sees what is another's."""
    verdict = Verdict("I11", "Nobody sees or changes what is another's")
    for change in evidence.changes:
        if change.verb not in (*TAKES, *MOVES, *ENDINGS):
            continue
        owner = evidence.appointments[change.subject].states[0].account
        verdict.see()
        if not may(evidence, change, owner):
            verdict.violated(
                f"account {change.actor} did {change.verb} to appointment {change.subject}"
                f" of account {owner}",
                [one.number for one in evidence.groups.get(change.tag, [])],
                [change.transaction],
            )
    for one in evidence.operations:
        kept(evidence, verdict, one)
        body = one.body if isinstance(one.body, dict) else {}
        if "foreign" in body:
            verdict.violated(f"{told(one)} shows another's notes: {body['foreign']}", [one.number])
        if one.args.get("foreign"):
            verdict.expect(
                one.status in UNHEARD | {404} or body.get("code") == "idempotency_in_flight",
                f"{told(one)} is about another's and was answered {one.status}",
                one.number,
            )
        if one.outcome == "ok" and one.verb in ("me", "login"):
            verdict.expect(
                body.get("username") == one.user,
                f"{told(one)} was taken for {body.get('username')}",
                one.number,
            )
        if one.outcome == "ok" and one.verb in (*TAKES, "get") and one.user not in evidence.staff:
            verdict.expect(
                body.get("user") == one.user,
                f"{told(one)} was answered for {body.get('user')}",
                one.number,
            )
        if one.outcome == "ok" and one.verb == "calendar":
            for number, _, _, user in one.body:
                line = evidence.appointments.get(number)
                verdict.expect(
                    line is None or line.states[0].account == evidence.accounts.get(user),
                    f"{told(one)} says that appointment {number} is of {user}",
                    one.number,
                )
        if one.outcome == "ok" and one.verb in ("list", "page"):
            account = evidence.account(one)
            for row in one.body:
                line = evidence.appointments.get(row[0])
                verdict.expect(
                    line is None or line.states[0].account == account,
                    f"{told(one)} shows appointment {row[0]} of somebody else",
                    one.number,
                )
    return verdict


def may(evidence: Evidence, change: Change, owner: int) -> bool:
    """Whether this change of an appointment was one for whoever did it; what is for staff only is
    said here once more, for the table of actions is what is judged."""
    name = evidence.names.get(change.actor, "")
    if name in evidence.staff and change.verb != "book":
        slots = {change.slot, change.origin or change.slot}
        return all(evidence.keeps_slot(name, slot) for slot in slots)
    return change.actor == owner and change.verb not in ("noshow", "fulfill")


def kept(evidence: Evidence, verdict: Verdict, one: Operation) -> None:
    """Staff of one provider see and change what is of that provider only."""
    if one.user not in evidence.keeps or one.outcome != "ok":
        return
    if one.verb in ("get", "history"):
        right = True in evidence.may_be_of(one)
    elif one.verb in STAFF_VERBS:
        right = evidence.keeps_slot(one.user, one.args["slot"])
    elif one.verb == "calendar":
        right = not one.body or evidence.keeps[one.user] == one.args["provider"]
    else:
        return
    verdict.expect(right, f"{told(one)} is of another provider", one.number)


def revoked(evidence: Evidence) -> Verdict:
    """I12: no token works after its end, or without a login that gave it."""
    verdict = Verdict("I12", "No token works after its logout or a new password")
    lives = Lives(evidence)
    for one in evidence.operations:
        # Some routes never look at a token, and some refusals come before that.
        unread = one.verb == "any" and (one.outcome != "ok" or not one.args.get("signed", True))
        if not one.token or unread:
            continue
        if one.token not in lives.born:
            verdict.expect(one.status in UNHEARD, f"{told(one)} had a token of nobody", one.number)
        elif (end := lives.surely_dead(one)) is not None:
            verdict.expect(
                one.status in UNHEARD,
                f"{told(one)} was answered {one.status} with a token that #{end.number}"
                f" {end.verb} had ended",
                end.number,
                one.number,
            )
        elif lives.surely_expired(one):
            words = f"{told(one)} was answered {one.status} with a token that had expired"
            verdict.expect(one.status in UNHEARD, words, one.number)
    return verdict
