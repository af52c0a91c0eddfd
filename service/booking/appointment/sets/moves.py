"""Moving several appointments at once, all or none: what one leaves another may take.

Single moves decide, in one transaction, once all of a set have been put aside
(sql/queries/appointment/sets/moves.sql).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

from service.booking.actor import Actor
from service.booking.answer import Answer, judged
from service.booking.appointment import move_time, reschedule
from service.booking.appointment.move_time import SAME_PROVIDER, MoveTimeItem
from service.booking.appointment.reschedule import MoveItem
from service.booking.idempotency import NO_KEY, Key
from service.deps import Deps, named_lane
from service.errors import DomainError, InvalidFields, NotFound, NotOffered, SlotTaken
from service.lane import AGAIN, LATER, Lane
from service.settings import Settings
from service.store.arrays import columns
from service.store.postgres import Queries, Waiting

Item = MoveItem | MoveTimeItem

ENDS = ("old_slot", "new_slot")
FOREIGN = "That time was made for an appointment for another service."


class Move(NamedTuple):
    """One of a set, to a slot or to a time; a version other than 0 must be the current one."""

    appointment_id: int
    to: int | datetime
    provider_id: int = SAME_PROVIDER
    version: int = 0


class MoveSet(NamedTuple):
    """Moves that are done together, and for whom."""

    account_id: int
    items: Sequence[Item]
    expand: bool
    key: Key


class Step(NamedTuple):
    """The nth move of a set, from the slot where its appointment is now."""

    of_set: int
    nth: int
    item: Item
    from_slot_id: int


class Aside(NamedTuple):
    """A step as it is put aside; to_slot_id is 0 for a time."""

    of_set: int
    appointment_id: int
    from_slot_id: int
    to_slot_id: int
    provider_id: int
    starts_at: datetime | None


class Kept(NamedTuple):
    """The answer of a set, as it is given again."""

    account_id: int
    key: str
    fingerprint: str
    body: str


@named_lane("moves")
def moves_lane(deps: Deps) -> Lane[MoveSet, Answer]:
    """The lane in which sets of moves are decided, many in one transaction."""
    return Lane.of(
        deps.settings,
        partial(decide, deps),
        alone=partial(decide, deps, waits=True),
        owner=attrgetter("account_id"),
        tries=deps.settings.lane_batch,
    )


async def move_all(
    deps: Deps, actor: Actor, moves: Sequence[Move], *, expand: bool = False, key: Key = NO_KEY
) -> Answer:
    """Move all these appointments or none, as at one moment. Durable when it returns.

    Raises InvalidFields where one comes twice, and what moving each does, with its `index`.
    """
    ids = [move.appointment_id for move in moves]
    twice = [n for n, one in enumerate(ids) if one in ids[:n]]
    if twice:
        raise InvalidFields({f"{n}.appointment": ["It is in this set already."] for n in twice})
    items = [_item(actor, move, key) for move in moves]
    return await deps.lanes[moves_lane].submit(MoveSet(actor.account_id, items, expand, key))


async def decide(deps: Deps, sets: list[MoveSet], *, waits: bool = False) -> list[Any]:
    """What becomes of sets: for each its Answer, error, AGAIN, LATER or LOCKED."""
    found, results = await _found(deps, sets)
    pairs = [{_pair(step) for step in steps} for steps in found.values()]
    async with deps.locks.hold_sets(pairs) as free:
        held = [n for place, n in enumerate(found) if place in free]
        while going := [n for n in held if n not in results]:
            # Where some are refused, the others are tried again without them.
            results |= await _tried(deps, sets, {n: found[n] for n in going}, waits)
    return [results.get(n, LATER) for n in range(len(sets))]


async def _found(deps: Deps, sets: list[MoveSet]) -> tuple[dict[int, list[Step]], dict[int, Any]]:
    """The steps of the sets that can be tried, and what is to be said of the others, by number."""
    places = [(n, nth, item) for n, one in enumerate(sets) for nth, item in enumerate(one.items)]
    told, slot_ids = await reschedule.looked_up(deps.postgres, [item for *_, item in places])
    steps: dict[int, list[Step]] = {}
    results: dict[int, Any] = {}
    for place, (n, nth, item) in enumerate(places):
        if place in slot_ids:
            here = slot_ids[place]
            steps.setdefault(n, []).append(
                Step(n, nth, item._replace(key="", fingerprint=""), here)
            )
        elif n not in results:  # it is missing, or all are, since their key is known
            missing = isinstance(told[place], NotFound)
            results[n] = _at(told[place], nth) if missing else told[place]
    return {n: one for n, one in steps.items() if n not in results}, results


async def _tried(
    deps: Deps, sets: list[MoveSet], found: dict[int, list[Step]], waits: bool
) -> dict[int, Any]:
    """What becomes of sets in one transaction, by number. Where some are refused it is undone, and
    nothing is said of those that were not."""
    async with deps.postgres.transaction() as transaction:
        queries = Waiting(transaction) if waits else transaction
        results, refused, grown = await _put_aside(queries, deps.settings, sets, found)
        steps = [step for n, one in found.items() if n not in results for step in one]
        moves: list[Any] = []
        if not refused:
            moves, refused = await _moved(Waiting(transaction), deps.settings, steps)
            _hide(grown, refused)
        if refused or not steps:
            transaction.keep = False
            return results | refused
        documents, refused = await _settled(transaction, sets, steps, moves, grown)
        if refused:
            transaction.keep = False
            return results | refused
        done = {n: Answer.of(one) for n, one in documents.items()}
        kept = [
            Kept(sets[n].account_id, *sets[n].key, answer.body)
            for n, answer in done.items()
            if sets[n].key is not NO_KEY
        ]
        if kept:
            await transaction.run("moves_keep", **columns(kept))
    return results | done


async def _put_aside(
    queries: Queries, settings: Settings, sets: list[MoveSet], found: dict[int, list[Step]]
) -> tuple[dict[int, Any], dict[int, Any], dict[int, int]]:
    """What is to be said of sets that were not put aside, and of those that are refused, by number;
    and by how much slots have grown for the rest."""
    keys = [sets[n].key for n in found]
    rows = await queries.run(
        "moves_put_aside",
        **columns([_aside(place, step) for place, n in enumerate(found, 1) for step in found[n]]),
        account_id=[sets[n].account_id for n in found],
        key=[key.key for key in keys],
        fingerprint=[key.fingerprint for key in keys],
        no_overlap=settings.no_overlap,
    )
    results: dict[int, Any] = {}
    refused: dict[int, Any] = {}
    grown: dict[int, int] = {}
    for n, (verdict, body, version, foreign, grown_ids, rooms, _) in zip(found, rows, strict=True):
        if verdict is not None:
            results[n] = judged(verdict, body, version)
        elif foreign is not None:
            refused[n] = _at(NotOffered(FOREIGN), foreign)
        grown |= dict(zip(grown_ids, rooms, strict=True))
    return results, refused, grown


async def _moved(
    queries: Queries, settings: Settings, steps: list[Step]
) -> tuple[list[Any], dict[int, Any]]:
    """The documents of all steps; or none, and what was refused first, by set.

    To slots first, since one that was made for a time goes when it is empty. Each round decides
    those that a neighbour was in the way of.
    """
    done: dict[Step, Any] = {}
    refused: dict[int, Any] = {}
    while len(done) < len(steps):
        for kind, move in ((MoveItem, reschedule.moved), (MoveTimeItem, move_time.moved)):
            turn = [step for step in steps if step not in done and type(step.item) is kind]
            items: list[Any] = [step.item for step in turn]
            here = [step.from_slot_id for step in turn]
            for step, result in zip(turn, await move(queries, settings, items, here), strict=True):
                if isinstance(result, Answer):
                    done[step] = json.loads(result.body)
                elif result is not AGAIN:
                    refused.setdefault(step.of_set, _at(result, step.nth))
            if refused:
                return [], refused
    return [done[step] for step in steps], {}


def _hide(grown: Mapping[int, int], refused: Mapping[int, Any]) -> None:
    """Name no slot as free that only had grown for a set."""
    for error in refused.values():
        if isinstance(error, SlotTaken) and grown:
            named = json.loads(error.alternatives)
            error.alternatives = json.dumps([slot for slot in named if slot["id"] not in grown])


async def _settled(
    queries: Queries,
    sets: list[MoveSet],
    steps: list[Step],
    moves: list[Any],
    grown: dict[int, int],
) -> tuple[dict[int, list[Any]], dict[int, Any]]:
    """What sets whose steps are done are answered, once slots that had grown are as they were; and
    of those whose steps do not all fit then, what was refused."""
    done = list(zip(steps, moves, strict=True))
    shown = {move[end] for step, move in done if sets[step.of_set].expand for end in ENDS}
    slots: dict[int, Any] = {}
    refused: dict[int, Any] = {}
    if grown or shown:
        ids, rooms = list(grown), list(grown.values())
        rows = await queries.run("moves_settle", grown_id=ids, room=rooms, shown_id=sorted(shown))
        slots = {slot_id: json.loads(body) for slot_id, _, body in rows}
        full = {slot_id for slot_id, is_too_full, _ in rows if is_too_full}
        for step, move in done:
            if move["new_slot"] in full:  # the last one is too many
                refused[step.of_set] = _at(SlotTaken(), step.nth)
    documents: dict[int, list[Any]] = {}
    for step, move in done:
        known = slots if sets[step.of_set].expand else {}
        document = {end: known.get(move[end], move[end]) for end in ENDS}
        told = {"appointment_id": move["appointment_id"]} | document
        documents.setdefault(step.of_set, []).append(told)
    return documents, refused


def _item(actor: Actor, move: Move, key: Key) -> Item:
    """The move as a single one."""
    who = move.version, actor.account_id, actor.staff_of, False
    if isinstance(move.to, datetime):
        return MoveTimeItem(move.appointment_id, move.provider_id, move.to, *who, *key)
    return MoveItem(move.appointment_id, move.to, *who, *key)


def _aside(of_set: int, step: Step) -> Aside:
    item = step.item
    to = (
        (item.to_slot_id, 0, None)
        if isinstance(item, MoveItem)
        else (0, item.provider_id, item.starts_at)
    )
    return Aside(of_set, item.appointment_id, step.from_slot_id, *to)


def _pair(step: Step) -> tuple[int, int]:
    """The two slots, or slot and time, that a step is locked by in Redis."""
    item = step.item
    target = item.to_slot_id if isinstance(item, MoveItem) else move_time.time_number(item)
    return reschedule.pair(step.from_slot_id, target)


def _at(result: Any, index: int) -> Any:
    """A result that says of which move it is, if it is an error."""
    if isinstance(result, DomainError):
        result.index = index
    return result
