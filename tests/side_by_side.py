"""A plugin of pytest: whole folders of tests run on all cores, and those of ALONE at the end.

Each worker has servers of its own and takes one file after the other. Whoever looks at one file,
chooses by -k or wants to see or debug (-s, --pdb) gets no workers; -n says how many, 0 for none.
"""

import os
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

MOST = 5  # workers: with more the longest file decides
PER_CORE = 2  # workers: more than half of their time they wait for a server to start or to stop
# About time, CPU or the whole machine: the beginnings of their ids.
ALONE = (
    "tests/deploy/test_two_processes.py",
    "tests/frozen/",
    "tests/life/embedded/test_starts.py::test_a_cold_start_is_quick",
    "tests/life/embedded/test_starts.py::test_a_warm_start_has_the_data",
    "tests/life/embedded/test_killed.py",
    "tests/load/test_driver.py",
    "tests/load/test_load.py",
    "tests/races/test_pair_locks.py",
    "tests/security/test_crowds.py",
    "tests/security/test_enumeration.py",
    "tests/traps/test_redis.py::test_nobody_waits_for_a_lock",
    "tests/unit/access/test_passwords.py",
)
# Options that show, debug, or choose a few tests.
CHOOSING = ("usepdb", "trace", "keyword", "markexpr", "lf", "stepwise", "collectonly", "setupshow")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Choose the number of workers, before xdist looks at it."""
    if hasattr(config, "workerinput") or config.option.numprocesses is not None:
        return
    paths = [Path(word.split("::")[0]) for word in config.args]
    chosen = config.option.capture == "no" or any(config.getoption(one, None) for one in CHOOSING)
    files = sum(1 for path in paths for _ in path.rglob("test_*.py"))
    if not chosen and files > 1 and all(path.is_dir() for path in paths):
        config.option.numprocesses = min(_cores() * PER_CORE, files, MOST)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those of ALONE come last, with or without workers."""
    items.sort(key=lambda item: item.nodeid.startswith(ALONE))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> "AloneLast":
    """Files in their order; xdist would take those with the most tests first."""
    config.option.loadscopereorder = False
    return AloneLast(config, log)


class AloneLast(LoadScopeScheduling):
    """Gives a file to each worker that is free, and those of ALONE to the last worker left."""

    def _split_scope(self, nodeid: str) -> str:
        return f"{nodeid.startswith(ALONE)} {nodeid.split('::')[0]}"

    def _assign_work_unit(self, node: WorkerController) -> None:
        if next(iter(self.workqueue)).startswith("True"):
            if any(one is not node and not one.shutting_down for one in self.nodes):
                node.shutdown()  # once it has done what it has; its servers end with it
                return
            if len(self.nodes) > 1:
                return  # the others are still at work: remove_node() comes back here
        super()._assign_work_unit(node)

    def remove_node(self, node: WorkerController) -> str | None:
        crashed = super().remove_node(node)
        if self.workqueue:
            for left in self.nodes:
                self._reschedule(left)
        return crashed


def _cores() -> int:
    """Those that we may use; macOS only tells how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
