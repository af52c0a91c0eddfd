"""What clients hear of rate limits, beside what the history says that they have asked."""

from bisect import bisect_left
from collections import defaultdict
from typing import Any, NamedTuple

from tests.prove.checker.answers import Windows
from tests.prove.checker.effects import told
from tests.prove.checker.evidence import Evidence
from tests.prove.checker.verdict import Verdict
from tests.prove.records import Operation

WINDOW = 60  # seconds
SLICE = WINDOW / 12  # what is older than a window by less than this may still count
SLOW = 10.0  # seconds after which what was not answered may be counted
LOGINS = ("login", "guess", "password")


class Standing(NamedTuple):
    """The fields RateLimit-Policy and RateLimit of an answer."""

    policy: str
    limit: int
    window: int
    remaining: int
    seconds: int


def told_right(evidence: Evidence, verdict: Verdict) -> None:
    """Whoever asks hears how many requests are left: as many as the history leaves.

    Trouble with Redis may lose counts or double them, so nothing is said of the minute after it.
    """
    environment: dict[str, Any] = evidence.facts.get("environment", {})
    if environment.get("RATE_LIMIT") != "on":
        return
    limits = {"user": int(environment["USER_LIMIT"]), "login": int(environment["LOGIN_LIMIT"])}
    trouble = Windows.of_faults(evidence.faults, "redis")
    counted: dict[tuple[str, ...], list[Operation]] = defaultdict(list)
    for one in evidence.operations:
        for key in counters(one):
            counted[key].append(one)
    longest = max((one.answered_at - one.sent_at for one in evidence.operations), default=0.0)
    for one in evidence.operations:
        if trouble.touch(one.sent_at - WINDOW - SLICE - SLOW, one.answered_at):
            continue
        if not one.standing:
            silent = one.outcome == "ok" and one.token and one.verb != "any"
            verdict.expect(not silent, f"{told(one)} hears of no rate limit", one.number)
            continue
        said = Standing(*one.standing)
        limit = limits.get(said.policy)
        if one.status == 429 or limit is None:
            continue
        key = (said.policy, *pair_of(one)) if said.policy == "login" else ("user", one.user)
        least, most = used(one, key, counted[key], longest)
        right = (
            (said.limit, said.window) == (limit, WINDOW)
            and limit - most <= said.remaining <= limit - least
            and 0 < said.seconds <= WINDOW + SLICE
        )
        verdict.expect(
            right,
            f"{told(one)} hears {said}, when between {least} and {most} of {limit} were used",
            one.number,
        )


def pair_of(one: Operation) -> tuple[str, str]:
    """The account that somebody tries to enter, and from where; "" is our usual address."""
    return one.args.get("username", one.user), one.args.get("address", "")


def counters(one: Operation) -> list[tuple[str, ...]]:
    """What may count a request."""
    found: list[tuple[str, ...]] = [("user", one.user)] if one.token else []
    return [*found, ("login", *pair_of(one))] if one.verb in LOGINS else found


def used(
    one: Operation, key: tuple[str, ...], asked: list[Operation], longest: float
) -> tuple[int, int]:
    """How much of a limit was used when a request was counted, itself included: at least, at
    most."""
    least = most = 1
    since = one.sent_at - WINDOW - SLICE - SLOW
    for other in asked[bisect_left(asked, since - longest, key=lambda one: one.sent_at) :]:
        if other.sent_at > one.answered_at:
            break
        if other is one:
            continue
        late = SLOW if other.status in (0, 503, 504) else 0.0
        most += other.answered_at + late >= one.sent_at - WINDOW - SLICE
        least += (
            other.standing[:1] == list(key[:1])
            and other.status != 429
            and other.answered_at < one.sent_at
            and other.sent_at >= one.answered_at - WINDOW
        )
    return least, most
