"""A copy of the source with servers of its own, on which one mutant after the other is tried."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import redis

from service.settings import ROOT
from service.store.embedded import Embedded
from service.store.queries import QueryError, parse
from service.store.schema import migrate
from tests.live import unconfigured
from tests.prove.mutants.change import Mutant
from tests.prove.mutants.lookers import files

COPIED = (".ci", "service", "sql", "tests", "deploy", "docs", "run.py", "pyproject.toml",
          "requirements.txt", "README.md", "CONTRIBUTING.md", "CHANGELOG.md",
          "LICENSE")  # fmt: skip
WORKER = Path(__file__).with_name("worker.py")
TOGETHER = 300  # seconds for some tests of one mutant
PATIENT = 1800  # and for all of them, or to note what they run
PROOF = 240  # and for its proof
OPERATIONS = 1500
STEPS = 600  # the model is as long as a quick test may be


class Bench:
    """One place of work; `start` before, `stop` afterwards."""

    def __init__(self, folder: Path, number: int) -> None:
        self.folder = folder / f"bench{number}"
        self.copy = self.folder / "copy"
        self._servers: Any = None  # Embedded, once they are started
        self._worker: Any = None  # a process, once it is
        self._sound: dict[str, bool] = {}

    def start(self) -> None:
        """Copy the source, start the servers and the worker; from the main thread."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.copy.mkdir(parents=True)
        ignored = shutil.ignore_patterns("__pycache__", ".hypothesis")
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, self.copy / name, ignore=ignored)
            elif (ROOT / name).exists():
                shutil.copy2(ROOT / name, self.copy / name)
        if (ROOT / ".venv").exists():
            (self.copy / ".venv").symlink_to((ROOT / ".venv").resolve())
        self._servers = Embedded.start(self.folder / "servers", durable=False)
        migrate.migrate(self._servers.database_url)
        self._fresh("template", self._name)
        self._worker = subprocess.Popen(
            [sys.executable, str(WORKER)],
            cwd=self.copy,
            env=unconfigured(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def compile(self) -> None:
        """Keep compiled what no mutant changes: each run of tests reads it."""
        self.run(files=files(ROOT), collect=True)

    def stop(self) -> None:
        """End what was started; the copy goes too."""
        if self._worker:
            self._worker.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._worker.wait(10)
            self._worker.kill()
            self._worker.stdout.close()
        if self._servers:
            self._servers.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _name(self) -> str:
        return str(urlsplit(self._servers.database_url).path[1:])

    def _fresh(self, name: str, template: str) -> None:
        """A database again as its template is."""
        owner = urlsplit(self._servers.database_url).username
        with contextlib.closing(psycopg2.connect(self._servers.admin_url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
                cursor.execute(f'CREATE DATABASE "{name}" OWNER "{owner}" TEMPLATE "{template}"')

    def run(
        self,
        *,
        files: Sequence[str] = (),
        tests: Sequence[str] = (),
        seconds: float = TOGETHER,
        trace: bool = False,
        collect: bool = False,
    ) -> Any:
        """What became of some tests on fresh servers, as worker.py tells it."""
        self._fresh(self._name, "template")
        with redis.Redis.from_url(self._servers.redis_url) as client:
            client.flushall()
        job = {
            "files": list(files),
            "tests": list(tests),
            "trace": trace,
            "collect": collect,
            "seconds": seconds,
            "environment": {
                "MODEL_STEPS": str(STEPS),
                "HYPOTHESIS_STORAGE_DIRECTORY": str(self.folder / "hypothesis"),
            },
            "log": str(self.folder / "pytest.txt"),
            "folder": str(self.folder / "tests"),
            "servers": {
                name: getattr(self._servers, name)
                for name in ("database_url", "admin_url", "redis_url")
            },
        }
        self._worker.stdin.write(json.dumps(job) + "\n")
        self._worker.stdin.flush()
        return json.loads(self._worker.stdout.readline())

    def sound(self, test: str) -> bool:
        """Whether a test succeeds by itself, on the source as it is; asked once."""
        if test not in self._sound:
            found = self.run(tests=[test])
            self._sound[test] = not found["failed"] and found["ended"] == 0
        return self._sound[test]

    @contextlib.contextmanager
    def planted(self, mutant: Mutant) -> Iterator[None]:
        """The copy with a mutant in it until the end of the block."""
        path = self.copy / mutant.path
        source, before = path.read_bytes(), path.stat()
        path.write_bytes(mutant.applied(source))
        os.utime(path, (0, 1))  # what was compiled before is of another time
        try:
            yield
        finally:
            path.write_bytes(source)
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def understood(self, mutant: Mutant) -> bool:
        """Whether it is a program, or a query that PostgreSQL can prepare and that says something
        else than before."""
        source = (self.copy / mutant.path).read_bytes()
        if not mutant.query:
            try:
                compile(mutant.applied(source), mutant.path, "exec")
            except (SyntaxError, ValueError):
                return False
            return True
        try:
            before, after = (
                next(one for one in parse(mutant.path, text.decode()) if one.name == mutant.query)
                for text in (source, mutant.applied(source))
            )
        except (QueryError, StopIteration):
            return False
        with contextlib.closing(psycopg2.connect(self._servers.database_url)) as connection:
            try:
                connection.cursor().execute(after.prepare)
            except psycopg2.Error:
                return False
        return " ".join(before.prepare.split()) != " ".join(after.prepare.split())

    def prove(self) -> str:
        """The invariants that a short proof of the copy finds violated; "" when all hold.

        A proof that could not be made says nothing against a mutant.
        """
        out = self.folder / "proof"
        shutil.rmtree(out, ignore_errors=True)
        command = [sys.executable, "run.py", "prove", "--ops", str(OPERATIONS)]
        command += ["--faults", "none", "--servers", "2", "--out", str(out)]
        try:
            ended = subprocess.run(
                command, cwd=self.copy, env=unconfigured(), capture_output=True, timeout=PROOF
            )
        except subprocess.TimeoutExpired:
            return ""
        if ended.returncode not in (0, 1):
            return ""
        told = json.loads((out / "result.json").read_text())["invariants"]
        return " ".join(one["name"] for one in told if one["wrong"])
