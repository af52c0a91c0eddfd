"""The logs of the embedded servers: set aside when they are long, and no line of them is lost."""

import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.store.embedded import Embedded
from service.store.embedded.place import log
from service.store.embedded.server import Server
from tests.life.servers import cache, soon, sql

LINES = 20_000
SAYS = "DO $$ BEGIN FOR n IN {} .. {} LOOP RAISE LOG 'line % of many', n; END LOOP; END $$"
NOTES = "for n = {}, {} do redis.log(redis.LOG_WARNING, 'line ' .. n .. ' of many') end"


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log is long as soon as it has some hundred lines, and none is thrown away."""
    monkeypatch.setattr(log, "LIMIT", 20_000)
    monkeypatch.setattr(log, "KEPT", 200)


def numbers(server: Server) -> Counter[int]:
    """How often each numbered line is in all the logs of a server."""
    texts = [file.read_text() for file in server.logs.glob(f"{server.log.name}*")]
    return Counter(int(one) for one in re.findall(r"line (\d+) of many", "".join(texts)))


def talk(running: Embedded) -> Iterator[threading.Thread]:
    """Let both servers say many numbered lines, as fast as they can, each in a thread."""

    def postgres() -> None:
        for begin in range(1, LINES, 2000):
            sql(running, SAYS.format(begin, begin + 1999))

    def valkey() -> None:
        with cache(running) as client:
            for begin in range(1, LINES, 50):
                client.eval(NOTES.format(begin, begin + 49), 0)

    for one in (postgres, valkey):
        talker = threading.Thread(target=one)
        talker.start()
        yield talker


def test_no_line_is_lost_while_logs_are_set_aside(kept: Path, short: None) -> None:
    """Nor would one be said twice: a copy that is then cut off loses what is said in between."""
    running = Embedded.start(kept)
    try:
        talkers = list(talk(running))
        while any(talker.is_alive() for talker in talkers):
            assert running.revive() == []
            time.sleep(0.001)
        whole = Counter(range(1, LINES + 1))
        for server in running.servers:
            assert soon(lambda server=server: numbers(server) == whole)
            texts = list(server.logs.glob(f"{server.log.name}*"))
            assert len(texts) >= 3  # how often depends on how fast the machine is
            assert {file.stat().st_mode & 0o777 for file in texts} <= {0o600, 0o640, 0o644}
    finally:
        running.stop()


def test_the_name_of_the_current_log_stays(kept: Path, short: None) -> None:
    running = Embedded.start(kept, redis=False)
    try:
        (server,) = running.servers
        sql(running, SAYS.format(1, 600))
        assert soon(lambda: log.full(server.log))
        running.revive()
        sql(running, "DO $$ BEGIN RAISE LOG 'the first of the new'; END $$")
        assert soon(
            lambda: server.log.exists() and "the first of the new" in server.log.read_text()
        )
    finally:
        running.stop()


def test_only_the_last_ones_are_kept(tmp_path: Path) -> None:
    current = tmp_path / "some.log"
    for number in range(log.KEPT + 3):
        current.write_text(f"{number}")
        log.set_aside(current)
    kept = sorted(tmp_path.iterdir())
    assert [one.name for one in kept] == [f"some.log.{n}" for n in range(1, log.KEPT + 1)]
    assert [int(one.read_text()) for one in kept] == [7, 6, 5, 4, 3]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            "2026-11-27 18:00:00.123 UTC [17] FATAL:  could not open x: No space left on device\n"
            "2026-11-27 18:00:00.124 UTC [17] LOG:  database system is shut down\n",
            "FATAL:  could not open x: No space left on device",
        ),
        (
            "7:M 27 Nov 2026 18:00:00.001 # Bad file format.\n7:M 27 Nov 2026 18:00:00.002 * Bye\n",
            "Bad file format",
        ),
        ("initdb: error: it is so\ninitdb: hint: do this\n", "initdb: error: it is so"),
        ("something\nelse\n", "else"),
        ("", "it said nothing"),
    ],
)
def test_the_line_that_says_why_is_found(said: str, words: str) -> None:
    assert log.last_words(said) == words
