"""Whatever surrounds a start: languages, zones, masks, missing homes, odd paths, closed streams."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from service.store.embedded import Embedded, EmbeddedError
from tests.life.servers import ROOT, as_root, cache, processes, soon, sql
from tests.live import OURS, unconfigured

START = """
import sys
from pathlib import Path
from service.store.embedded import Embedded
from tests.life.servers import cache, sql
running = Embedded.start(Path(sys.argv[1]), durable=False)
print(ascii(sql(running, "SELECT lower('Ä'), current_setting('TimeZone')")), file=sys.stderr)
assert cache(running).ping()
running.stop()
"""
SAID = "[('\\xe4', 'UTC')]\n"
ODD = {
    "LC_ALL of no system": {"LC_ALL": "nonsense"},
    "Turkish": {"LC_ALL": "tr_TR.UTF-8"},
    "plain C": {"LANG": "C"},
    "a zone of no world": {"TZ": "Nowhere/Nonsense"},
    "settings of libpq": {"PGPORT": "1", "PGHOST": "/nowhere", "PGDATA": "/nowhere"},
}


def start(
    data: Path, environment: dict[str, str], *, before: str = ""
) -> "subprocess.CompletedProcess[str]":
    """Start servers in a process of its own, after some words of the shell."""
    return subprocess.run(
        ["sh", "-c", f'{before} exec "$0" "$@"', sys.executable, "-c", START, str(data)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("odd", ODD)
def test_no_variable_reaches_the_servers(folder: Path, odd: str) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LA"))}
    done = start(folder / "data", kept | ODD[odd])
    assert (done.returncode, done.stderr.splitlines(keepends=True)[-1]) == (0, SAID)


def test_an_empty_environment_will_do(folder: Path) -> None:
    done = start(folder / "data", {})
    assert (done.returncode, done.stderr) == (0, SAID)


@pytest.mark.parametrize("mask", ["077", "000"])
def test_the_mask_of_new_files_makes_no_difference(folder: Path, mask: str) -> None:
    data = folder / "new" / "data"
    done = start(data, dict(os.environ), before=f"umask {mask};")
    assert (done.returncode, done.stderr) == (0, SAID)
    assert {path.stat().st_mode & 0o777 for path in (data, data.parent)} == {0o755}
    assert {(data / name).stat().st_mode & 0o777 for name in ("postgres", "valkey")} == {0o700}
    assert not [path for path in data.rglob("*") if path.is_file() and path.stat().st_mode & 0o022]


@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&-"])
def test_closed_streams_are_no_obstacle(folder: Path, closed: str) -> None:
    done = start(folder / "data", dict(os.environ), before=f"exec {closed};")
    assert (done.returncode, done.stderr) == (0, SAID)


@pytest.mark.parametrize(
    "name",
    [
        "$HOME `id` it's \"quoted\" \\ x=y;z,'#",
        " 100 % %p %s\ttab, trailing ",
        "--port 7 Ünïcödé 日本 🗓",
        "bytes that are no text \udcff",
        "a" * 200,
    ],
)
def test_any_name_of_a_folder_will_do(folder: Path, name: str) -> None:
    data = folder / name / "data"
    Embedded.start(data, durable=False).stop()
    running = Embedded.start(data, durable=False)
    try:
        assert sql(running, "SELECT 1") == [(1,)]
        with cache(running) as client:
            client.set("kept", "1")
    finally:
        running.stop()
    assert (data / "log" / "valkey.log").exists()
    assert os.listdir(folder) == [name]


def test_but_none_with_a_line_break(folder: Path) -> None:
    with pytest.raises(EmbeddedError, match=r"no line break .*new\\nline'\.$"):
        Embedded.start(folder / "new\nline")


def test_sockets_lie_in_any_temporary_folder(
    kept: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = folder / "it's \"% $"
    odd.mkdir()
    odd.chmod(0o1777)
    monkeypatch.setattr(tempfile, "tempdir", str(odd))
    running = Embedded.start(kept)
    try:
        assert sql(running, "SELECT 1") == [(1,)]
        with cache(running) as client:
            assert client.ping()
        assert list(odd.glob("booking-*"))
    finally:
        running.stop()
    assert not list(odd.iterdir())


def test_a_path_of_many_bytes_works_and_one_that_postgresql_cuts_off_is_refused(
    folder: Path,
) -> None:
    deep = folder / "/".join(["d" * 99] * 7) / "data"
    Embedded.start(deep, durable=False).stop()
    with pytest.raises(EmbeddedError, match=r"has 8\d\d bytes, and PostgreSQL takes 800: "):
        Embedded.start(deep / ("d" * 99), durable=False)
    with pytest.raises(EmbeddedError, match=r"has \d{4} bytes"):
        Embedded.start(folder / ("x" * 5000), durable=False)


def test_a_reader_who_leaves_leaves_no_server_behind(folder: Path) -> None:
    data = folder / "data"
    words = [sys.executable, str(ROOT / "run.py"), "serve", "--port", "0", "--data-dir", str(data)]
    with (folder / "log").open("wb") as log:
        serving = subprocess.Popen(
            words, env=unconfigured() | OURS, stdout=subprocess.PIPE, stderr=log
        )
    assert serving.stdout
    assert serving.stdout.readline().startswith(b"listening on ")
    serving.stdout.close()
    try:
        serving.wait(1)
    except subprocess.TimeoutExpired:
        serving.terminate()
        serving.wait(20)
    assert soon(lambda: not processes(data))
    assert not (data / "servers.json").exists()


@as_root
def test_a_user_without_a_name_is_one_sentence(folder: Path) -> None:
    data = folder / "data"
    data.mkdir()
    os.chown(data, 54321, 54321)
    with pytest.raises(EmbeddedError, match=r"no account for uid 54321, the owner of .*\.$"):
        Embedded.start(data)
