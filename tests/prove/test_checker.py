"""The checker: it finds nothing in an honest history, and each broken promise in a bad one."""

import itertools
from collections.abc import Callable

import pytest

from tests.prove.checker.judge import judge
from tests.prove.checker.limits import capped
from tests.prove.checker.verdict import Verdict
from tests.prove.records import Operation
from tests.prove.story import Story, honest

BAD: list[tuple[str, Callable[[Story], object]]] = []


def violates(*names: str) -> Callable[[Callable[[Story], object]], Callable[[Story], object]]:
    """What follows spoils an honest history so that these invariants are violated."""

    def keep(spoil: Callable[[Story], object]) -> Callable[[Story], object]:
        BAD.extend((name, spoil) for name in names)
        return spoil

    return keep


def outcomes(story: Story) -> dict[str, str]:
    return {one.name: one.outcome for one in judge(story.evidence())}


def find(story: Story, tag: str) -> Operation:
    return next(one for one in story.operations if one.args.get("tag") == tag)


def read(story: Story, verb: str) -> Operation:
    return next(one for one in story.operations if one.verb == verb and one.outcome == "ok")


def test_an_honest_history_violates_nothing_and_shows_something_of_everything() -> None:
    verdicts = judge(honest().evidence())
    assert [(one.name, one.outcome) for one in verdicts[:22]] == [
        (f"I{n}", "OK") for n in range(1, 23)
    ], [one.violations for one in verdicts]


def test_what_was_not_looked_at_is_not_called_right() -> None:
    seen = outcomes(Story({"ada": 1}, {1: 1}))
    assert {name for name, outcome in seen.items() if outcome == "OK"} == {"I7"}  # of the slots


@violates("I1", "I2", "I4")
def two_people_are_in_one_place(story: Story) -> None:
    body = {"id": 13, "slot": 2, "status": "booked", "user": "ben", "v": 1, "crc": 1}
    story.asked("book", "ben", 5.3, 201, body, slot=2, tag="t9", token="B")
    story.booked(13, "ben", 2, "t9").rows.pop(1)
    story.stream.insert(5, story.stream.pop())
    story.operations.append(story.operations[0])  # and something that nobody asked for
    story.booked(14, "ben", 3, "t99")


@violates("I1", "I7")
def a_look_shows_a_slot_with_two(story: Story) -> None:
    story.looks[0] |= {"broken": [["more appointments than places", 1]], "booked": 9}


@violates("I3")
def a_success_is_lost(story: Story) -> None:
    story.stream = [one for one in story.stream if one.rows[0][2] != 11]


@violates("I3")
def the_table_is_not_where_the_stream_ends(story: Story) -> None:
    story.facts["final"]["appointments"][0][1] = 3


@violates("I3")
def a_cancel_that_was_promised_is_not_there(story: Story) -> None:
    find(story, "t7").body["v"] = 9


@violates("I4")
def a_refused_booking_took_effect(story: Story) -> None:
    find(story, "t4").outcome, find(story, "t4").status = "fail", 409
    find(story, "t4").body = {"code": "slot_taken"}


@violates("I4")
def a_booking_became_one_of_another_slot(story: Story) -> None:
    find(story, "t5").args["slot"] = 2


@violates("I5")
def a_request_is_done_twice(story: Story) -> None:
    story.booked(13, "ada", 3, "t1", "t1")


@violates("I5")
def the_same_key_brings_another_answer(story: Story) -> None:
    story.operations[4].body = story.operations[4].body | {"crc": 99}


@violates("I5")
def the_same_key_brings_what_nobody_can_read(story: Story) -> None:
    story.operations[4].body = {"unreadable": "[["}


@violates("I6", "I7")
def a_move_does_not_give_its_old_place_back(story: Story) -> None:
    move = next(one for one in story.stream if one.rows[0][1:3] == ["UPDATE", 10])
    del move.rows[1]


@violates("I6")
def a_list_misses_what_is_surely_there(story: Story) -> None:
    read(story, "list").body.clear()


@violates("I6")
def a_list_shows_an_appointment_twice(story: Story) -> None:
    read(story, "list").body.append([10, 2, "booked"])


@violates("I7")
def a_counter_is_wrong(story: Story) -> None:
    story.stream[1].rows[1][4] = 0


@violates("I8", "I9")
def a_read_is_stale(story: Story) -> None:
    read(story, "get").body |= {"v": 1, "slot": 1}


