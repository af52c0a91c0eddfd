"""The checker on staff of one provider, secrets under a key, half requests, limits and tokens."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.prove.checker.judge import judge
from tests.prove.records import Fault, Operation
from tests.prove.story import Story, honest

LIMIT, LOGINS, STRANGERS = 100, 2, 5
TTL = 20
PROVIDERS = {1: 1, 2: 1, 3: 2}  # by slot


def told() -> Story:
    """The honest day where everybody hears of limits and tokens end; dan keeps calendar 1."""
    story = honest()
    story.facts |= {
        "staff": ["root", "dan"],
        "keeps": {"dan": 1},
        "times": [[slot, provider, 0, 0] for slot, provider in PROVIDERS.items()],
        "environment": {"RATE_LIMIT": "on", "USER_LIMIT": LIMIT, "LOGIN_LIMIT": LOGINS},
        "strangers": STRANGERS,
        "token_ttl": TTL,
    }
    story.accounts["dan"] = 4
    story.stream.insert(1, story.commit(["account", "INSERT", 4, "dan"]))
    story.stream.pop()
    login(story, "dan", 1.2, 200, token="D")
    hear(story)
    return story


def login(story: Story, user: str, at: float, status: int, **more: Any) -> Operation:
    body = {"username": user, "token": more.pop("token", "")} if status == 200 else {"code": "x"}
    return story.asked("login", user, at, status, body, username=user, password="old", **more)


def hear(story: Story) -> None:
    """Give each answer what a truthful server says of the limit."""
    used: Counter[tuple[str, str]] = Counter()
    for one in sorted(story.operations, key=lambda one: one.sent_at):
        if one.verb == "login" and one.status != 429:
            used["login", one.user] += 1
            left = LOGINS - used["login", one.user]
            one.standing = ["login", LOGINS, 60, left, 60]
        elif one.token and one.status:
            used["user", one.user] += 1
            one.standing = ["user", LIMIT, 60, LIMIT - used["user", one.user], 60]


def outcomes(story: Story) -> dict[str, str]:
    return {one.name: one.outcome for one in judge(story.evidence())}


def test_an_honest_day_is_honest_with_limits_staff_and_ends_of_tokens_too() -> None:
    verdicts = judge(told().evidence())
    assert [one.violations for one in verdicts if one.wrong] == []


GOOD: list[Callable[[Story], object]] = []
BAD: list[tuple[str, Callable[[Story], object]]] = []


def fine(story: Callable[[Story], object]) -> Callable[[Story], object]:
    GOOD.append(story)
    return story


def violates(name: str) -> Callable[[Callable[[Story], object]], Callable[[Story], object]]:
    def keep(spoil: Callable[[Story], object]) -> Callable[[Story], object]:
        BAD.append((name, spoil))
        return spoil

    return keep


def looks(story: Story, number: int, status: int, slot: int) -> None:
    """Dan looks at an appointment, and hears how he stands."""
    body: Any = {"id": number, "slot": slot, "status": "booked", "user": "x", "v": 1, "crc": 1}
    if status != 200:
        body = {"code": "not_found"}
    one = story.asked("get", "dan", 7.0, status, body, appointment=number, token="D")
    one.standing = ["user", LIMIT, 60, LIMIT - 1, 60]


@fine
def staff_see_what_is_theirs(story: Story) -> None:
    looks(story, 11, 200, 1)


@fine
def staff_do_not_find_what_is_anothers(story: Story) -> None:
    story.facts["keeps"] = {"dan": 2}
    looks(story, 11, 404, 1)


@violates("I11")
def staff_see_what_is_anothers(story: Story) -> None:
    story.facts["keeps"] = {"dan": 2}
    looks(story, 11, 200, 1)


@violates("I10")
def staff_do_not_find_what_is_theirs(story: Story) -> None:
    looks(story, 11, 404, 1)


@violates("I11")
def staff_note_what_is_anothers(story: Story) -> None:
    story.facts["keeps"] = {"root": 2}  # who noted that Ben did not come to slot 1


@violates("I11")
def staff_close_what_is_anothers(story: Story) -> None:
    closed = {"slot": [3, 2, 2, "busy-unavailable"], "v": 2, "crc": 1}
    story.asked("close", "dan", 15.0, 200, closed, slot=3, tag="t30", token="D")


@violates("I11")
def staff_list_what_is_anothers(story: Story) -> None:
    shown = [[12, 3, "booked", "ada"]]
    story.asked("calendar", "dan", 15.0, 200, shown, provider=2, token="D")


@violates("I10")
def staff_may_not_close_what_is_theirs(story: Story) -> None:
    story.asked("close", "dan", 15.0, 403, {"code": "permission_denied"}, slot=1, tag="t30",
                token="D")  # fmt: skip


@violates("I5")
def another_password_under_the_same_key_is_accepted(story: Story) -> None:
    for tag, at in (("t40", 15.0), ("t40x", 16.0)):
        story.asked("password", "ben", at, 200, {"v": 0, "crc": 1}, old="old", new=tag, tag=tag,
                    nonce="t40", token="B", replayed=tag != "t40")  # fmt: skip
    story.commit(["account", "UPDATE", 2, "ben"], ["idempotency", "INSERT", 2, "t40", 7, 0, 1])


@violates("I4")
def half_a_request_is_done(story: Story) -> None:
    one = story.asked("abandon", "ben", 15.0, 0, slot=3, tag="t50", how="longer")
    one.outcome = "fail"
    story.booked(50, "ben", 3, "t50")
    story.finish()


def tries(story: Story, address: str, count: int, status: int, at: float = 15.0) -> None:
    for n in range(count):
        code = {401: "wrong_credentials", 429: "rate_limited"}[status]
        story.asked("guess", "ada", at + n / 10, status, {"code": code}, username="eve",
                    password="a wrong guess", address=address, took=0.01)  # fmt: skip


@fine
def strangers_are_refused_when_they_have_tried_enough(story: Story) -> None:
    for n in range(STRANGERS):
        tries(story, f"127.0.0.{n}", 1, 401, 15 + n)
    tries(story, "127.0.0.9", 1, 429, 25.0)


@violates("I13")
def too_many_strangers_are_let_through(story: Story) -> None:
    for n in range(STRANGERS + 1):
        tries(story, f"127.0.0.{n}", 1, 401, 15 + n)


@violates("I13")
def a_stranger_is_let_through_too_often(story: Story) -> None:
    tries(story, "127.0.0.1", 2, 401)


@violates("I10")
def a_stranger_is_refused_at_once(story: Story) -> None:
    tries(story, "127.0.0.1", 1, 429)


@violates("I10")
def strangers_lock_the_owner_out(story: Story) -> None:
    for n in range(STRANGERS):
        story.asked("guess", "ben", 15.0 + n, 401, {"code": "wrong_credentials"}, username="ben",
                    password="a wrong guess", address=f"127.0.0.{n}")  # fmt: skip
    story.asked("login", "ben", 25.0, 429, {"code": "rate_limited"}, username="ben", password="old")


def asks(story: Story, at: float, status: int) -> Operation:
    body = {"username": "dan"} if status == 200 else {"code": "invalid_token"}
    one = story.asked("me", "dan", at, status, body, token="D")
    one.standing = ["user", LIMIT, 60, LIMIT - 1, 60]
    return one


@fine
def what_nobody_used_has_expired(story: Story) -> None:
    asks(story, 1.2 + TTL + 5, 401)


@fine
def an_unused_token_may_be_of_no_use_shortly_before_its_end_and_after_it(story: Story) -> None:
    asks(story, 1.2 + TTL - 0.05, 401)


@violates("I12")
def a_token_outlives_its_time(story: Story) -> None:
    asks(story, 1.2 + TTL + 5, 200)


@violates("I10")
def a_token_that_is_used_expires(story: Story) -> None:
    asks(story, 15.0, 200)
    asks(story, 1.2 + TTL + 2, 401).standing = []


def said(story: Story, user: str) -> Operation:
    return [one for one in story.operations if one.user == user and one.standing][-1]


@violates("I13")
def more_is_said_to_be_left_than_there_is(story: Story) -> None:
    said(story, "ben").standing[3] += 1


@violates("I13")
def less_is_said_to_be_left_than_there_is(story: Story) -> None:
    said(story, "ben").standing[3] -= 5


@violates("I13")
def another_policy_is_told(story: Story) -> None:
    said(story, "ben").standing[2] = 3600


@violates("I13")
def nothing_is_told(story: Story) -> None:
    next(one for one in story.operations if one.verb == "me" and one.outcome == "ok").standing = []


@fine
def what_redis_lost_is_not_told(story: Story) -> None:
    story.faults.append(
        Fault(number=1, kind="redis-flushed", target="redis", began_at=0, ended_at=0.1, healed_at=1)
    )
    said(story, "ben").standing[3] += 1


@pytest.mark.parametrize("good", GOOD, ids=lambda one: one.__name__)
def test_it_does_not_mind(good: Callable[[Story], object]) -> None:
    story = told()
    good(story)
    verdicts = judge(story.evidence())
    assert [one.violations for one in verdicts if one.wrong] == []


@pytest.mark.parametrize(("name", "spoil"), BAD, ids=lambda one: getattr(one, "__name__", one))
def test_it_sees(name: str, spoil: Callable[[Story], object]) -> None:
    story = told()
    spoil(story)
    assert outcomes(story)[name] == "VIOLATED"
