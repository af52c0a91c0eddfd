"""`run.py prove --mutants N`: choose, try, tell."""

import fnmatch
import functools
import json
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from service.settings import ROOT
from tests.prove.mutants.bench import PATIENT, TOGETHER, Bench
from tests.prove.mutants.change import Mutant, mutants_of
from tests.prove.mutants.equivalent import equivalents
from tests.prove.mutants.lookers import Lookers
from tests.prove.mutants.table import told

BENCHES = 2
LIKELY = 20  # tests that are run before any other is even read
NO_TESTS = int(pytest.ExitCode.NO_TESTS_COLLECTED)
# Each of these has the same share of the mutants, as long as there are any.
PARTS: dict[str, tuple[str, ...]] = {
    "queries": ("sql/queries/**/*.sql",),
    "booking": ("service/booking/**/*.py",),
    "handlers": (
        "service/handlers/**/*.py",
        "service/http/*.py",
        "service/http/headers/*.py",
        "service/openapi/*.py",
    ),
    "access": ("service/access/*.py",),
    "store": ("service/store/*.py", "service/store/redis/*.py", "service/store/checks/*.py"),
}
# About starting, not serving, or in a process of its own.
ELSEWHERE = ("service/store/checks/probe.py", "service/access/hasher.py")


def chosen(seed: int, only: str) -> Iterator[tuple[str, Mutant]]:
    """All mutants in the order of a seed, from each part in turn; `only` is a pattern of paths,
    or of queries."""
    dice = random.Random(seed)
    decks = {}
    for part, patterns in PARTS.items():
        paths = sorted({str(path.relative_to(ROOT)) for one in patterns for path in ROOT.glob(one)})
        deck = [
            mutant
            for path in paths
            if path not in ELSEWHERE
            for mutant in _all_of(path)
            if fnmatch.fnmatch(mutant.path, only) or fnmatch.fnmatch(mutant.query, only)
        ]
        dice.shuffle(deck)
        decks[part] = deck
    while any(decks.values()):
        for part, deck in decks.items():
            if deck:
                yield part, deck.pop()


@functools.cache
def _all_of(path: str) -> list[Mutant]:
    return list(mutants_of(ROOT, path))


class Campaign:
    """Tries mutants on some benches until enough were tried; what it finds is kept at once."""

    def __init__(self, folder: Path, count: int, seed: int, only: str) -> None:
        self._folder, self._count = folder, count
        self._chosen = chosen(seed, only)
        self._results = folder / "mutants.jsonl"
        self._lookers = Lookers(folder / "lookers.json", ROOT)
        self._equivalents = equivalents()
        self._lock = threading.Lock()
        self._stopped = False
        self._mutants: dict[str, Mutant] = {}
        self.rows: dict[str, Any] = {}
        self._known: dict[str, Any] = {}
        if self._results.exists():
            for line in self._results.read_text().splitlines():
                row = json.loads(line)
                self._known[row["name"]] = row

    def run(self) -> int:
        """Try them all; 0 when none survives, else 1.

        The tests of all come first. What failed for want of time, or not at all, is tried again
        while nothing else runs, and only what no test notices is worth a proof.
        """
        signal.signal(signal.SIGTERM, lambda *_: self._stop())
        benches = [Bench(self._folder, number) for number in range(BENCHES)]
        try:
            for bench in benches:
                bench.start()
                bench.compile()
            self._share(benches, self._look, iter(self._lookers.unknown()))
            self._share(benches, self._test, self._next())
            self._share(benches[:1], self._again, self._those(alone=False))
            self._share(benches, self._prove, self._those(fate="survived", proved=False))
        finally:
            for bench in benches:
                bench.stop()
        rows = list(self.rows.values())
        text = told(rows)
        (self._folder / "mutants.txt").write_text(text + "\n", encoding="utf-8")
        (self._folder / "mutants.json").write_text(json.dumps(rows, indent=1) + "\n")
        print(text)
        return int(any(row["fate"] == "survived" for row in rows))

    def _stop(self) -> None:
        """Begin nothing else; what is known is told."""
        self._stopped = True

    def _share(
        self, benches: list[Bench], work: Callable[[Bench, Any], None], things: Iterator[Any]
    ) -> None:
        """Each bench does one thing after the other until there is none left."""

        def busy(bench: Bench) -> None:
            while True:
                with self._lock:
                    thing = None if self._stopped else next(things, None)
                if thing is None:
                    return
                work(bench, thing)

        with ThreadPoolExecutor(len(benches)) as pool:
            list(pool.map(busy, benches))

    def _look(self, bench: Bench, name: str) -> None:
        """Note what the tests of a file run."""
        found = bench.run(files=[name], trace=True, seconds=PATIENT)
        with self._lock:
            self._lookers.note(name, found["tests"])
            self._say(f"{name}: {len(found['tests'])} tests, ended with {found['ended']}")

    def _next(self) -> Iterator[tuple[str, Mutant]]:
        """One mutant after the other until enough of them tell something."""
        for one in self._chosen:
            if sum(row["fate"] != "equivalent" for row in self.rows.values()) >= self._count:
                return
            yield one

    def _those(self, **like: object) -> Iterator[Any]:
        """The rows that are like this by now."""
        return iter(
            [one for one in self.rows.values() if all(one[key] == like[key] for key in like)]
        )

    def _test(self, bench: Bench, one: tuple[str, Mutant]) -> None:
        """Try one with the tests that look at it, unless we know what became of it."""
        part, mutant = one
        with self._lock:
            tests = self._lookers.of(mutant)
            seen = self._lookers.seen(self._lookers.all_of(mutant))
        row = self._known.get(mutant.name)
        if row is None or (row["fate"] == "survived" and row["seen"] != seen):
            proved = bool(row and row["proved"])
            row = {"name": mutant.name, "part": part, "seen": seen, "proved": proved}
            row |= about(mutant)
            if why := self._equivalents.get(mutant.words):
                row |= {"fate": "equivalent", "by": why, "late": False}
            else:
                row |= tried(bench, mutant, tests)
            row["alone"] = not row["late"] and row["fate"] != "survived"
        self._mutants[mutant.name] = mutant
        self._keep(row)

    def _again(self, bench: Bench, row: Any) -> None:
        """Try one with all tests that look at it, while nothing else runs: perhaps one ran out of
        time since the machine was busy, or must run alone."""
        mutant = self._mutants[row["name"]]
        tests = list(self._lookers.all_of(mutant))
        asked = set() if row["late"] else set(self._lookers.of(mutant))
        tests = [test for test in tests if test not in asked]
        row |= tried(bench, mutant, tests, PATIENT)
        self._keep(row | {"alone": True, "late": False})

    def _prove(self, bench: Bench, row: Any) -> None:
        """Let a proof look at what no test noticed."""
        with bench.planted(self._mutants[row["name"]]):
            wrong = bench.prove()
        killed = {"fate": "killed", "by": f"proof: {wrong}"} if wrong else {}
        self._keep(row | {"proved": True} | killed)

    def _keep(self, row: Any) -> None:
        """Note what became of a mutant."""
        with self._lock:
            if self._known.get(row["name"]) != row:
                self._known[row["name"]] = row
                with self._results.open("a") as results:
                    results.write(json.dumps(row) + "\n")
            if row["fate"] == "invalid":
                return
            self.rows[row["name"]] = row
            where = f"{row['query'] or row['path']}:{row['line']}"
            self._say(f"{len(self.rows)}: {row['fate']} {where} {row['kind']} {row['by']}")
            if "::" in row["by"] and not row["late"]:
                inside = f"{row['path']} {row['query'] or row['function']}"
                for place in (row["path"], inside):
                    self._lookers.killed[place][row["by"]] += 1

    @staticmethod
    def _say(words: str) -> None:
        sys.stderr.write(f"{words}\n")


