"""I8: one order of all commits and reads explains everything, and agrees with the clock.

Elle's way: the stream gives each row's versions in order, so each write precedes the next of the
row, each version its readers, each reader the write of the next version, and whatever was answered
precedes whatever was sent later. A circle among these is an anomaly, whatever it is called.
"""

import itertools
from array import array
from bisect import bisect_left
from typing import Any

from tests.prove.checker.evidence import Evidence, Row
from tests.prove.checker.recency import alike
from tests.prove.checker.timeline import ALWAYS, NEVER, Timeline
from tests.prove.checker.verdict import Verdict
from tests.prove.records import Operation


def strict_serializable(evidence: Evidence) -> Verdict:
    """I8: commits and reads form no circle of dependencies and real time."""
    verdict = Verdict("I8", "Strictly serializable: one order explains all writes and reads")
    graph = Graph(evidence)
    verdict.see(len(graph.reads) + len({change.transaction for change in evidence.changes}))
    verdict.note = f"commits and reads, with {len(graph.sources):,} edges"
    if circle := graph.circle():
        commits = [node for node in circle if node < len(evidence.stream)]
        among = set(commits)
        numbers = {
            one.number
            for change in evidence.changes
            if change.transaction in among
            for one in evidence.groups.get(change.tag, [])
        }
        numbers |= {graph.reads[node] for node in circle if node in graph.reads}
        verdict.violated(
            f"{len(circle)} commits and reads go round in a circle", sorted(numbers), commits
        )
    return verdict


class Graph:
    """Nodes are commits, by their place in the stream, then reads, then instants."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.sources, self.targets = array("I"), array("I")
        self.reads: dict[int, int] = {}  # operation by node
        self.spans: list[tuple[float, float]] = list(
            zip(evidence.earliest, evidence.latest, strict=True)
        )
        for timeline in (*evidence.appointments.values(), *evidence.slots.values()):
            for before, after in itertools.pairwise(timeline.transactions):
                self.edge(before, after)
        self.add_reads()
        self.add_time()

    def edge(self, before: int, after: int) -> None:
        """One comes before the other."""
        if before != after:
            self.sources.append(before)
            self.targets.append(after)

    def add_reads(self) -> None:
        """A node for every read that tells which versions it saw."""
        for one in self.evidence.operations:
            if one.outcome != "ok" or one.verb not in ("get", "slot", "list", "search"):
                continue
            seen = self.seen(one)
            if not seen:
                continue
            node = len(self.spans)
            self.spans.append((one.sent_at, one.answered_at))
            self.reads[node] = one.number
            for line, at in seen:
                self.edge(line.transactions[at], node)
                if at + 1 < len(line.transactions):
                    self.edge(node, line.transactions[at + 1])

    def seen(self, one: Operation) -> list[tuple[Timeline, int]]:
        """The versions that a read has surely seen: told, or the only one that looks like it."""
        evidence = self.evidence
        if one.verb in ("get", "slot"):
            lines = evidence.appointments if one.verb == "get" else evidence.slots
            line = lines.get(one.args["appointment" if one.verb == "get" else "slot"])
            at = one.body["v"] - 1
            return [(line, at)] if line and at < len(line.states) else []
        found = []
        for shown in one.body:
            lines = evidence.appointments if one.verb == "list" else evidence.slots
            line = lines.get(shown[0])
            if line is None:
                continue
            like = [
                at
                for at in line.between(one.sent_at, one.answered_at)
                if looks_like(line.states[at], shown)
            ]
            if len(like) == 1:
                found.append((line, like[0]))
        return found

    def add_time(self) -> None:
        """Instants in a chain: what was answered by then comes before what was sent from then."""
        instants = sorted({ended for _, ended in self.spans if ALWAYS < ended < NEVER})
        first = len(self.spans)
        for at in range(1, len(instants)):
            self.edge(first + at - 1, first + at)
        for node, (began, ended) in enumerate(self.spans):
            if ALWAYS < ended < NEVER:
                self.edge(node, first + bisect_left(instants, ended))
            if (before := bisect_left(instants, began)) and began > ALWAYS:
                self.edge(first + before - 1, node)
        self.all = first + len(instants)

    def circle(self) -> list[int]:
        """Some nodes that go round in a circle; none where there is no circle."""
        incoming = array("I", bytes(4 * self.all))
        starts = array("I", bytes(4 * (self.all + 1)))
        for target in self.targets:
            incoming[target] += 1
        for source in self.sources:
            starts[source + 1] += 1
        for at in range(self.all):
            starts[at + 1] += starts[at]
        places = array("I", starts)
        order = array("I", bytes(4 * len(self.sources)))
        for source, target in zip(self.sources, self.targets, strict=True):
            order[places[source]] = target
            places[source] += 1
        ready = [node for node in range(self.all) if not incoming[node]]
        left = self.all
        while ready:
            node = ready.pop()
            left -= 1
            for at in range(starts[node], starts[node + 1]):
                target = order[at]
                incoming[target] -= 1
                if not incoming[target]:
                    ready.append(target)
        return self.walk(incoming, starts, order) if left else []

    def walk(self, incoming: "array[int]", starts: "array[int]", order: "array[int]") -> list[int]:
        """One circle among the nodes that still wait for another: go back until one comes twice."""
        waiting = {node for node in range(self.all) if incoming[node]}
        back: dict[int, int] = {}
        for node in waiting:
            for at in range(starts[node], starts[node + 1]):
                if order[at] in waiting:
                    back.setdefault(order[at], node)
        node, path = next(iter(waiting)), []
        places: dict[int, int] = {}
        while node not in places:
            places[node] = len(path)
            path.append(node)
            node = back[node]
        return path[places[node] :][::-1]


def looks_like(state: Any, shown: list[Any]) -> bool:
    """Whether a row of a list or of a search shows this state."""
    if isinstance(state, Row):
        return [state.slot, state.status] == shown[1:]
    return alike(state, shown)
