"""A plugin of pytest: lines that say how far the workers are, for people and for pipes.

0:42  26%  tests/api: 934 done
0:52  31%  tests/bad_input: 303 of 509, tests/contract: 12 of 405
0:55  32%  FAILED tests/contract/test_files.py::test_nothing_is_left_over
"""

import time
from collections import Counter
from collections.abc import Generator, Sequence
from typing import Any

import pytest

EVERY = 10.0  # seconds between two lines, at most as long as one test takes


@pytest.hookimpl(trylast=True)  # xdist's session is there
def pytest_configure(config: pytest.Config) -> None:
    """Take the place of the dots where there are workers and nobody asked for more or less."""
    terminal = config.pluginmanager.getplugin("terminalreporter")
    if terminal and config.pluginmanager.hasplugin("dsession") and config.option.verbose == 0:
        config.pluginmanager.register(Progress(terminal))


class Progress:
    """Counts by folder what is done and what there is."""

    def __init__(self, terminal: Any) -> None:
        self._terminal = terminal
        self._began = self._said = time.monotonic()
        self._all: Counter[str] = Counter()
        self._done: Counter[str] = Counter()
        self._under_way: set[str] = set()
        self._letters = True

    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Every worker finds the same tests."""
        self._all = Counter(map(_folder, ids))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Say now and then where we are."""
        self._under_way.add(_folder(nodeid))
        if time.monotonic() > self._said + EVERY:
            self._say(", ".join(map(self._count, sorted(self._under_way))))

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Say that a folder is complete."""
        folder = _folder(nodeid)
        self._done[folder] += 1
        if self._done[folder] == self._all[folder]:
            self._under_way.discard(folder)
            self._say(f"{folder}: {self._done[folder]} done")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None]:
        """Say at once what failed."""
        self._letters = False
        yield
        self._letters = True
        if report.failed:
            self._say(f"{'FAILED' if report.when == 'call' else 'ERROR'} {report.nodeid}")

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(self) -> Generator[None, Any, Any]:
        """Count as ever, but print no letter; the summary at the end has its words."""
        category, letter, word = yield
        return (category, letter, word) if self._letters else (category, "", "")

    def _count(self, folder: str) -> str:
        return f"{folder}: {self._done[folder]} of {self._all[folder]}"

    def _say(self, text: str) -> None:
        self._said = time.monotonic()
        minutes, seconds = divmod(int(self._said - self._began), 60)
        percent = 100 * self._done.total() // max(self._all.total(), 1)
        self._terminal.write_line(f"{minutes}:{seconds:02} {percent:3}%  {text}")
        self._terminal.flush()


def _folder(nodeid: str) -> str:
    return nodeid.split("::")[0].rpartition("/")[0]
