"""The embedded servers: cold and warm starts, sharing them, and what is refused."""

import threading
import time
from pathlib import Path

import pytest

from service.store.embedded import Embedded, EmbeddedError
from service.store.embedded.place import files
from tests.life.servers import cache, close, parent, processes, remember, remembers, sql


def test_a_cold_start_is_quick_and_gives_the_app_a_database_of_its_own(folder: Path) -> None:
    began = time.monotonic()
    running = Embedded.start(folder / "data")
    took = time.monotonic() - began
    try:
        assert took < 5.0
        assert sql(
            running,
            "CREATE EXTENSION btree_gist; SELECT current_user::text, rolsuper,"
            " lower('Ä') FROM pg_roles WHERE rolname = current_user",
        ) == [("booking", False, "ä")]
        for name, value in {
            "fsync": "on",
            "full_page_writes": "on",
            "synchronous_commit": "on",
            "TimeZone": "UTC",
            "listen_addresses": "",
            "wal_level": "replica",
            "wal_segment_size": "1MB",
        }.items():
            assert sql(running, f"SHOW {name}") == [(value,)]
        assert sql(running, "SELECT count(*) > 0 FROM pg_stat_statements") == [(True,)]
        with cache(running) as client:
            said = client.config_get("*")
        assert said["appendonly"] == "yes"
        assert (said["appendfsync"], said["maxmemory-policy"]) == ("everysec", "noeviction")
        assert (said["save"], said["port"]) == ("", "0")
    finally:
        running.stop()
    assert not processes(folder / "data")


def test_a_warm_start_has_the_data_and_leaves_no_socket(kept: Path) -> None:
    running = Embedded.start(kept)
    remember(running, "warm")
    sockets = files.Place.find(kept, True).note()["sockets"]
    assert Path(sockets).stat().st_mode & 0o777 == 0o700
    running.stop()
    assert not Path(sockets).exists()
    assert not (kept / "servers.json").exists()
    began = time.monotonic()
    running = Embedded.start(kept)
    try:
        assert time.monotonic() - began < 2.0
        assert remembers(running, "warm")
    finally:
        running.stop()
        running.stop()  # once too often is nothing


def test_only_what_is_asked_for_is_started(kept: Path) -> None:
    running = Embedded.start(kept, postgres=False)
    try:
        assert running.database_url is None
        assert running.redis_url
        with pytest.raises(EmbeddedError, match="without an embedded PostgreSQL"):
            Embedded.attach_or_start(kept)
    finally:
        running.stop()


def test_a_second_start_is_refused_in_one_sentence_and_attaching_shares(kept: Path) -> None:
    other = parent(kept)
    try:
        with pytest.raises(EmbeddedError, match=rf"^Process {other.pid} already runs .*\.$"):
            Embedded.start(kept)
        guest = Embedded.attach_or_start(kept)
        remember(guest, "guest")
        assert guest.revive() == []
        guest.stop()
        assert remembers(guest, "guest")
    finally:
        assert close(other) == 0
    assert not processes(kept)


def test_a_stale_note_of_a_living_process_deceives_nobody(kept: Path) -> None:
    place = files.Place.find(kept, True)
    place.write_note(
        ready=True,
        database_url="postgresql://booking@/booking?host=/nowhere",
        redis_url="unix:///nowhere.sock",
        sockets="/nowhere",
    )
    running = Embedded.attach_or_start(kept)
    try:
        assert running.servers
        assert "/nowhere" not in str(running.database_url)
        remember(running, "stale")
    finally:
        running.stop()


@pytest.mark.parametrize("text", ["", "[]", '{"ready": true}', '{"sockets": "/etc"}'])
def test_a_broken_note_does_no_harm(kept: Path, text: str) -> None:
    (kept / "servers.json").write_text(text)
    Embedded.attach_or_start(kept, postgres=False).stop()
    assert Path("/etc").exists()


def test_a_server_that_can_t_start_is_an_error_with_its_own_words(folder: Path) -> None:
    data = folder / "data"
    (data / "postgres").mkdir(parents=True)
    (data / "postgres" / "PG_VERSION").write_text("18\n")
    with pytest.raises(EmbeddedError, match=r"postgres did not start: .*postgres\.log"):
        Embedded.start(data)
    assert not processes(data)


def test_servers_are_not_started_from_a_thread(kept: Path) -> None:
    caught: list[BaseException] = []

    def start() -> None:
        try:
            Embedded.start(kept)
        except RuntimeError as exc:
            caught.append(exc)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert "thread" in str(caught[0])
    Embedded.start(kept, postgres=False).stop()  # the lock was given back
