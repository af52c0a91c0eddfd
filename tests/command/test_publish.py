"""booking/calendar/publish.py: many slots at once, whole batches, and going on after a failure."""

import itertools
from datetime import UTC, date, datetime, time, timedelta

import pytest

from service.booking.calendar.publish import BATCH, plan, publish
from service.booking.calendar.schedule import Interval, Rule, clock_changes, intervals
from service.deps import Deps
from service.errors import NotFound
from tests.cast import Given

BEGIN = datetime(2031, 1, 1, tzinfo=UTC)
LENGTH = timedelta(minutes=10)
WANTED = [Interval(BEGIN + n * LENGTH, BEGIN + (n + 1) * LENGTH) for n in range(2 * BATCH + 5)]


class Stop(Exception):
    pass


async def test_after_a_failure_whole_batches_are_there_and_the_same_call_goes_on(
    deps: Deps, given: Given
) -> None:
    provider_id = await given.make_provider()

    def stop(done: int) -> None:
        raise Stop

    with pytest.raises(Stop):
        await publish(deps, provider_id, WANTED, told=stop)
    found = await plan(deps, provider_id, WANTED)
    assert (found.there, found.new, found.overlapping) == (WANTED[:BATCH], WANTED[BATCH:], [])
    assert await publish(deps, provider_id, WANTED) == BATCH + 5
    assert await publish(deps, provider_id, WANTED) == 0


async def test_a_calendar_of_several_pages_is_compared_whole(
    deps: Deps, given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.booking.calendar.publish.PAGE", 100)
    provider_id = await given.make_provider()
    await publish(deps, provider_id, WANTED[:450])
    found = await plan(deps, provider_id, [*WANTED[:10], *WANTED[300:500]])
    assert found == (WANTED[450:500], [*WANTED[:10], *WANTED[300:450]], [])
    shifted = [Interval(at + LENGTH / 2, to + LENGTH / 2) for at, to in WANTED[448:452]]
    found = await plan(deps, provider_id, shifted)
    assert (found.overlapping, found.new) == (shifted[:2], shifted[2:])


async def test_it_says_how_far_it_is(deps: Deps, given: Given) -> None:
    provider_id = await given.make_provider()
    heard: list[int] = []
    await publish(deps, provider_id, WANTED, told=heard.append)
    assert heard == [BATCH, 2 * BATCH, 2 * BATCH + 5]


async def test_a_provider_that_is_not_there_is_not_found(deps: Deps) -> None:
    with pytest.raises(NotFound):
        await publish(deps, 0, WANTED[:1])


def _rule(**more: object) -> Rule:
    rule = Rule(frozenset(range(7)), time(0), time(0), timedelta(minutes=30), "America/New_York")
    return rule._replace(**more)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2027, 3, 14), (46, [(date(2027, 3, 14), 2, 0)])),  # 23 hours
        (date(2027, 11, 7), (48, [(date(2027, 11, 7), 0, 2)])),  # 25 hours
        (date(2027, 6, 1), (48, [])),
    ],
)
def test_days_of_23_and_25_hours_are_told(
    day: date, expected: tuple[int, list[tuple[date, int, int]]]
) -> None:
    found = list(intervals(_rule(), day, day))
    assert (len(found), clock_changes(_rule(), day, day)) == expected
    assert all(one.ends_at - one.starts_at == timedelta(minutes=30) for one in found)


def test_a_change_outside_opening_hours_is_not_worth_telling() -> None:
    office = _rule(opens=time(9), closes=time(17))
    assert clock_changes(office, date(2027, 1, 1), date(2027, 12, 31)) == []


def test_a_slot_that_the_one_over_the_gap_runs_into_is_told_as_left_out() -> None:
    """01:30 lasts until 04:00 on the wall, so 03:00 has no room."""
    long = _rule(opens=time(1, 30), closes=time(6), every=timedelta(minutes=90))
    day = date(2027, 3, 14)
    assert clock_changes(long, day, day) == [(day, 1, 0)]


def test_a_year_round_the_clock_never_overlaps() -> None:
    found = list(intervals(_rule(), date(2027, 1, 1), date(2027, 12, 31)))
    assert len(found) == 365 * 48 - 2
    assert all(one.ends_at <= later.starts_at for one, later in itertools.pairwise(found))
