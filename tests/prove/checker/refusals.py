"""I10: whoever is refused could have been refused: no false "taken", no false "not found"."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from typing import Any

from tests.prove.around.wishes import VERBS as AROUND
from tests.prove.checker.answers import Windows
from tests.prove.checker.effects import told
from tests.prove.checker.evidence import GIVEN_BACK, STAFF_VERBS, Evidence
from tests.prove.checker.limits import STRANGERS
from tests.prove.checker.standing import LOGINS, pair_of
from tests.prove.checker.timeline import NEVER
from tests.prove.checker.times.refused import TIMED, Refused
from tests.prove.checker.tokens import Lives
from tests.prove.checker.verdict import Verdict
from tests.prove.people import PASSWORD
from tests.prove.records import Operation

MINUTE, HOUR = 60.0, 3600.0
SLICES = 12  # of a window; what is older than it by one of them may still count
SLOW = 10.0  # seconds that what was refused or unanswered may still go on inside of PostgreSQL
# Refusals that only contention or rules of HTTP explain, or that another invariant looks at.
ELSEWHERE = frozenset({"busy", "unavailable", "outcome_unknown", "internal"})
# Refusals that have nothing to do with what is asked for.
OF_ANYTHING = frozenset(
    {"idempotency_key_reused", "idempotency_in_flight", "invalid_token", "rate_limited"}
)


def earned(evidence: Evidence) -> Verdict:
    """I10: for each refusal there was an instant at which it was right."""
    verdict = Verdict("I10", "Refusals are earned")
    judge = Judge(evidence)
    for one in evidence.operations:
        if one.outcome != "fail" or not isinstance(one.body, dict) or one.verb == "any":
            continue
        code = one.body.get("code")
        if code in ELSEWHERE or (one.verb in AROUND and code not in OF_ANYTHING):
            continue
        if code == "limit_reached" and evidence.one_at_a_time:
            continue  # it may be that limit, which I35 looks at
        verdict.expect(
            judge.may(one, str(code)),
            f"{told(one)} was refused as {one.status} {code}, which can't have been so",
            one.number,
        )
    return verdict


class Judge:
    """One method for each code: whether it can have been right."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.lives = Lives(evidence)
        self._times = Refused(evidence)
        self._open = {account: self._spans(numbers) for account, numbers in evidence.owned.items()}
        self._tries: dict[tuple[str, str], list[float]] = defaultdict(list)
        self._entered: dict[tuple[str, str], list[Operation]] = defaultdict(list)
        self._names: dict[str, list[Operation]] = defaultdict(list)  # registrations
        self._addresses: dict[str, set[str]] = defaultdict(set)
        for one in evidence.operations:
            if one.verb in LOGINS and one.status != 429:
                self._tries[pair_of(one)].append(one.sent_at)
                self._addresses[pair_of(one)[0]].add(pair_of(one)[1])
                if one.outcome == "ok" and one.verb != "password":
                    self._entered[pair_of(one)].append(one)
            elif one.verb == "register":
                self._names[one.args["username"]].append(one)
        self._forgetful = Windows.of_faults(evidence.faults, "redis")

    def may(self, one: Operation, code: str) -> bool:
        """Whether a refusal can have been right."""
        if one.verb in TIMED and code not in OF_ANYTHING:
            return self._times.earned(one, code)
        rule = getattr(self, code, None)
        return rule is not None and bool(rule(one))

    def _spans(self, numbers: list[int]) -> tuple[list[float], list[float]]:
        """When appointments may have begun and ended to be open, each sorted."""
        began, ended = [], []
        for number in numbers:
            line = self.evidence.appointments[number]
            began.append(line.earliest[0])
            ended.append(
                next(
                    (line.latest[n] for n, one in enumerate(line.states) if one.status != "booked"),
                    NEVER,
                )
            )
        return sorted(began), sorted(ended)

    def slot_taken(self, one: Operation) -> bool:
        line = self.evidence.slots.get(one.args["slot"])
        size = self.evidence.sizes.get(one.args.get("appointment", 0), 1)
        return line is not None and any(
            not state.takes(size) for state in line.states_between(one.sent_at, one.answered_at)
        )

    def already_booked(self, one: Operation) -> bool:
        """The person had a place in that slot, or the one whom staff would have moved there."""
        moved = self.evidence.appointments.get(one.args.get("appointment", 0))
        owner = moved.states[0].account if moved else self.evidence.account(one)
        numbers = self.evidence.owned.get(owner, [])
        lines = [self.evidence.appointments[number] for number in numbers]
        return any(
            state.slot == one.args["slot"] and state.status not in GIVEN_BACK
            for line in lines
            for state in line.states_between(one.sent_at, one.answered_at)
        )

    def too_early(self, one: Operation) -> bool:
        """All slots of a run begin days after it."""
        return one.verb == "noshow"

    def same_slot(self, one: Operation) -> bool:
        return any(state.slot == one.args["slot"] for state in self._states(one))

    def not_active(self, one: Operation) -> bool:
        return any(state.status != "booked" for state in self._states(one))

    def precondition_failed(self, one: Operation) -> bool:
        staff = one.verb in STAFF_VERBS
        line = (self.evidence.slots if staff else self.evidence.appointments)[
            one.args["slot" if staff else "appointment"]
        ]
        current = line.between(one.sent_at, one.answered_at)
        return any(at != one.args["version"] - 1 for at in current)

    def slot_in_past(self, one: Operation) -> bool:
        return one.args["slot"] in self.evidence.facts.get("begun", ())

    def too_late(self, one: Operation) -> bool:
        facts = self.evidence.facts
        soon = {*facts.get("soon", ()), *facts.get("begun", ())}
        return one.user not in self.evidence.staff and any(
            state.slot in soon or self._times.too_late(one, state.slot)
            for state in self._states(one)
        )

    def _states(self, one: Operation) -> list[Any]:
        line = self.evidence.appointments.get(one.args["appointment"])
        return line.states_between(one.sent_at, one.answered_at) if line else []

    def not_found(self, one: Operation) -> bool:
        if one.user in self.evidence.keeps:
            return self.evidence.may_be_of(one) != {True}
        return bool(one.args.get("foreign"))

    def permission_denied(self, one: Operation) -> bool:
        """Staff of one provider can't change slots of others, nor move anybody there."""
        asked = one.verb == "move" or one.verb in STAFF_VERBS
        return asked and not self.evidence.keeps_slot(one.user, one.args["slot"])

    def limit_reached(self, one: Operation) -> bool:
        """Open ones at some instant: those that may have begun by the end of the request, less
        those that had surely ended before it."""
        began, ended = self._open.get(self.evidence.account(one), ([], []))
        possible = bisect_right(began, one.answered_at) - bisect_left(ended, one.sent_at)
        return bool(possible >= self.evidence.facts["cap"])

    def slot_in_use(self, one: Operation) -> bool:
        line = self.evidence.slots[one.args["slot"]]
        states = line.states_between(one.sent_at, one.answered_at)
        # A place beyond the new capacity may be in use though fewer are taken.
        return any(state.booked > 0 for state in states)

    def idempotency_key_reused(self, one: Operation) -> bool:
        return any(
            other.args["tag"] != one.args["tag"]
            and other.outcome != "fail"
            and other.sent_at < one.answered_at
            for other in self.evidence.nonces[one.nonce]
        )

    def idempotency_in_flight(self, one: Operation) -> bool:
        return any(
            other is not one
            and other.sent_at < one.answered_at
            and (
                other.answered_at > one.sent_at
                or (other.status in (0, 503, 504) and other.answered_at > one.sent_at - SLOW)
            )
            for other in self.evidence.nonces[one.nonce]
        )

    def username_taken(self, one: Operation) -> bool:
        return any(
            other is not one and other.sent_at < one.answered_at
            for other in self._names[one.args["username"]]
        )

    def invalid_token(self, one: Operation) -> bool:
        return not self.lives.surely_alive(one)

    def wrong_credentials(self, one: Operation) -> bool:
        """Only a wrong password, or one that may have been changed, is refused."""
        if one.verb == "guess":
            return bool(one.args["password"] != PASSWORD)
        return any(
            other.sent_at < one.answered_at
            and one.args["password"] in (other.args["old"], other.args["new"])
            for other in self.lives.passwords(one.user)
        )

    def invalid(self, one: Operation) -> bool:
        """The current password may have been wrong by then: another change came before."""
        return one.verb == "password" and any(
            other.number != one.number and other.sent_at < one.answered_at
            for other in self.lives.passwords(one.user)
        )

    def rate_limited(self, one: Operation) -> bool:
        """Too many attempts from that address, or from all that are strange to the account."""
        name, address = pair_of(one)
        facts = self.evidence.facts
        if self._tried(one, (name, address), MINUTE) >= facts["logins"]:
            return True
        strangers = facts.get("strangers", 0)
        if not strangers or self._known(one):
            return False
        tried = [self._tried(one, (name, other), HOUR) for other in self._addresses[name]]
        mine = self._tried(one, (name, address), HOUR)
        return mine >= max(1, strangers // STRANGERS) or sum(tried) >= strangers

    def _tried(self, one: Operation, pair: tuple[str, str], window: float) -> int:
        """How many attempts may have been counted before this one."""
        tries = self._tries[pair]
        since = one.sent_at - window * (1 + 1 / SLICES) - SLOW
        return bisect_right(tries, one.answered_at) - bisect_left(tries, since)

    def _known(self, one: Operation) -> bool:
        """Whether the account had surely been entered from that address, and Redis knows it."""
        return any(
            other.answered_at < one.sent_at
            and not self._forgetful.touch(other.sent_at, one.sent_at)
            for other in self._entered[pair_of(one)]
        )
