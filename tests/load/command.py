"""`run.py load`: the arguments, the files that are written, the exit code."""

import argparse
import asyncio
import json
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from tests.load import targets
from tests.load.beside import allow_files
from tests.load.errors import LoadError
from tests.load.plan import Plan
from tests.load.report.page import page
from tests.load.report.text import text
from tests.load.scenarios import SCENARIOS
from tests.load.session import session
from tests.load.target import load_settings, own_target, running_target

DESCRIPTION = """\
Load-test the booking endpoints, then check that every promise was kept.

Without --url it starts a server of its own: embedded PostgreSQL and Redis in a temporary folder,
durable as in production (synchronous_commit=on), RATE_LIMIT=off, BCRYPT_ROUNDS=4; other settings
come from the environment. Only addresses of this machine are ever loaded."""

EXAMPLES = """\
examples:
  python3 run.py load                                        book, 64 connections, 10 seconds
  python3 run.py load --scenario mixed --rate 800            open loop at 800 requests a second
  python3 run.py load --scenario hot --slots 1 --people 5000 --requests 5000 --connections 500
  python3 run.py load --scenario move --slots 8              moves among eight slots only
  python3 run.py load --scenario read --only list-304        nothing but 304s
  python3 run.py load --scenario times --only week           free times of a week with one provider
  python3 run.py load --scenario book-time --only any        times of a service, with any of 20
  BCRYPT_ROUNDS=12 python3 run.py load --rate 300 --logins 16  logins must not slow bookings
  python3 run.py load --rate 100 --idle 10000                the memory of idle connections
  python3 run.py load --ramp --p99 50                        highest rate with p99 up to 50 ms
  python3 run.py load --limits --repeat 5                    beside what HTTP, SQL, Redis allow
  python3 run.py load --targets --out targets                every promise about speed
  LANE_BATCH=1 LANE_WIDTH=8 python3 run.py load              another setting of the server
  python3 run.py load --url http://127.0.0.1:8000 --data-dir .data
  BOOKING_PASSWORD=... python3 run.py load --url http://127.0.0.1:8000 --admin-user root

In an open loop latency counts from the time a request was meant for, so that waiting is not hidden.
exit code: 0 the checks held, 1 they FAILED, 2 it could not be run."""


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Leave with exit code 2."""
        self.exit(2, f"{message[:1].upper()}{message[1:]}. See: {self.prog} --help\n")


def main(arguments: Sequence[str]) -> int:
    """Run the load test of a command line and return its exit code."""
    values = parser().parse_args(arguments)
    try:
        if values.targets:
            return run_targets(values)
        given = {one.name: getattr(values, one.name) for one in fields(Plan)}
        plan = Plan(**{name: value for name, value in given.items() if value is not None})
        result = perform(plan)
        result["command"] = f"python3 run.py load {shlex.join(arguments)}".strip()
        folder = plan.out or folder_for(plan)
        write(folder, result)
    except LoadError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    print(text(result))
    print(f"\n{folder / 'report.html'}\n{folder / 'result.json'}")
    return 0 if result["verdict"] == "OK" else 1


def run_targets(values: argparse.Namespace) -> int:
    """Measure the table of targets. Raises LoadError."""
    plan = Plan(scenario="book", repeat=values.repeat or 5, part_seconds=values.part_seconds)
    return targets.run(
        values.out or folder_for(plan).with_name("targets"),
        repeat=plan.repeat,
        seconds=plan.part_seconds,
        rows=values.rows,
        only=values.parts.split(",") if values.parts else (),
    )


def perform(plan: Plan) -> dict[str, Any]:
    """Run a plan against its target."""
    settings = load_settings(os.environ, data_dir=plan.data_dir)
    allow_files(plan.load.connections + plan.logins + plan.idle)
    if plan.url:
        return asyncio.run(session(plan, running_target(plan.url, settings, plan.data_dir)))
    with own_target(settings) as target:
        return asyncio.run(session(plan, target))


def folder_for(plan: Plan) -> Path:
    """A new folder of this run under the data directory."""
    settings = load_settings(os.environ, data_dir=plan.data_dir)
    return settings.data_dir / "load" / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{plan.scenario}"


def write(folder: Path, result: dict[str, Any]) -> None:
    """Write the three reports. Raises LoadError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.txt").write_text(text(result) + "\n", encoding="utf-8")
        (folder / "result.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
        (folder / "report.html").write_text(page(result), encoding="utf-8")
    except OSError as error:
        raise LoadError(f"{folder} can't be written: {error.strerror}.") from error


def parser() -> Parser:
    """The parser of this command."""
    found = Parser(
        prog="run.py load",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = found.add_argument_group("what to ask")
    what.add_argument("--scenario", choices=SCENARIOS, default="book", help=scenarios_help())
    what.add_argument("--people", type=int, help="customers (default: as the scenario needs)")
    what.add_argument("--slots", type=int, help="slots: hot 10; move and mixed as needed")
    what.add_argument(
        "--only",
        help="read: some of list,free,list-304,free-304; times: some of week,any,next,week-304; "
        "book-time: one of many,two,any; move-together: swap",
    )
    what.add_argument("--seed", type=int, default=1, help="of what is chosen at random")
    add_how(found.add_argument_group("how to ask it"))
    add_more(found.add_argument_group("what to find out besides"))
    add_whom(found.add_argument_group("whom to ask"))
    found.add_argument(
        "--out", type=Path, help="folder of the reports (default: a new one in .data/load)"
    )
    return found


def scenarios_help() -> str:
    """What each scenario is."""
    return "; ".join(f"{name}: {one.help}" for name, one in SCENARIOS.items()) + " (default: book)"


def add_how(group: Any) -> None:
    """The arguments that shape the load."""
    group.add_argument("--rate", type=float, help="requests a second: makes it an open loop")
    group.add_argument(
        "--connections",
        type=int,
        help="closed loop over so many (default: 64, hot 500); in an open loop the most (256)",
    )
    group.add_argument("--seconds", type=float, default=10.0, help="measured time (default: 10)")
    group.add_argument(
        "--warm-up", type=float, help="seconds before it (default: 1; with --requests 0)"
    )
    group.add_argument("--requests", type=int, help="end after so many")
    group.add_argument(
        "--logins",
        type=int,
        default=0,
        help="so many connections that log in all the while; refused, they heed Retry-After",
    )
    group.add_argument(
        "--idle", type=int, default=0, help="so many connections that are open and do nothing"
    )


def add_more(group: Any) -> None:
    """The arguments for more than one run."""
    group.add_argument(
        "--ramp",
        action="store_true",
        help="find the highest rate that keeps p99 under --p99, then run at 70 %% of it",
    )
    group.add_argument("--p99", type=float, default=50.0, help="milliseconds (default: 50)")
    group.add_argument(
        "--limits",
        action="store_true",
        help="measure bare HTTP, the SQL alone, the token look-up and the server with lanes off",
    )
    group.add_argument("--repeat", type=int, help="rounds of --limits and --targets (default: 5)")
    group.add_argument(
        "--targets",
        action="store_true",
        help="measure every promise about speed, some 30 minutes; what --out has already is kept",
    )
    group.add_argument("--parts", help="only these of --targets, such as booking,reads")
    group.add_argument(
        "--rows",
        type=int,
        default=10_000_000,
        help="slots of the large databases of --targets; 0 leaves them out (default: 10000000)",
    )
    group.add_argument(
        "--part-seconds", type=float, default=3.0, help="of each step and turn (default: 3)"
    )


def add_whom(group: Any) -> None:
    """The arguments that name the server."""
    group.add_argument("--url", help="a server that runs, such as http://127.0.0.1:8000")
    group.add_argument("--data-dir", help="the data directory that it runs on")
    group.add_argument(
        "--admin-user",
        help="an admin there, with the password in BOOKING_PASSWORD; "
        "not needed with --data-dir, or with DATABASE_URL and REDIS_URL",
    )