def about(mutant: Mutant) -> dict[str, Any]:
    """What a row tells of a mutant itself."""
    return {
        "path": mutant.path,
        "query": mutant.query,
        "line": mutant.line,
        "function": mutant.function,
        "kind": mutant.change.kind,
        "diff": mutant.diff((ROOT / mutant.path).read_bytes()),
    }


def tried(
    bench: Bench, mutant: Mutant, tests: list[str], seconds: float = TOGETHER
) -> dict[str, Any]:
    """What becomes of a mutant: killed by a test, survived, or invalid; late if time ran out."""
    began = time.monotonic()
    fate, by, late = "survived", "", False
    if not bench.understood(mutant):
        fate = "invalid"
    else:
        for some in filter(None, (tests[:LIKELY], tests[LIKELY:])):
            if not by:
                by, late = noticed(bench, mutant, some, seconds)
        fate = "killed" if by else "survived"
    took = round(time.monotonic() - began, 1)
    return {"fate": fate, "by": by, "late": late, "tests": len(tests), "seconds": took}


def noticed(bench: Bench, mutant: Mutant, tests: list[str], seconds: float) -> tuple[str, bool]:
    """What is wrong in a run of tests, and whether time ran out.

    A test counts that fails by itself, too, and does not without the mutant: others were disturbed,
    or need what tests before them leave behind.
    """
    while tests:
        with bench.planted(mutant):
            by, late = failure(bench.run(tests=tests, seconds=seconds))
            if "::" not in by:
                return by, late
            again = failure(bench.run(tests=[by]))[0]
        if again and bench.sound(by):
            return by, late
        tests = tests[tests.index(by) + 1 :]
    return "", False


def failure(found: Any) -> tuple[str, bool]:
    """What was wrong in a run of tests, "" if nothing, and whether time ran out."""
    if found["hung"]:
        return "hangs", True
    if not found["failed"] and found["ended"] not in (0, NO_TESTS):
        return "does not start", False
    return found["failed"], found["late"]


def campaign(folder: Path, count: int, seed: int, only: str) -> int:
    """Try `count` mutants, or go on where an earlier run in this folder was; the exit code."""
    folder.mkdir(parents=True, exist_ok=True)
    return Campaign(folder, count, seed, only).run()
