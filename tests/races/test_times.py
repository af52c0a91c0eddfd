"""Times that many want at once, while others cancel, move, publish slots and change the hours."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from tests.api.calendar.hours.scene import every_day, path
from tests.cast import Given, Person
from tests.races.conftest import Running
from tests.races.storm import ALLOWED, Storm, most_at_once
from tests.races.times import ANYBODY, Place, Times, hours, opened, whereabouts
from tests.races.wire import Answer, Wire, at_once, tally

pytestmark = pytest.mark.usefixtures("unbroken")

CLASS = {"capacity": 3}  # a service that three people share


async def test_each_time_goes_to_one_of_those_who_want_it(
    wire: Wire,
    running: Running,
    given: Given,
    crowd: Sequence[Person],
    admin: Person,
    database: Any,
) -> None:
    provider_id = await opened(wire, given, admin)
    service_id = await given.make_service(provider_id, duration_minutes=60)
    places = [Place(service_id, provider_id, at) for at in hours(8)]
    wishes = [(who, number) for number in range(8) for who in crowd[:20]]
    random.Random(8).shuffle(wishes)
    async with running() as other:
        both = [Times(wire, places), Times(other, places)]
        answers = await at_once(
            both[n % 2].book(who, number) for n, (who, number) in enumerate(wishes)
        )
    assert tally(answers) == {201: 8, "slot_taken": 152}
    ids = [answer.json["id"] for answer in answers if answer.status == 201]
    assert sorted(whereabouts(database, ids).values()) == [(provider_id, at) for at in hours(8)]


async def test_who_wants_anybody_is_refused_only_when_nobody_is_left(
    wire: Wire, given: Given, crowd: Sequence[Person], admin: Person, database: Any
) -> None:
    providers = [await opened(wire, given, admin) for _ in range(3)]
    service_id = await given.make_service(*providers, duration_minutes=60)
    times = Times(wire, [Place(service_id, ANYBODY, at) for at in hours(4)])
    wishes = [(who, number) for number in range(4) for who in crowd[:20]]
    random.Random(4).shuffle(wishes)
    answers = await at_once(times.book(who, number) for who, number in wishes)
    assert tally(answers) == {201: 12, "slot_taken": 68}, "and nobody is put off"
    ids = [answer.json["id"] for answer in answers if answer.status == 201]
    with_whom = Counter(provider_id for provider_id, _ in whereabouts(database, ids).values())
    assert with_whom == dict.fromkeys(providers, 4)


@pytest.mark.parametrize("terms", [{}, CLASS, {"room": True}], ids=["alone", "class", "room"])
async def test_bookings_moves_and_cancellations_at_random(
    terms: dict[str, Any],
    wire: Wire,
    running: Running,
    given: Given,
    crowd: Sequence[Person],
    admin: Person,
    database: Any,
) -> None:
    providers = [await opened(wire, given, admin) for _ in range(2)]
    rule = {k: v for k, v in terms.items() if k != "room"}
    if "room" in terms:
        rule["needs"] = {"room": [await given.make_provider()]}
    service_id = await given.make_service(*providers, duration_minutes=60, **rule)
    places = [Place(service_id, one, at) for one in providers for at in hours(3)]
    async with running() as other:
        wires: list[Any] = [Times(wire, places), Times(other, places)]
        storm = Storm(wires, range(len(places)), seed=len(rule))
        await storm.blow(crowd[:24], rounds=20)
    assert set(storm.outcomes) <= ALLOWED
    capacity = terms.get("capacity", 1)
    assert all(most <= capacity for most in most_at_once(storm.holds).values())
    told = {one: places[number][1:] for one, number in storm.active.items()}
    assert whereabouts(database, storm.booked) == told
    assert storm.outcomes[200] >= 10


async def test_those_who_cancel_what_was_chosen_for_them_never_meet_who_asks_for_anybody(
    wire: Wire, running: Running, given: Given, crowd: Sequence[Person], admin: Person
) -> None:
    """Both change whose turn it is."""
    providers = [await opened(wire, given, admin) for _ in range(4)]
    service_id = await given.make_service(*providers, duration_minutes=60)
    places = [Place(service_id, ANYBODY, at) for at in hours(8)]
    async with running() as other:
        both = [Times(wire, places), Times(other, places)]

        async def come_and_go(n: int, who: Person) -> None:
            for turn in range(6):
                answer = await both[(n + turn) % 2].book(who, n % 8)
                assert (answer.code or answer.status) in {201, "busy", "slot_taken"}
                if answer.status == 201:
                    gone = await both[n % 2].cancel(who, answer.json["id"])
                    assert gone.status == 200

        await asyncio.gather(*(come_and_go(n, who) for n, who in enumerate(crowd[:40])))


@pytest.mark.parametrize("kind", ["closure", "schedule"])
async def test_who_comes_beside_a_change_of_hours_is_told_of_or_hears_that_it_is_closed(
    kind: str, wire: Wire, given: Given, crowd: Sequence[Person], admin: Person, database: Any
) -> None:
    seen: Counter[int | str] = Counter()
    for number in range(16):
        provider_id = await opened(wire, given, admin)
        service_id = await given.make_service(provider_id, duration_minutes=60)
        places = [Place(service_id, provider_id, at) for at in hours(8) + hours(4, days=5)]
        times = Times(wire, places)
        movers = await at_once(times.book(crowd[n], n) for n in range(8, 12))
        lead = (number - 8) / 400  # seconds that the change is later: from -20 to 17 ms

        async def after(seconds: float, call: Any) -> Answer:
            await asyncio.sleep(max(seconds, 0))
            return await call

        calls = [after(-lead, times.book(crowd[n], n)) for n in range(4)]
        calls += [
            after(-lead, times.move(crowd[n], movers[n - 8].json["id"], n - 4))
            for n in range(8, 12)
        ]
        change, *answers = await at_once(
            [after(lead, close(kind, wire, admin, provider_id)), *calls]
        )
        assert change.status in (200, 201), change.json
        outcome = tally(answers)
        assert set(outcome) <= {200, 201, "closed"}
        seen += outcome
        inside = {a.json.get("id") or a.json.get("appointment_id") for a in answers if not a.code}
        told = {one["appointment_id"] for one in change.json["conflicts"]}
        assert told == inside
        assert {whereabouts(database, [one])[one][1] for one in inside} <= set(hours(8))
    assert set(seen) == {200, 201, "closed"}


async def close(kind: str, wire: Wire, admin: Person, provider_id: int) -> Answer:
    """Close the day of the race, one way or the other."""
    day = hours(1)[0].date().isoformat()
    if kind == "closure":
        wanted: dict[str, Any] = {"provider": provider_id, "from": day, "to": day}
        return await wire.call("POST", "/api/closures/", wanted, who=admin)
    wanted = every_day() | {"days": [{"date": day, "hours": []}]}
    return await wire.call("PUT", path(provider_id), wanted, who=admin)


async def test_a_time_is_either_booked_or_published_as_a_slot(
    wire: Wire, given: Given, crowd: Sequence[Person], admin: Person
) -> None:
    provider_id = await opened(wire, given, admin)
    service_id = await given.make_service(provider_id, duration_minutes=60)
    seen = set()
    for days in range(2, 18):
        places = [Place(service_id, provider_id, at) for at in hours(1, days=days)]
        slot = {
            "provider": provider_id,
            "starts_at": places[0].starts_at.isoformat(),
            "ends_at": hours(2, days=days)[1].isoformat(),
        }
        calls = [wire.call("POST", "/api/slots/", slot, who=admin)]
        calls += [Times(wire, places).book(who, 0) for who in crowd[:3]]
        random.Random(days).shuffle(calls)
        outcome = tally(await at_once(calls))
        seen.add(outcome["slot_overlap"])
        assert outcome in (
            {201: 1, "slot_overlap": 1, "slot_taken": 2},
            {201: 1, "slot_taken": 3},
        )
    assert seen == {0, 1}


async def test_everybody_at_once_makes_one_slot_of_a_group_and_the_last_releases_it(
    wire: Wire, given: Given, crowd: Sequence[Person], admin: Person, database: Any
) -> None:
    provider_id = await opened(wire, given, admin)
    service_id = await given.make_service(provider_id, duration_minutes=60, capacity=len(crowd))
    times = Times(wire, [Place(service_id, provider_id, hours(1)[0])])
    answers = await at_once(times.book(who, 0) for who in crowd)
    assert tally(answers) == {201: len(crowd)}
    assert len({answer.json["slot"]["id"] for answer in answers}) == 1
    gone = await at_once(
        times.cancel(who, answer.json["id"]) for who, answer in zip(crowd, answers, strict=True)
    )
    assert tally(gone) == {200: len(crowd)}
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT booked, deleted_at IS NOT NULL FROM slot WHERE service_id = %s", [service_id]
        )
        assert cursor.fetchall() == [(0, True)]
