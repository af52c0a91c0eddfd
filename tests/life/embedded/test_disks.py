"""Disks that are small, full, read-only, or run no programs; shared memory that is not there."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.store.embedded import Embedded, EmbeddedError, wheels
from service.store.embedded.place import home
from tests.life.servers import ROOT, processes, soon, sql
from tests.live import served, unconfigured
from tests.prove.disk import missing, mount, unmount

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())
FILLER = "filler"
SHARING = """
import sys
from pathlib import Path
from service.store.embedded import Embedded
from tests.life.servers import sql
running = Embedded.start(Path(sys.argv[1]), redis=False)
sql(running, "CREATE TABLE many AS SELECT generate_series(1, 100000) AS n; ANALYZE many")
print(sql(running, "SET debug_parallel_query = on; SELECT count(*) FROM many"))
running.stop()
"""


@contextlib.contextmanager
def disk(folder: Path, options: str) -> Iterator[Path]:
    """A disk of memory, mounted on a new folder; skips the test where mounting is forbidden."""
    point = folder / "disk"
    point.mkdir()
    try:
        mount(point, options, "-t", "tmpfs", "tmpfs")
    except OSError as exc:
        pytest.skip(f"mounting is forbidden here: {exc}")
    try:
        point.chmod(0o755)
        yield point
    finally:
        unmount(point)


def fill(point: Path) -> None:
    """Leave no room at all on a disk."""
    with contextlib.suppress(OSError), (point / FILLER).open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def test_a_disk_that_is_too_small_is_one_sentence_and_exit_code_1(folder: Path) -> None:
    with disk(folder, "size=8m") as small:
        done = subprocess.run(
            [sys.executable, str(ROOT / "run.py"), "serve", "--data-dir", str(small / "data")],
            env=unconfigured(),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.splitlines()[-1].startswith("Only 7 MiB are free in ")
        assert not list((small / "data").glob("postgres*"))


def test_a_full_disk_is_one_sentence_at_the_next_start(folder: Path) -> None:
    with disk(folder, "size=200m") as small:
        Embedded.start(small).stop()
        fill(small)
        with pytest.raises(EmbeddedError, match=r"No space left|0\.0 MiB are free"):
            Embedded.start(small)
        assert not processes(small)
        (small / FILLER).unlink()
        Embedded.start(small).stop()


def test_bookings_wait_for_room_and_go_on_with_it(folder: Path) -> None:
    with disk(folder, "size=200m") as small:
        told = {"BCRYPT_ROUNDS": "4", "RATE_LIMIT": "off"}
        with served(folder, told, "--data-dir", str(small / "data")) as live:
            who = {"username": "ada", "password": "correct horse"}
            register = who | {"email": "a@example.org"}
            assert ask(live.url, "/api/register/", register)[0] == 201
            token = ask(live.url, "/api/login/", who)[1]["token"]
            slots = [one["id"] for one in ask(live.url, "/api/slots/?status=free&limit=90")[1]]
            fill(small)
            answers = set()

            def book() -> int:
                status, _ = ask(live.url, "/api/appointments/", {"slot": slots.pop()}, token)
                answers.add(status)
                return status

            assert soon(lambda: book() == 503, 30.0)
            (small / FILLER).unlink()
            assert soon(lambda: book() == 201, 30.0)
            assert answers <= {201, 503, 504}


def ask(url: str, path: str, body: object = None, token: str = "") -> tuple[int, object]:
    """The status and the JSON of one call."""
    command = [
        "curl",
        "-s",
        "-w",
        "\n%{http_code}",
        url + path,
        "-H",
        f"Authorization: Token {token}",
    ]
    if body:
        command += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    *text, status = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    return int(status), json.loads("".join(text) or "null")


def test_a_read_only_folder_is_one_sentence(folder: Path) -> None:
    with disk(folder, "size=8m") as small:
        mount(small, "remount,ro")
        for data in (small, small / "data"):
            with pytest.raises(EmbeddedError, match=r"can't be used: Read-only file system\. "):
                Embedded.start(data)


def test_data_need_no_disk_that_runs_programs(folder: Path) -> None:
    with disk(folder, "size=200m,noexec,nosuid,nodev") as small:
        running = Embedded.start(small)
        assert sql(running, "SELECT 1") == [(1,)]
        running.stop()


def test_programs_that_can_t_be_run_are_one_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with disk(folder, "size=200m,noexec") as small:
        monkeypatch.setattr(home, "SHARED", small)
        monkeypatch.setattr(wheels, "reachable", lambda path, account: False)
        with pytest.raises(EmbeddedError, match=r"can't be run .*mounted noexec\?$"):
            Embedded.start(folder / "data")


@pytest.mark.parametrize("options", ["size=64k", "size=64m,mode=0700"])
def test_shared_memory_may_be_tiny_or_closed(folder: Path, options: str) -> None:
    inside = f'mount -t tmpfs -o {options} tmpfs /dev/shm && exec "$0" "$@"'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", inside, sys.executable, "-c", SHARING, str(folder / "data")],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no mounts of our own here: {done.stderr}")
    assert (done.stdout, done.stderr) == ("[(100000,)]\n", "")
