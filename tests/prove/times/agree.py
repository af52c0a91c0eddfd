"""When all is quiet: the list, explain, a dry run and booking are asked of the same times."""

import asyncio
from typing import TYPE_CHECKING

from tests.prove.people import Person
from tests.prove.times.offers import Wanted

if TYPE_CHECKING:
    from tests.prove.crowd import Crowd, Seat

PER_ROUND = 100  # operations of a run
MOST = 300  # rounds
EDGE = 90  # seconds around an edge of time within which the answer may change between two questions
LEFT = 0.6  # share of what is booked that is given back
TRIES = 5  # until somebody is logged in
STILL = 3.5  # seconds after which nothing is under way any more


async def agree(crowd: "Crowd", operations: int) -> None:
    """Ask one thing after the other, by one person after the other, at one server after the other:
    nobody else asks anything meanwhile."""
    world, work = crowd.world, crowd.workload
    if not world.offers.services:
        return
    await asyncio.sleep(STILL)
    customers = [one for one in world.people if not one.staff]
    for number in range(min(MOST, operations // PER_ROUND)):
        person = world.random.choice(customers)
        seat = crowd.seat(person)
        for _ in range(TRIES):
            if not person.tokens:
                await crowd.once(seat, work.login(person))
        if person.tokens:
            await a_round(crowd, seat, person, number)


async def a_round(crowd: "Crowd", seat: "Seat", person: Person, number: int) -> None:
    """One time in four ways; what was booked is given back, mostly."""
    world, work = crowd.world, crowd.workload
    wanted = asked_for(world.offers.some(person.times), number)
    if on_an_edge(crowd, wanted):
        return
    begins = wanted.at - 1
    args = {"round": number, "asked": wanted.at}
    server = crowd.server(number)
    for one in (
        work.times(person, wanted._replace(at=begins), **args),
        work.explain(person, wanted, **args),
        work.dry(person, wanted, **args),
        work.take(person, wanted, **args),
    ):
        if one is None or not person.tokens:
            return
        last = await crowd.once(seat, one, server)
    back = last.outcome == "ok" and world.random.random() < LEFT and person.tokens
    if back and (cancel := work.cancel(person, last.body["id"])):
        await crowd.once(seat, cancel, server)


def asked_for(wanted: Wanted, number: int) -> Wanted:
    """The time, now and then for one person only."""
    return wanted if number % 3 else wanted._replace(size=1)


def on_an_edge(crowd: "Crowd", wanted: Wanted) -> bool:
    """Whether time alone may change what is said: it is about to begin, or its lead to end."""
    offers = crowd.world.offers
    ahead = wanted.at - offers.now()
    leads = {0, *(60 * one["body"]["lead_minutes"] for one in offers.services.values()), 90 * 60}
    return any(abs(ahead - lead) < EDGE for lead in leads)
