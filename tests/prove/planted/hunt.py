"""`run.py prove --planted`: every bug in a proof of its own, until an invariant tells."""

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from service.settings import ROOT
from tests.prove.planted import BUGS, Bug

# Operations of one proof after the other, together 100,000: most bugs show in the first.
ROUNDS = (4_000, 16_000, 80_000)
PER_FAULT = {"all": 500}  # operations; of chosen faults there are more
CHOSEN = 250
PATIENCE = 3600.0  # seconds


class NotRun(Exception):
    """A proof that could not be run to its end."""


class Found(msgspec.Struct):
    """What became of a bug: the invariants that told, after so many operations."""

    bug: str
    wrong: str
    caught_by: list[str] = []
    also: list[str] = []  # invariants that are violated too, though the bug is not about them
    operations: int = 0
    words: str = ""  # the first violation


def hunt(names: Sequence[str], folder: Path, seed: int) -> int:
    """Let the prover look for each bug, tell a table; 0 when all were caught, else 1."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for name in names:
        rows.append(found(BUGS[name], folder, seed))
        print(line(rows[-1]), flush=True)
        (folder / "planted.json").write_bytes(msgspec.json.format(msgspec.json.encode(rows)))
    caught = sum(bool(one.caught_by) for one in rows)
    print(f"\n{caught} of {len(rows)} planted bugs were caught: {folder / 'planted.json'}")
    return 0 if caught == len(rows) else 1


def found(bug: Bug, folder: Path, seed: int) -> Found:
    """The outcome for one bug."""
    outcome = Found(bug.name, bug.wrong)
    for number, operations in enumerate(ROUNDS):
        out = folder / f"{bug.name}-{number}"
        try:
            result = prove(bug, operations, seed + number, out)
        except (NotRun, subprocess.TimeoutExpired) as error:
            outcome.words = str(error)
            continue
        told = {one["name"]: one for one in result["invariants"] if one["wrong"]}
        outcome.also = sorted(told.keys() - bug.breaks, key=place)
        outcome.caught_by = sorted(told.keys() & bug.breaks, key=place)
        if outcome.caught_by:
            seen = [
                violation for name in outcome.caught_by for violation in told[name]["violations"]
            ]
            first, outcome.words = min(
                ((shown_by(one, result), one["words"]) for one in seen), default=(0, "")
            )
            outcome.operations += first
            shutil.rmtree(out)
            break
        outcome.operations += result["operations"]
    return outcome


def prove(bug: Bug, operations: int, seed: int, out: Path) -> Any:
    """The result of one run with the bug in all servers."""
    entry = [sys.executable, "-m", "tests.prove.planted.serve", bug.name]
    faults = operations // PER_FAULT.get(bug.faults, CHOSEN)
    command = [
        *(sys.executable, str(ROOT / "run.py"), "prove", "--ops", str(operations)),
        *("--seed", str(seed), "--faults", bug.faults, "--fault-count", str(faults)),
        *(("--set", bug.setting) if bug.setting else ()),
        *("--entry", shlex.join(entry), "--out", str(out)),
    ]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    if ended.returncode not in (0, 1):
        said = (ended.stderr.strip().splitlines() or [""])[-1]
        raise NotRun(f"{shlex.join(command)} ended with {ended.returncode}: {said}")
    return json.loads((out / "result.json").read_text())


def shown_by(violation: Any, result: Any) -> int:
    """How many operations there had been when a violation could be seen."""
    return int(max(violation["operations"], default=result["operations"]))


def place(name: str) -> int:
    """The invariants in their order."""
    return int(name.removeprefix("I"))


def line(one: Found) -> str:
    """A row of the table."""
    by = " ".join(one.caught_by) or "NOT CAUGHT"
    also = f" ({' '.join(one.also)})" if one.also else ""
    return f"{one.bug:32} {by + also:28} {one.operations:>7,}  {one.wrong}" + (
        "" if one.caught_by else f" {one.words}"
    )