@violates("I8")
def a_booking_is_seen_and_then_not(story: Story) -> None:
    """Its answer is still out, so that each read alone could be right."""
    story.asked("book", "ben", 15.0, 504, slot=2, tag="t20", token="B", took=3.0)
    story.booked(20, "ben", 2, "t20")
    story.faults[0].ended_at = story.faults[0].healed_at = 20.0
    seen = {"slot": [2, 1, 0, "busy"], "v": 4, "crc": 1}
    story.asked("slot", "ada", 15.2, 200, seen, slot=2)
    before = {"slot": [2, 1, 1, "free"], "v": 3, "crc": 1}
    story.asked("slot", "ada", 15.5, 200, before, slot=2)
    story.finish()


@violates("I9")
def a_search_shows_what_never_was(story: Story) -> None:
    read(story, "search").body[1][2] = 1


@violates("I10")
def a_free_slot_is_called_taken(story: Story) -> None:
    story.asked("book", "ben", 15, 409, {"code": "slot_taken"}, slot=3, tag="t9", token="B")


@violates("I10")
def a_living_token_is_refused(story: Story) -> None:
    story.asked("me", "ben", 15, 401, {"code": "invalid_token"}, token="B")


@violates("I11")
def one_hears_of_anothers_appointment(story: Story) -> None:
    foreign = next(one for one in story.operations if one.args.get("foreign"))
    foreign.status, foreign.outcome = 200, "ok"
    foreign.body = {"id": 10, "slot": 2, "status": "booked", "user": "ada", "v": 2, "crc": 8}


@violates("I11")
def one_is_taken_for_another(story: Story) -> None:
    read(story, "me").body["username"] = "ada"


@violates("I11")
def a_customer_cancels_for_another(story: Story) -> None:
    find(story, "t7").user = "ben"
    cancel = next(one for one in story.stream if one.rows[0][1:4] == ["UPDATE", 10, 2])
    story.stream[-2].rows[-1][3] = 2
    assert cancel


@violates("I12")
def a_token_works_after_its_logout(story: Story) -> None:
    story.asked("me", "ada", 15, 200, {"username": "ada"}, token="A")


@violates("I12")
def a_token_works_after_a_new_password(story: Story) -> None:
    story.asked("password", "ben", 15, 200, {"v": 0, "crc": 1}, old="old", new="new", tag="t9",
                token="other")  # fmt: skip
    story.asked("me", "ben", 16, 409, {"code": "busy"}, token="B")


@violates("I13")
def the_cap_is_exceeded(story: Story) -> None:
    story.facts["cap"] = 1


@violates("I13")
def a_third_guess_is_let_through(story: Story) -> None:
    next(one for one in story.operations if one.status == 429).status = 401


@violates("I14")
def a_lock_is_left_over(story: Story) -> None:
    story.facts["left"]["lock keys"] = 1


@violates("I14")
def a_process_has_grown(story: Story) -> None:
    story.facts["processes"][0]["after"]["files"] = 900


@violates("I15")
def an_answer_comes_late(story: Story) -> None:
    read(story, "me").answered_at += 4.5


@violates("I16")
def a_fault_does_not_heal(story: Story) -> None:
    story.faults[0].healed_at = 0.0


@violates("I17")
def a_bug_is_answered(story: Story) -> None:
    read(story, "me").status = 500


@violates("I17")
def nothing_explains_a_503(story: Story) -> None:
    story.asked("me", "ben", 15, 503, {"code": "unavailable"}, token="B")


@violates("I18")
def all_that_was_unknown_had_been_done(story: Story) -> None:
    for n in range(100):
        story.asked("book", "ben", 7.2, 504, slot=3, tag=f"t5{n}", token="B")
    for one in story.stream:
        one.rows = [row for row in one.rows if row[0] != "appointment" or row[7] != "t5"]


def moves(story: Story, slot: int, **more: object) -> Operation:
    """Ada moves appointment 12 away from slot 3."""
    body = {"id": 12, "from": 3, "slot": slot, "v": 2, "crc": 1}
    one = story.asked("move", "ada", 15, 200, body, appointment=12, slot=slot, tag="t9",
                      nonce="t9", token="A2", **more)  # fmt: skip
    story.moved(12, "ada", slot, "t9")
    story.finish()
    return one


def test_an_appointment_that_has_begun_is_open_no_longer() -> None:
    story = Story({"ada": 1}, {1: 1, 2: 1, 3: 1})
    story.facts["cap"] = 2
    for number, starts in enumerate((100, 400, 500), start=1):
        rooms = [starts, starts + 50, [], False, False, ""]
        made = [1, starts, starts + 50, 1, 1, 0, *rooms]
        commit = story.booked(number, "ada", number, f"t{number}")
        commit.rows.append(["slot", "UPDATE", number, 1, 1, False, 2, made])
        story.stream[-1].committed = 90.0 + 20 * number
    capped(story.evidence(), verdict := Verdict("I13", ""))
    assert verdict.outcome == "OK"
    story.stream[-1].committed = 99.0
    capped(story.evidence(), verdict := Verdict("I13", ""))
    assert verdict.outcome == "VIOLATED"


