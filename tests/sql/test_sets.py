"""Large sets stay cheap: nobody goes through all items for each of them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.sql.desk import DECIDING, QUERIES, Desk

SMALL, LARGE = 8, 64


class Counting(Desk):
    """Runs a deciding query as the service does, and counts the rows that its parts hand on."""

    def __init__(self, cursor: Any) -> None:
        super().__init__(cursor)
        self.counts: list[int] = []

    def run(self, name: str, /, **parameters: Any) -> list[Any]:
        if name not in DECIDING:
            return super().run(name, **parameters)
        count = len(parameters["expand"])
        parameters |= {"key": [""] * count, "fingerprint": [""] * count}
        if not self.counts:
            self.cursor.execute(QUERIES[name].prepare)
        *locks, decision = QUERIES[name].execute.split("; ")
        for statement in locks:
            self.cursor.execute(statement, parameters)
        self.cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {decision}", parameters)
        [(plans,)] = self.cursor.fetchall()
        self.counts.append(handed_on(plans[0]["Plan"]))
        return []


def handed_on(node: dict[str, Any]) -> int:
    """The rows of a node and of all below it, those thrown away included."""
    rows = sum(node.get(kind, 0) for kind in ("Actual Rows", "Rows Removed by Join Filter"))
    below = sum(handed_on(child) for child in node.get("Plans", []))
    return int(rows * node["Actual Loops"]) + below


def book(desk: Desk, counting: Counting, count: int) -> None:
    counting.book(*((desk.account(), slot_id) for slot_id in desk.slots(count)))


def move(desk: Desk, counting: Counting, count: int) -> None:
    who, slots = desk.account(), desk.slots(2 * count)
    pairs = list(zip(slots[:count], slots[count:], strict=True))
    counting.move(*((desk.appointment(who, old), old, new) for old, new in pairs), who=who)


def end(desk: Desk, counting: Counting, count: int) -> None:
    who = desk.account()
    counting.end(*(desk.appointment(who, slot_id) for slot_id in desk.slots(count)), who=who)


@pytest.mark.parametrize("action", [book, move, end])
def test_what_an_item_costs_grows_no_faster_than_its_set(
    action: Callable[[Desk, Counting, int], None], desk: Desk
) -> None:
    counting = Counting(desk.cursor)
    for count in (SMALL, LARGE):
        action(desk, counting, count)
    small, large = counting.counts
    assert large / small <= 1.2 * LARGE / SMALL
