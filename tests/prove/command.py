"""`run.py prove`: the arguments, the files that are written, the exit code."""

import argparse
import asyncio
import gc
import json
import os
import shlex
import signal
import sys
import traceback
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from service.settings import Settings
from tests.prove.checker.evidence import Evidence
from tests.prove.checker.judge import judge
from tests.prove.checker.verdict import UNSEEN
from tests.prove.failing import write_failing
from tests.prove.faults import KINDS
from tests.prove.mutants.campaign import campaign
from tests.prove.planted import BUGS
from tests.prove.planted.hunt import hunt
from tests.prove.report.page import page
from tests.prove.result import result_of, text
from tests.prove.schedule import plan
from tests.prove.session import FACTS, Plan, perform

OPERATIONS = 50_000
PER_FAULT = 500  # operations
EXIT_CODES = {"OK": 0, "FAILED": 1, UNSEEN: 2}

DESCRIPTION = """\
Prove that nothing is booked twice, nothing promised is lost and nobody gets in who should not.

It starts servers of its own: several processes of ours, PostgreSQL and Redis, with proxies in
between. Hundreds of people ask at random while faults strike: processes are killed and frozen,
connections cut, delayed and swallowed, Redis is emptied. Every answer is recorded, the changes are
read from PostgreSQL's own log, and then 38 invariants are judged from these records. In the end,
when all is quiet, the list of times, explain, a dry run and booking get the same questions.

The same seed asks the same questions and strikes the same faults; who wins a race differs."""

EXAMPLES = """\
examples:
  python3 run.py prove                                 50,000 operations, 100 faults, all kinds
  python3 run.py prove --ops 1000000 --fault-count 2000 --seed 7
  python3 run.py prove --ops 5000 --faults none        nobody disturbs
  python3 run.py prove --ops 20000 --faults server-killed,redis-flushed
  python3 run.py prove --set WIRE=llhttp               another setting of the servers
  python3 run.py prove --planted all                   every planted bug must be caught
  python3 run.py prove --mutants 300 --out mutants     small faults in copies of our own source
  python3 run.py prove --check .data/prove/20270104-100000-seed1    judge a recorded run again

A run leaves a folder: page.html, result.json, verdict.txt, the history, and failing.json when an
invariant is violated: the operations and commits that show it.
exit code: 0 every invariant held, 1 at least one is violated, 2 it could not be run, or nobody
asked anything in it."""


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Leave with exit code 2."""
        self.exit(2, f"{message[:1].upper()}{message[1:]}. See: {self.prog} --help\n")


def main(arguments: Sequence[str]) -> int:
    """Run or judge what a command line says and return its exit code."""
    values = parser().parse_args(arguments)
    if values.planted:
        return hunt(values.planted, values.out or folder_for(values.seed), values.seed)
    if values.mutants:
        folder = values.out or folder_for(values.seed)
        return campaign(folder, values.mutants, values.seed, values.only)
    if values.check:
        folder = values.check if values.check.is_dir() else values.check.parent
        if not (folder / FACTS).exists():
            sys.stderr.write(f"There is no complete history in {folder}.\n")
            return 2
    else:
        folder = values.out or folder_for(values.seed)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            asyncio.run(stoppable(perform(planned(values), folder)))
        except asyncio.CancelledError:
            return 130
        except Exception as error:
            traceback.print_exc()
            sys.stderr.write(f"The run could not be made: {error}\n")
            return 2
    try:
        return conclude(folder, f"python3 run.py prove {shlex.join(arguments)}".strip())
    except OSError as error:
        sys.stderr.write(f"The verdict can't be written: {error.strerror}.\n")
        return 2


async def stoppable(run: Coroutine[Any, Any, None]) -> None:
    """The run, which SIGTERM ends as Ctrl-C does: nothing of it is left behind."""
    task = asyncio.ensure_future(run)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await task


def planned(values: argparse.Namespace) -> Plan:
    """The run that a command line asks for."""
    count = max(1, values.ops // PER_FAULT) if values.fault_count is None else values.fault_count
    return Plan(
        operations=values.ops,
        seed=values.seed,
        faults=plan(values.seed, values.faults, count) if values.faults and count else [],
        servers=values.servers,
        entry=shlex.split(values.entry) if values.entry else None,
        environment=dict(values.set),
    )


def conclude(folder: Path, command: str) -> int:
    """Judge a history, write what was found beside it, tell it; the exit code."""
    gc.disable()  # a million records and no circles
    evidence = Evidence.load(folder)
    verdicts = judge(evidence, say)
    result = result_of(evidence, verdicts) | {"command": command}
    (folder / "result.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
    (folder / "verdict.txt").write_text(text(result) + "\n", encoding="utf-8")
    (folder / "page.html").write_text(page(result), encoding="utf-8")
    print(text(result), flush=True)  # what nobody can be told is no verdict
    names = ["page.html", "result.json"]
    if result["verdict"] == "FAILED":
        write_failing(folder / "failing.json", evidence, verdicts)
        names.append("failing.json")
    print("\n" + "\n".join(str(folder / name) for name in names))
    return EXIT_CODES[result["verdict"]]


def say(words: str) -> None:
    """Tell a person at a terminal what goes on."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{words}")
        sys.stderr.flush()


