"""The life of every token: when it was surely alive, when surely dead, when nobody can tell."""

from bisect import bisect_left
from collections import defaultdict

from tests.prove.checker.evidence import Evidence
from tests.prove.checker.timeline import NEVER
from tests.prove.records import Operation

UNSURE = (0, 503, 504)  # whether such a request has used its token nobody knows
SLOW = 10.0  # seconds after which it may still do so
SLACK = 1.0
RENEWED = 0.9  # of a life; a use within a tenth of it after a renewal renews nothing
FLUSHED = "flush"  # faults with this in their kind forget all tokens


class Lives:
    """What the history says of tokens, by digest."""

    def __init__(self, evidence: Evidence) -> None:
        self.born: dict[str, Operation] = {}
        self._logouts: dict[str, list[Operation]] = defaultdict(list)
        self._passwords: dict[str, list[Operation]] = defaultdict(list)
        self._uses: dict[str, list[Operation]] = defaultdict(list)
        for one in evidence.operations:
            if one.verb in ("login", "guess") and one.outcome == "ok":
                self.born[one.body["token"]] = one
            elif one.verb == "logout" and one.outcome != "fail":
                self._logouts[one.token].append(one)
            elif one.verb == "password" and one.outcome != "fail":
                self._passwords[one.user].append(one)
            if one.token:
                self._uses[one.token].append(one)
        self._ttl: float = evidence.facts.get("token_ttl", NEVER)
        self.flushes = [
            (fault.began_at, fault.ended_at) for fault in evidence.faults if FLUSHED in fault.kind
        ]

    def passwords(self, user: str) -> list[Operation]:
        """The changes of a user's password that may have been done."""
        return self._passwords.get(user, [])

    def surely_dead(self, one: Operation) -> Operation | None:
        """What had surely killed the token of an operation before it was sent."""
        for logout in self._logouts.get(one.token, ()):
            if logout.outcome == "ok" and logout.answered_at < one.sent_at:
                return logout
        born = self.born.get(one.token)
        for change in self._passwords.get(one.user, ()):
            if (
                change.outcome == "ok"
                and change.token != one.token
                and change.answered_at < one.sent_at
                and born is not None
                and born.answered_at < change.sent_at
            ):
                return change
        return None

    def surely_expired(self, one: Operation) -> bool:
        """Whether nobody can have used the token for as long as it lives without."""
        born = self.born.get(one.token)
        if born is None or self._ttl == NEVER:
            return False
        since = one.sent_at - self._ttl - SLACK
        uses = self._uses[one.token]
        at = bisect_left(uses, one.answered_at, key=lambda use: use.sent_at)
        for use in reversed(uses[:at]):
            late = SLOW if use.status in UNSURE else 0.0
            if use is not one and use.answered_at + late >= since:
                return False
        return born.answered_at < since

    def _lives_until(self, one: Operation, born: Operation) -> float:
        """Until when it surely lives: each use that was in time gives it almost a whole life."""
        end = born.sent_at + self._ttl
        used = [use for use in self._uses[one.token] if use.answered_at < one.sent_at]
        for use in sorted(used, key=lambda use: use.answered_at):
            if use.verb == "any" or use.status in (401, 429, 500, 502, *UNSURE):
                continue  # it may have been answered before anybody looked at its token
            if use.answered_at < end:
                end = max(end, use.sent_at + self._ttl * RENEWED)
        return end

    def surely_alive(self, one: Operation) -> bool:
        """Whether nothing can have killed the token of an operation before its answer."""
        born = self.born.get(one.token)
        if born is None or born.answered_at > one.sent_at:
            return False
        if one.answered_at >= self._lives_until(one, born):
            return False
        for logout in self._logouts.get(one.token, ()):
            if logout.sent_at <= one.answered_at and logout.number != one.number:
                return False
        for change in self._passwords.get(one.user, ()):
            ended = change.answered_at if change.outcome == "ok" else NEVER
            other = change.token != one.token
            if other and change.sent_at <= one.answered_at and ended >= born.sent_at:
                return False
        return not any(
            began <= one.answered_at and ended >= born.sent_at for began, ended in self.flushes
        )
