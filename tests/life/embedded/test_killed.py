"""kill -9 of any process of the three, and what it leaves: nothing is lost, nothing stays."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg2

from service.store.embedded import Embedded
from service.store.embedded.place import files
from tests.life.servers import ROOT, close, heal, parent, processes, remember, remembers, soon
from tests.live import unconfigured

QUICK = 0.1  # seconds that one look at the servers may hold up the loop


def test_kill_9_of_the_parent_stops_the_servers_and_loses_nothing(kept: Path) -> None:
    other = parent(kept)
    remember(Embedded.attach_or_start(kept), "parent")
    other.kill()
    close(other)
    assert soon(lambda: not processes(kept))
    running = Embedded.start(kept)
    try:
        assert remembers(running, "parent")
    finally:
        running.stop()


def test_the_next_start_need_not_wait_for_the_killed_one(kept: Path) -> None:
    other = parent(kept)
    guest = Embedded.attach_or_start(kept)
    remember(guest, "at once")
    old = files.Place.find(kept, True).note()["sockets"]
    session = psycopg2.connect(guest.database_url)
    other.kill()
    close(other)
    running = Embedded.attach_or_start(kept)
    session.close()
    try:
        assert running.servers
        assert remembers(running, "at once")
        assert not Path(old).exists()
    finally:
        running.stop()


def test_kill_9_of_all_three_at_once_loses_nothing(kept: Path) -> None:
    other = parent(kept)
    remember(Embedded.attach_or_start(kept), "all three")
    for pid in [*processes(kept), other.pid]:
        os.kill(pid, signal.SIGKILL)
    close(other)
    running = Embedded.start(kept)
    try:
        assert remembers(running, "all three")
    finally:
        running.stop()


def test_a_killed_postmaster_comes_back_although_a_session_holds_on(kept: Path) -> None:
    running = Embedded.start(kept)
    busy = psycopg2.connect(running.database_url, async_=True)
    try:
        remember(running, "postmaster")
        assert soon(lambda: busy.poll() == psycopg2.extensions.POLL_OK)
        busy.cursor().execute("SELECT sum(i) FROM generate_series(1, 1000000000) i")
        postmaster = running.servers[-1].process
        assert postmaster
        postmaster.kill()
        assert heal(running, lambda: remembers(running, "postmaster")) < QUICK
        assert running.revive() == []
    finally:
        busy.close()
        running.stop()
    assert not processes(kept)


def test_a_killed_valkey_comes_back_with_its_data(kept: Path) -> None:
    running = Embedded.start(kept)
    try:
        remember(running, "valkey")
        process = running.servers[0].process
        assert process
        process.kill()
        assert heal(running, lambda: remembers(running, "valkey")) < QUICK
    finally:
        running.stop()


def test_a_lock_file_with_the_pid_of_a_stranger_is_no_obstacle(kept: Path) -> None:
    account = files.Place.find(kept, True).account
    stranger = subprocess.Popen(["sleep", "60"], cwd=kept, user=account and account.uid)
    try:
        text = f"{stranger.pid}\n{kept}/postgres\n1\n5432\n/tmp\n\n 1 1\nready\n"
        (kept / "postgres" / "postmaster.pid").write_text(text)
        running = Embedded.start(kept, redis=False)
        running.stop()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_each_has_a_session_of_its_own_and_ctrl_c_reaches_only_us(kept: Path) -> None:
    running = Embedded.start(kept)
    try:
        pids = [one.process.pid for one in running.servers if one.process]
        assert len(pids) == 2
        assert [os.getsid(pid) for pid in pids] == pids
        assert [os.getpgid(pid) for pid in pids] == pids
    finally:
        running.stop()


def test_an_interrupted_first_start_is_repeated(folder: Path) -> None:
    (folder / "data" / "postgres.new-half" / "base").mkdir(parents=True)
    Embedded.start(folder / "data", redis=False, durable=False).stop()
    assert not list((folder / "data").glob("postgres.new*"))


def test_a_second_serve_says_who_runs_there_and_the_first_runs_on(kept: Path) -> None:
    other = parent(kept)
    try:
        words = [sys.executable, str(ROOT / "run.py"), "serve", "--data-dir", str(kept)]
        done = subprocess.run(words, env=unconfigured(), capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.splitlines()[-1] == (
            f"Process {other.pid} already runs the embedded servers of {kept}."
        )
        remember(Embedded.attach_or_start(kept), "first")
    finally:
        assert close(other) == 0
