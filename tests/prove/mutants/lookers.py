"""Which tests look at what: noted by running each quick test once, on the source as it is."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.prove.mutants.change import Mutant
from tests.side_by_side import ALONE

# Whole folders and files, the quick ones first.
FOLDERS = (
    "tests/unit", "tests/sql", "tests/api", "tests/security/test_matrix.py",
    "tests/security/test_headers.py", "tests/security/test_assignment.py",
    "tests/security/test_canaries.py", "tests/security/test_revocation.py", "tests/contract",
    "tests/security/test_start.py", "tests/wire", "tests/traps", "tests/races", "tests/model",
    "tests/command/test_user.py", "tests/command/test_slots.py", "tests/command/test_publish.py",
    "tests/life/process/test_demo.py",
)  # fmt: skip
USERS, SLOTS, PUBLISH, DOCUMENT, ANSWERS, START, DEMO = (
    "tests/command/test_user.py", "tests/command/test_slots.py", "tests/command/test_publish.py",
    "tests/contract/test_openapi.py", "tests/contract/test_answers.py",
    "tests/security/test_start.py", "tests/life/process/test_demo.py",
)  # fmt: skip
# What runs out of sight of who notes, in processes of its own or before any test: which queries or
# files, by the beginning of their names, and who looks at them.
OUTSIDE = {
    "account_list": (USERS,),
    "account_set": (USERS,),
    "provider_list": (SLOTS,),
    "slot_occupied": (PUBLISH,),
    "slot_publish": (PUBLISH,),
    "service/booking/calendar/demo.py": (DEMO,),
    "service/booking/people/operator.py": (USERS,),
    "service/booking/calendar/publish.py": (PUBLISH,),
    "service/booking/calendar/schedule.py": (PUBLISH,),
    "service/booking/calendar/zones.py": (SLOTS,),
    "service/openapi/document.py": (DOCUMENT, ANSWERS),
    "service/openapi/operation.py": (DOCUMENT, ANSWERS),
    "service/openapi/parameters.py": (DOCUMENT, ANSWERS),
    "service/openapi/refusal.py": (DOCUMENT, ANSWERS),
    "service/openapi/schema.py": (DOCUMENT, ANSWERS),
    "service/store/checks/safety.py": (START,),
}
QUICK = 12.0  # seconds that a test may take
ENOUGH = 120.0  # seconds that all tests of one mutant may take at first
FEW = 3  # tests of one file, before those of another have their turn


def files(root: Path) -> list[str]:
    """The files of tests that may be asked, each beginning with the folder of the source."""
    found = []
    for name in FOLDERS:
        path = root / name
        found += sorted(path.rglob("test_*.py")) if path.is_dir() else [path]
    return [str(path.relative_to(root)) for path in found if path.exists()]


def digest(root: Path, name: str) -> str:
    """What changes when a file changes."""
    return hashlib.sha256((root / name).read_bytes()).hexdigest()[:12]


class Lookers:
    """What each test runs; kept in a file, so that only changed tests are looked at again."""

    def __init__(self, path: Path, root: Path) -> None:
        self._path, self._root = path, root
        self._known: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        self.killed: dict[str, Counter[str]] = defaultdict(Counter)  # where, by which test

    def unknown(self) -> list[str]:
        """The files that nobody has looked at as they are now."""
        return [
            name
            for name in files(self._root)
            if self._known.get(name, {}).get("digest") != digest(self._root, name)
        ]

    def note(self, name: str, tests: Any) -> None:
        """Keep what the tests of a file run; those that fail on good source tell nothing."""
        ended = {one: told for one, told in tests.items() if not told.get("failed")}
        self._known[name] = {"digest": digest(self._root, name), "tests": ended}
        self._path.write_text(json.dumps(self._known))

    def all_of(self, mutant: Mutant) -> dict[str, float]:
        """The tests that run what was changed, the likeliest to notice first, and their seconds.

        Of a function that only runs when its file is imported, those that run anything of the file,
        and of a file without functions, anything of its folder.
        """
        file = mutant._replace(function="")
        folder = file._replace(path=mutant.path.rpartition("/")[0])
        found = next(filter(None, map(self._found, (mutant, file, folder))), [])
        return {test: seconds for *_, seconds, test in sorted(found)}

    def of(self, mutant: Mutant) -> list[str]:
        """Of these as many as may be asked while other things run."""
        chosen, left = [], ENOUGH
        for test, seconds in self.all_of(mutant).items():
            if not test.startswith(ALONE):
                left -= seconds
                if left > 0:
                    chosen.append(test)
        return chosen

    def _found(self, mutant: Mutant) -> list[tuple[int, int, int, float, str]]:
        """Those that saw others there come first, then those that are called after the query, then
        a few of each file, the quick before the slow: those that run little else."""
        killed = self.killed[f"{mutant.path} {mutant.query or mutant.function}"]
        around = self.killed[mutant.path]
        found = []
        for name in files(self._root):
            whole = self._named(mutant, name)
            ours = sorted(
                (len(told["ran"]), told["seconds"], test)
                for test, told in self._known.get(name, {}).get("tests", {}).items()
                if told["seconds"] <= QUICK and (whole or self._runs(mutant, told["ran"]))
            )
            for nth, (_, seconds, test) in enumerate(ours):
                turn = -1 if f"test_{mutant.query}_" in test else nth // FEW
                found.append((-killed[test], -around[test], turn, seconds, test))
        return found

    def seen(self, tests: Iterable[str]) -> str:
        """What changes when one of these tests does."""
        names = sorted({test.split("::")[0] for test in tests})
        told = "".join(self._known[name]["digest"] for name in names)
        return hashlib.sha256(told.encode()).hexdigest()[:12]

    def _named(self, mutant: Mutant, name: str) -> bool:
        """Whether a whole file of tests is about it."""
        about = (mutant.query or mutant.path).startswith
        if any(about(part) and name in tests for part, tests in OUTSIDE.items()):
            return True
        unit = f"test_{Path(mutant.path).stem}.py"  # reads constants, too
        if name.startswith("tests/unit/") and Path(name).name == unit:
            return True
        if mutant.query and name.startswith("tests/sql/"):
            return True
        races = bool(mutant.query) and name.startswith("tests/races/")
        return races and f'"{mutant.query}"' in (self._root / name).read_text()

    @staticmethod
    def _runs(mutant: Mutant, ran: Iterable[Any]) -> bool:
        if mutant.query:
            return ["query", mutant.query] in ran
        around = mutant.function and f"{mutant.function}."  # what is inside of it, too
        return any(
            path.startswith(mutant.path) and f"{name}.".startswith(around) for path, name in ran
        )