def folder_for(seed: int) -> Path:
    """A new folder of this run under the data directory."""
    home = Settings.load(os.environ).data_dir
    return home / "prove" / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-seed{seed}"


def kinds(words: str) -> list[str]:
    """The kinds of faults that a list names; all that can be made here, or none."""
    if words in ("all", "none"):
        return [name for name, one in KINDS.items() if words == "all" and not one.missing()]
    found = [word.strip() for word in words.split(",") if word.strip()]
    if unknown := [word for word in found if word not in KINDS]:
        raise argparse.ArgumentTypeError(
            f"{', '.join(unknown)}: no such fault. There are: {', '.join(KINDS)}"
        )
    return found


def bugs(words: str) -> list[str]:
    """The planted bugs that a list names, or all."""
    found = list(BUGS) if words == "all" else [word.strip() for word in words.split(",")]
    if unknown := [word for word in found if word not in BUGS]:
        raise argparse.ArgumentTypeError(
            f"{', '.join(unknown)}: no such bug. There are: {', '.join(BUGS)}"
        )
    return found


def setting(words: str) -> tuple[str, str]:
    """NAME=VALUE of a setting that there is."""
    name, given, value = words.partition("=")
    if not given or name not in {entry.env for entry in Settings.entries()}:
        raise argparse.ArgumentTypeError(f"{words} is not NAME=VALUE of a setting")
    return name, value


def number(words: str) -> int:
    """A whole number that is not negative."""
    if not words.isdecimal():
        raise argparse.ArgumentTypeError(f"{words} is not a number")
    return int(words)


def parser() -> Parser:
    """The parser of this command."""
    found = Parser(
        prog="run.py prove",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add: Any = found.add_argument
    add("--ops", type=number, default=OPERATIONS, metavar="N", help="operations (default: 50,000)")
    add("--seed", type=number, default=1, metavar="S", help="of all that is chosen at random")
    add(
        "--faults",
        type=kinds,
        default="all",
        metavar="LIST",
        help=f"which kinds, or all (default), or none: {', '.join(KINDS) or 'none there are'}",
    )
    add(
        "--fault-count",
        type=number,
        metavar="N",
        help=f"how many (default: one for {PER_FAULT} operations)",
    )
    add("--servers", type=number, default=3, metavar="N", help="processes of ours (default: 3)")
    add(
        "--set",
        type=setting,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of the servers; may be repeated",
    )
    add("--entry", metavar="COMMAND", help="what to start instead of `python run.py`")
    add(
        "--planted",
        type=bugs,
        metavar="NAMES",
        help="prove the checker instead: plant these bugs, or all, one after the other, each in"
        " servers of its own, and see an invariant violated within 100,000 operations",
    )
    add(
        "--mutants",
        type=number,
        default=0,
        metavar="N",
        help="prove the tests instead: make N small faults at random, each in a copy of the source,"
        " run the quick tests that look there and a short proof, and list what nobody noticed;"
        " started again with the same --out it goes on where it was",
    )
    add(
        "--only",
        default="*",
        metavar="PATTERN",
        help="mutants of these files or queries, such as 'service/booking/*' or 'slot_*'",
    )
    add("--out", type=Path, metavar="DIR", help="folder of the run (default: one in .data/prove)")
    add("--check", type=Path, metavar="DIR", help="judge the history in this folder once more")
    return found
