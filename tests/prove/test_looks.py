"""What is seen of an answer as it comes: an honest one has no fault, a spoiled one has."""

import json
from typing import Any

import pytest

from tests.prove.answers import fill, version_of
from tests.prove.ask import Ask
from tests.prove.client import Answer
from tests.prove.looks import Look
from tests.prove.people import Person
from tests.prove.records import Operation
from tests.prove.sheet import Sheet

STARTS = 1_800_003_600  # 2027-01-15T09:00:00Z
SHEET = Sheet(
    {
        "providers": [[1, "Clinic", "Asia/Kolkata"], [2, "Other", "UTC"]],
        "times": [[n, 1 + n // 9, STARTS + n * 900, STARTS + (n + 1) * 900] for n in range(1, 18)],
    }
)
WHOLE = {
    "id": 3, "start_time": "15:15", "end_time": "15:30", "provider": "Clinic", "provider_id": 1,
    "date": "2027-01-15", "starts_at": "2027-01-15T09:45:00+00:00",
    "ends_at": "2027-01-15T10:00:00+00:00", "time_zone": "Asia/Kolkata", "capacity": 1,
    "remaining": 0, "status": "busy",
}  # fmt: skip
LINK = (
    '</api/slots/?provider=1&from=2027-01-15T09%3A45%3A00%2B00%3A00&limit=1&cursor=x>; rel="next"'
)


def look(status: int, body: Any, *, args: Any = None, verb: str = "slot", **more: str) -> list[str]:
    path = more.pop("path", "/api/slots/3/")
    headers = {"X-Request-ID": "1", "ETag": '"1"', "Content-Type": "application/json"} | more
    head = "\r\n".join(["HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items() if v)]).encode()
    ask = Ask(verb, args or {"slot": 3}, b"", path=path)
    one = Look(SHEET, ask, Answer(status, head, json.dumps(body).encode(), 0.0, 1.0), body)
    one.all()
    assert one.count > 1
    return one.wrongs


def test_an_honest_slot_has_no_fault() -> None:
    assert look(200, WHOLE) == []


@pytest.mark.parametrize(
    "wrong",
    [{"start_time": "09:45"}, {"date": "2027-01-16"}, {"provider": "Other"}, {"provider_id": 2},
     {"time_zone": "UTC"}, {"starts_at": "2027-01-15T09:45:00"}, {"id": 4}, {"more": 1}],
)  # fmt: skip
def test_each_wrong_field_is_seen(wrong: dict[str, Any]) -> None:
    assert look(200, WHOLE | wrong) != []


@pytest.mark.parametrize("missing", ["X-Request-ID", "ETag"])
def test_each_missing_header_is_seen(missing: str) -> None:
    assert look(200, WHOLE, **{missing: ""}) != []


@pytest.mark.parametrize("tag", ["3", "3.7", "3-2", "3.7-2"])
def test_the_version_is_that_of_what_is_shown_not_of_its_slot_or_provider(tag: str) -> None:
    assert version_of(f'HTTP/1.1 200 OK\r\nEtag: "{tag}"\r\n'.encode()) == 3


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"appointment_id":1,"old_slot":null,"new_slot":{"id":3}}', "unreadable"),
        (
            b'{"message":"","appointment_id":1,"old_slot":2,"new_slot":3,"notes":"canary:bob:1"}',
            "foreign",
        ),
    ],
)
def test_a_success_that_nobody_can_read_is_not_known_to_be_done(body: bytes, told: str) -> None:
    ask = Ask("move", {"appointment": 1, "slot": 3}, b"", path="/api/appointments/1/reschedule/")
    head = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: "2"'
    one = Operation(number=1, process=1, server=0, user="ann", token="", verb="move", args=ask.args)
    fill(one, ask, Answer(200, head, body, 0.0, 1.0), Person("ann"), SHEET)
    assert (one.outcome, list(one.body)) == ("info", [told])


def test_another_status_of_success_is_seen() -> None:
    assert look(202, WHOLE) != []


def page(numbers: list[int], **more: str) -> list[str]:
    body = [WHOLE | told for told in map(SHEET.still, numbers)]
    for one in body:
        times = SHEET.times[one["id"]]
        for name, at in (("starts_at", times.starts), ("ends_at", times.ends)):
            one[name] = f"2027-01-15T{at % 86400 // 3600:02}:{at % 3600 // 60:02}:00Z"
    args = {"provider": 1, "starts": STARTS + 3 * 900}
    path = "/api/slots/?provider=1&from=2027-01-15T09:45:00Z&limit=1"
    return look(200, body, args=args, verb="search", path=path, **more)


def test_a_page_is_what_the_calendar_has_and_links_to_the_same_question() -> None:
    assert page([3], Link=LINK) == []
    assert page([4], Link=LINK) != []
    assert page([3, 4], Link=LINK) != []
    assert page([3], Link=LINK.replace("provider=1&", "")) != []
    assert page([3], Link=LINK.replace("09%3A45", "10%3A45")) != []
    assert page([3], Link=LINK.replace("cursor=x", "cursor=")) != []


@pytest.mark.parametrize(
    ("listed", "after", "right"),
    [
        ([(2, 9), (3, 4), (3, 8)], (0, 0), True),
        ([(3, 8), (3, 4)], (0, 0), False),
        ([(3, 4), (2, 9)], (0, 0), False),
        ([(3, 8)], (2, 9), True),
        ([(3, 4)], (3, 8), False),
    ],
)
def test_a_list_of_staff_is_in_the_order_of_time(
    listed: list[tuple[int, int]], after: tuple[int, int], right: bool
) -> None:
    names = ("id", "start_time", "end_time", "provider")
    body = []
    for slot, number in listed:
        still = SHEET.still(slot)
        shown = {name: still[name] for name in names}
        body.append({"id": number, "slot": shown, "user": "ann", "notes": "", "status": "booked"})
    args = {"provider": 1, "after": after}
    path = "/api/appointments/?provider=1&limit=5"
    assert (look(200, body, args=args, verb="calendar", path=path) == []) == right


@pytest.mark.parametrize(
    ("looks", "after", "right"), [(2000, 0, False), (20, 0, True), (20, 6, False)]
)
def test_a_list_of_staff_goes_on_after_a_short_page_only_where_there_is_much_to_look_at(
    looks: int, after: int, right: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.prove.sheet.LOOKS", looks)
    path = "/api/appointments/?provider=1&limit=5"
    args = {"provider": 1, "after": (after, 1)}
    link = f'<{path}&cursor=x>; rel="next"'
    assert (look(200, [], args=args, verb="calendar", path=path, Link=link) == []) == right


def test_who_must_wait_is_told_how_long() -> None:
    problem = {"type": "x", "title": "x", "status": 429, "code": "rate_limited"}
    media = {"Content-Type": "application/problem+json"}
    assert look(429, problem, **media, **{"Retry-After": "3"}) == []
    assert look(429, problem, **media) != []
    assert look(429, problem | {"status": 503}, **media, **{"Retry-After": "3"}) != []


@pytest.mark.parametrize(
    ("offered", "right"),
    [([4, 5], True), ([2], False), ([3], False), ([9], False), ([5, 4], False), ([4] * 4, False)],
)
def test_what_is_offered_instead_comes_later_and_from_the_same(
    offered: list[int], right: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.prove.looks.time.time", lambda: float(STARTS))
    shown = []
    for told in map(SHEET.still, offered):
        times = SHEET.times[told["id"]]
        at = [f"2027-01-15T{t % 86400 // 3600:02}:{t % 3600 // 60:02}:00Z" for t in times[1:]]
        shown.append(WHOLE | told | {"starts_at": at[0], "ends_at": at[1], "status": "free"})
    problem = {"type": "x", "title": "x", "status": 409, "code": "slot_taken"}
    media = {"Content-Type": "application/problem+json"}
    found = look(409, problem | {"alternatives": shown}, verb="book", **media)
    assert (found == []) == right, found
