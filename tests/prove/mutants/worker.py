"""A process that has pytest and the drivers in memory and forks for each set of tests.

python worker.py, in a copy of the source: reads a job a line from standard input (JSON: the tests,
the servers' URLs, seconds, whether to note what they run) and answers each with a line. It imports
nothing of ours before it forks, so that every child has the source as it is by then.
"""

import contextlib
import importlib
import json
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

HEAVY = ("tornado.web", "tornado.httpclient", "aiopg", "psycopg2.extras", "redis.asyncio", "bcrypt",
         "msgspec", "hypothesis.stateful", "hypothesis.strategies")  # fmt: skip
OPTIONS = ("-q", "-x", "-n", "0", "-p", "no:cacheprovider", "--tb=short",
           "-W", "ignore::pytest.PytestAssertRewriteWarning")  # fmt: skip
LATE = re.compile(r"time(?:d[ _]?)?out", re.IGNORECASE)  # as libraries say it
EACH = 30  # seconds of one test: much, since the machine may be busy


class Plugin:
    """Chooses and orders the tests, lends them servers, notes what they run and how they end."""

    def __init__(self, job: dict[str, Any]) -> None:
        self._job = job
        self._root = f"{os.getcwd()}/"
        self._place = {name: at for at, name in enumerate(job.get("tests", []))}
        self._ran: set[tuple[str, str]] = set()
        self._codes: set[CodeType] = set()  # that we need not look at again
        self.failed = ""
        self.late = False  # the first that failed did so for want of time
        self.tests: dict[str, Any] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Only those that are wanted, in their order."""
        if self._place:
            wanted = [one for one in items if one.nodeid in self._place]
            items[:] = sorted(wanted, key=lambda one: self._place[one.nodeid])

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Any:
        """The servers run already."""
        if (fixturedef.func.__module__, fixturedef.argname) != ("tests.conftest", "servers"):
            return None
        from service.store.embedded import Embedded

        lent = Embedded(None, self._job["servers"])  # type: ignore[arg-type] # nothing to stop
        fixturedef.cached_result = (lent, fixturedef.cache_key(request), None)
        return lent

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Note which functions and queries a test runs."""
        if not self._job["trace"]:
            return (yield)
        self._ran, self._codes, began = set(), set(), time.monotonic()
        threading.settrace(self._trace)
        sys.settrace(self._trace)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            threading.settrace(None)  # type: ignore[arg-type]
            seconds = time.monotonic() - began
            told = self.tests.setdefault(item.nodeid, {})  # there is one if it failed
            told |= {"seconds": round(seconds, 3), "ran": sorted(self._ran)}

    def _trace(self, frame: FrameType, event: str, arg: object) -> None:
        code = frame.f_code
        if code in self._codes:
            return
        path = code.co_filename
        if path.startswith(self._root) and path.startswith("service/", len(self._root)):
            self._ran.add((path.removeprefix(self._root), code.co_qualname))
            if "query" in code.co_varnames[: code.co_argcount] and path.endswith("postgres.py"):
                self._ran.add(("query", getattr(frame.f_locals["query"], "name", "")))
                return  # another time it may be another one
        self._codes.add(code)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """The first that fails; while we note what runs, all that fail."""
        if report.failed:
            if not self.failed:
                crash = getattr(report.longrepr, "reprcrash", None)
                self.failed, self.late = report.nodeid, bool(LATE.search(str(crash)))
            if self._job["trace"]:
                self.tests.setdefault(report.nodeid, {"ran": [], "seconds": 0})["failed"] = True


def child(job: dict[str, Any], out: int) -> None:
    """Run the tests of a job and write what became of them."""
    os.setsid()
    quiet = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number in (1, 2):
        os.dup2(quiet, number)
    sys.dont_write_bytecode = not (job["trace"] or job["collect"])
    os.environ.update(job["environment"])
    files = list(dict.fromkeys(name.split("::")[0] for name in job["tests"])) or job["files"]
    plugin = Plugin(job)
    options = [one for one in OPTIONS if not (one == "-x" and job["trace"])]
    options += ["--collect-only"] if job["collect"] else []
    options += [f"--timeout={EACH}", f"--basetemp={job['folder']}"]
    ended = pytest.main([*options, *files], plugins=[plugin])
    found = {"ended": int(ended), "failed": plugin.failed, "late": plugin.late}
    found["tests"] = plugin.tests
    with os.fdopen(out, "w") as pipe:
        json.dump(found, pipe)


def run(job: dict[str, Any]) -> dict[str, Any]:
    """What became of a job; a child that takes too long is killed with all that it started."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.close(ours)
            child(job, theirs)
        finally:
            os._exit(3)
    os.close(theirs)
    late = threading.Timer(job["seconds"], _kill, (pid,))
    late.start()
    with os.fdopen(ours) as pipe:
        told = pipe.read()
    late.cancel()
    late.join()
    _kill(pid)
    _, status = os.waitpid(pid, 0)
    found: dict[str, Any] = {"ended": -1, "failed": "", "late": False, "tests": {}}
    if told:
        found = json.loads(told)
    hung = not told and os.WIFSIGNALED(status)
    return found | {"hung": hung, "late": hung or found["late"]}


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def main() -> None:
    """Do one job after the other."""
    for name in HEAVY:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    sys.path[0] = os.getcwd()
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        answers.write(json.dumps(run(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    assert Path("run.py").exists(), "to be started in a copy of the source"
    main()