def test_a_move_into_a_free_slot_is_allowed() -> None:
    story = honest()
    moves(story, 2)
    seen = outcomes(story)
    assert (seen["I3"], seen["I19"]) == ("OK", "OK")


@violates("I19")
def a_move_into_a_closed_slot_succeeds(story: Story) -> None:
    story.slots[2][2] = True
    story.asked("close", "root", 14.5, 200, {"slot": [2, 1, 1, "busy-unavailable"], "v": 5,
                "crc": 1}, slot=2, tag="t8x", nonce="t8x", token="R")  # fmt: skip
    story.commit(story.counted(2, 0), ["idempotency", "INSERT", 3, "t8x", 7, 2, 5])
    moves(story, 2)


@violates("I19")
def what_begins_soon_is_given_back(story: Story) -> None:
    story.facts["soon"] = [3]
    moves(story, 2)


@violates("I19")
def what_has_begun_is_booked(story: Story) -> None:
    story.facts["begun"] = [1]


@violates("I19")
def another_version_is_moved(story: Story) -> None:
    moves(story, 2, version=7)


@violates("I19")
def what_was_cancelled_is_moved(story: Story) -> None:
    find(story, "t7").sent_at = 3.9
    body = {"id": 10, "from": 2, "slot": 3, "v": 4, "crc": 1}
    story.asked("move", "ada", 15, 200, body, appointment=10, slot=3, tag="t9", nonce="t9",
                token="A2")  # fmt: skip
    story.moved(10, "ada", 3, "t9")


@violates("I20")
def a_field_is_wrong(story: Story) -> None:
    read(story, "list").wrongs = ["slot 1 came with start_time '09:00', not '10:00'"]


@violates("I20")
def history_names_another(story: Story) -> None:
    read(story, "history").body[1][1] = "ben"


def history_of(story: Story, user: str) -> Operation:
    return next(one for one in story.operations if (one.verb, one.user) == ("history", user))


@violates("I20")
def history_names_staff_to_a_customer(story: Story) -> None:
    history_of(story, "ben").body[1][1] = "root"


@violates("I20")
def history_shows_a_customer_what_staff_remarked(story: Story) -> None:
    history_of(story, "ben").body[1][6] = "t8"


@violates("I20")
def history_does_not_say_to_staff_who_it_was(story: Story) -> None:
    history_of(story, "root").body[1][1] = "staff"


@violates("I20")
def history_lacks_its_end(story: Story) -> None:
    read(story, "history").body.pop()


@violates("I20")
def a_change_is_of_another_day(story: Story) -> None:
    story.facts["wall"] = 1_800_000_000.0


@violates("I20")
def a_moved_slot_is_shown_as_it_was(story: Story) -> None:
    moves(story, 2).body |= {"shown": [[3, 2, 1, "free"], [2, 1, 1, "free"]]}


@violates("I20")
def a_move_tells_of_another_slot(story: Story) -> None:
    find(story, "t3").body["from"] = 3


@violates("I9")
def an_alternative_is_full(story: Story) -> None:
    find(story, "t2").body["shown"] = [[2, 1, 0, "busy"]]


@violates("I11")
def a_list_for_staff_mixes_people_up(story: Story) -> None:
    story.asked("calendar", "root", 15, 200, [[11, 1, "noshow", "ada"]], provider=1, token="R")


@violates("I21")
def a_route_answers_what_it_never_said(story: Story) -> None:
    next(one for one in story.operations if one.verb == "any").status = 418


@violates("I21")
def a_write_of_nothing_succeeds(story: Story) -> None:
    story.asked("any", "ben", 15, 201, {}, route="POST /api/slots/", statuses=[201, 400],
                writes=True)  # fmt: skip


@violates("I22")
def who_asks_beside_an_odd_request_waits(story: Story) -> None:
    for one, odd in itertools.pairwise(story.operations):
        if odd.verb == "abandon":
            one.answered_at += 0.5


@pytest.mark.parametrize(("name", "spoil"), BAD, ids=lambda one: getattr(one, "__name__", one))
def test_it_sees(name: str, spoil: Callable[[Story], object]) -> None:
    story = honest()
    spoil(story)
    assert outcomes(story)[name] == "VIOLATED"


def test_every_invariant_has_a_history_that_violates_it() -> None:
    assert {name for name, _ in BAD} == {f"I{n}" for n in range(1, 23)}
