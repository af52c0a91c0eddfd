"""A plugin of pytest: whole folders of tests run on all cores, and those of ALONE at the end.

Each worker has servers of its own and takes one file after the other. Whoever looks at one file,
chooses by -k or wants to see or debug (-s, --pdb) gets no workers; -n says how many, 0 for none.
Where nobody says which tests to run, those of LONG wait for --long.
"""

import os
import sys
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

BYTECODE = str(Path(__file__).resolve().parents[1] / ".pytest_cache" / "bytecode")
MOST = 5  # workers: with more the longest file decides
PER_CORE = 2  # workers: more than half of their time they wait for a server to start or to stop
# About time, CPU or the whole machine: the beginnings of their ids.
ALONE = (
    "tests/deploy/test_two_processes.py",
    "tests/frozen/",
    "tests/life/embedded/test_starts.py::test_a_cold_start_is_quick",
    "tests/life/embedded/test_starts.py::test_a_warm_start_has_the_data",
    "tests/life/embedded/test_killed.py::test_a_killed_postmaster",
    "tests/life/embedded/test_killed.py::test_a_killed_valkey",
    "tests/life/process/test_notify.py::test_it_says_when_it_listens",
    "tests/load/test_driver.py::test_a_polite_one",
    "tests/load/test_driver.py::test_an_open_loop",
    "tests/load/test_load.py",
    "tests/races/test_pair_locks.py",
    "tests/security/test_crowds.py::test_logins_without_end",
    "tests/security/test_crowds.py::test_slow_clients",
    "tests/security/test_enumeration.py",
    "tests/traps/test_redis.py::test_nobody_waits_for_a_lock",
    "tests/unit/access/test_passwords.py::test_an_unknown_user",
    "tests/unit/access/test_passwords.py::test_who_gets_too_little",
    "tests/unit/access/test_passwords.py::test_who_waits_beyond",
)
# Whose processes start, die and recover, for most of the time. They come first, since a file that
# began last would keep all others waiting, and half of the workers do others meanwhile, which need
# the cores that these leave idle.
LONG = (
    "tests/deploy/test_rolling_restarts.py",
    "tests/command/test_restore.py",
    "tests/life/embedded/test_surroundings.py",
    "tests/life/data/test_upgrade.py",
    "tests/life/process/test_drain.py",
    "tests/deploy/test_unit.py",
    "tests/deploy/test_lock.py",
    "tests/life/data/test_backup_in_use.py",
    "tests/life/process/test_first_minute.py",
    "tests/prove/test_faults.py",
    "tests/races/test_two_servers.py",
    "tests/life/data/test_unfit_database.py",
    "tests/fuzz/test_schemathesis.py",
    "tests/model/test_model.py",
    "tests/sql/appointment/test_book_time_edges.py::test_appointment_book_time_shares_thousands",
    "tests/prove/mutants/test_mutants.py",
    "tests/prove/planted/test_planted.py",
    "tests/ha/test_postgres_failover.py",
    "tests/ha/test_redis_failover.py",
)
# Options that show, debug, or choose a few tests.
CHOOSING = ("usepdb", "trace", "keyword", "markexpr", "lf", "stepwise", "collectonly", "setupshow")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="those that take long as well")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Choose the number of workers, before xdist looks at it, and whether any are to wait."""
    _keep_bytecode()
    if hasattr(config, "workerinput"):
        return
    choosing = any(config.getoption(one, None) for one in CHOOSING)
    everything = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    config.option.long |= choosing or not everything
    if config.option.numprocesses is not None:
        return
    paths = [Path(word.split("::")[0]) for word in config.args]
    files = sum(1 for path in paths for _ in path.rglob("test_*.py"))
    chosen = choosing or config.option.capture == "no"
    if not chosen and files > 1:
        config.option.numprocesses = min(_cores() * PER_CORE, files, MOST)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Those of LONG come first and those of ALONE last, with or without workers."""
    items.sort(key=lambda item: (item.nodeid.startswith(ALONE), not item.nodeid.startswith(LONG)))
    long = getattr(config, "workerinput", vars(config.option))["long"]
    for item in items:
        if item.nodeid.startswith(LONG) and not long:
            item.add_marker(pytest.mark.skip(reason="takes long; run.py test --long runs it too"))


def pytest_configure_node(node: WorkerController) -> None:
    """A worker reads the command line by itself, and knows nothing of what we made of it."""
    node.workerinput["long"] = node.config.option.long


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> "AloneLast":
    """Files in their order; xdist would take those with the most tests first."""
    config.option.loadscopereorder = False
    return AloneLast(config, log)


class AloneLast(LoadScopeScheduling):
    """Gives a file to each worker that is free, of LONG to half of them at most, and those of
    ALONE to the last worker left."""

    def _split_scope(self, nodeid: str) -> str:
        kind = "alone" if nodeid.startswith(ALONE) else "long" if nodeid.startswith(LONG) else ""
        return f"{kind} {nodeid.split('::')[0]}"

    def _assign_work_unit(self, node: WorkerController) -> None:
        if next(iter(self.workqueue)).startswith("long") and self._enough_long(node):
            short = next((one for one in self.workqueue if one.startswith(" ")), None)
            if short:
                self.workqueue.move_to_end(short, last=False)
        elif next(iter(self.workqueue)).startswith("alone"):
            if any(one is not node and not one.shutting_down for one in self.nodes):
                node.shutdown()  # once it has done what it has; its servers end with it
                return
            if len(self.nodes) > 1:
                return  # the others are still at work: remove_node() comes back here
        super()._assign_work_unit(node)

    def _enough_long(self, node: WorkerController) -> bool:
        """Whether half of the workers, this one left aside, are at work on those of LONG."""
        at_it = [
            one
            for one, work in self.assigned_work.items()
            if one is not node
            and any(
                scope.startswith("long") and not all(tests.values())
                for scope, tests in work.items()
            )
        ]
        return 2 * len(at_it) >= len(self.nodes)

    def remove_node(self, node: WorkerController) -> str | None:
        crashed = super().remove_node(node)
        if self.workqueue:
            for left in self.nodes:
                self._reschedule(left)
        return crashed


def _keep_bytecode() -> None:
    """Where bytecode is not to lie beside the sources, as in many containers, keep it elsewhere:
    else each worker and each of a thousand processes compiles all of them again."""
    if sys.dont_write_bytecode:
        sys.dont_write_bytecode = False
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = BYTECODE


def _cores() -> int:
    """Those that we may use; macOS only tells how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
