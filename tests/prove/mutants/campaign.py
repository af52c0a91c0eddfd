"""`run.py prove --mutants N`: choose, try, tell."""

import fnmatch
import json
import random
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from service.settings import ROOT
from tests.prove.mutants.bench import Bench
from tests.prove.mutants.change import Mutant, mutants_of
from tests.prove.mutants.lookers import Lookers
from tests.prove.mutants.table import told

BENCHES = 2
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
            for mutant in mutants_of(ROOT, path)
            if fnmatch.fnmatch(mutant.path, only) or fnmatch.fnmatch(mutant.query, only)
        ]
        dice.shuffle(deck)
        decks[part] = deck
    while any(decks.values()):
        for part, deck in decks.items():
            if deck:
                yield part, deck.pop()


class Campaign:
    """Tries mutants on some benches until enough were tried; what it finds is kept at once."""

    def __init__(self, folder: Path, count: int, seed: int, only: str) -> None:
        self._folder, self._count = folder, count
        self._next = chosen(seed, only)
        self._results = folder / "mutants.jsonl"
        self._lookers = Lookers(folder / "lookers.json", ROOT)
        self._lock = threading.Lock()
        self._known: dict[str, Any] = {}
        self.rows: list[Any] = []
        if self._results.exists():
            for line in self._results.read_text().splitlines():
                row = json.loads(line)
                self._known[row["name"]] = row

    def run(self) -> int:
        """Try them all; 0 when none survives, else 1."""
        signal.signal(signal.SIGTERM, lambda *_: self._stop())
        benches = [Bench(self._folder, number) for number in range(BENCHES)]
        try:
            for bench in benches:
                bench.start()
            unknown = iter(self._lookers.unknown())
            with ThreadPoolExecutor(len(benches)) as pool:
                list(pool.map(lambda bench: self._look(bench, unknown), benches))
                list(pool.map(self._work, benches))
        finally:
            for bench in benches:
                bench.stop()
        text = told(self.rows)
        (self._folder / "mutants.txt").write_text(text + "\n", encoding="utf-8")
        (self._folder / "mutants.json").write_text(json.dumps(self.rows, indent=1) + "\n")
        print(text)
        return int(any(row["fate"] == "survived" for row in self.rows))

    def _stop(self) -> None:
        """Begin no other mutant; what is known is told."""
        self._count = 0

    def _look(self, bench: Bench, names: Iterator[str]) -> None:
        """Note what the tests of some files run."""
        while True:
            with self._lock:
                name = next(names, None)
            if name is None:
                return
            found = bench.run(files=[name], trace=True)
            with self._lock:
                self._lookers.note(name, found["tests"])
                self._say(f"{name}: {len(found['tests'])} tests, ended with {found['ended']}")

    def _work(self, bench: Bench) -> None:
        while True:
            with self._lock:
                enough = len(self.rows) >= self._count
                part, mutant = (None, None) if enough else next(self._next, (None, None))
                if part is None or mutant is None:
                    return
                tests = self._lookers.of(mutant)
                seen = self._lookers.seen(tests)
                row = self._known.get(mutant.name)
            if row is None or (row["fate"] == "survived" and row["seen"] != seen):
                row = {"name": mutant.name, "part": part, "seen": seen}
                row |= tried(bench, mutant, tests)
                with self._lock, self._results.open("a") as results:
                    results.write(json.dumps(row) + "\n")
            with self._lock:
                self._take(row)

    def _take(self, row: Any) -> None:
        if row["fate"] == "invalid":
            return
        self.rows.append(row)
        where = f"{row['query'] or row['path']}:{row['line']}"
        self._say(f"{len(self.rows)}: {row['fate']} {where} {row['kind']} {row['by']}")
        if "::" in row["by"]:
            self._lookers.killed[row["path"]][row["by"]] += 1
            self._lookers.killed[f"{row['path']} {row['query'] or row['first']}"][row["by"]] += 1

    @staticmethod
    def _say(words: str) -> None:
        sys.stderr.write(f"{words}\n")


def tried(bench: Bench, mutant: Mutant, tests: list[str]) -> dict[str, Any]:
    """What becomes of a mutant: killed by a test or a proof, survived, or invalid."""
    began = time.monotonic()
    fate, by = "survived", ""
    if not bench.understood(mutant):
        fate = "invalid"
    else:
        with bench.planted(mutant):
            found = bench.run(tests=tests) if tests else defaultdict(str, ended=0)
            if found["hung"]:
                fate, by = "killed", "hangs"
            elif found["failed"]:
                fate, by = "killed", found["failed"]
            elif found["ended"] != 0:
                fate, by = "killed", "does not start"
            elif wrong := bench.prove():
                fate, by = "killed", f"proof: {wrong}"
    return {
        "path": mutant.path,
        "query": mutant.query,
        "line": mutant.line,
        "first": mutant.first,
        "kind": mutant.change.kind,
        "fate": fate,
        "by": by,
        "tests": len(tests),
        "seconds": round(time.monotonic() - began, 1),
        "diff": mutant.diff((ROOT / mutant.path).read_bytes()),
    }


def campaign(folder: Path, count: int, seed: int, only: str) -> int:
    """Try `count` mutants, or go on where an earlier run in this folder was; the exit code."""
    folder.mkdir(parents=True, exist_ok=True)
    return Campaign(folder, count, seed, only).run()
