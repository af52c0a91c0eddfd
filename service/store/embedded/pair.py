"""The pair of servers: started with us, stopped with us, brought back when killed."""

import logging
import os
import threading
import time
from pathlib import Path
from typing import Self

from service.store.embedded.account import AlreadyRuns, EmbeddedError
from service.store.embedded.files import Place, holds
from service.store.embedded.postgres import Postgres
from service.store.embedded.server import Server
from service.store.embedded.valkey import Valkey

log = logging.getLogger(__name__)


class Embedded:
    """The servers of one data directory; a URL is None when its server was not asked for."""

    def __init__(self, place: Place, note: dict[str, str | None]) -> None:
        """Use the URLs of a note; start() and attach_or_start() are the ways in."""
        self.database_url = note.get("database_url")
        self.admin_url = note.get("admin_url")
        self.redis_url = note.get("redis_url")
        self.servers: list[Server] = []
        self.place = place
        self.lock: int | None = None
        self.durable = True

    @classmethod
    def start(
        cls,
        data_dir: Path,
        *,
        postgres: bool = True,
        redis: bool = True,
        durable: bool = True,
    ) -> Self:
        """Start the servers and return when they answer; call it from the main thread."""
        place = Place.find(data_dir, durable)
        lock = place.lock()
        if lock is None:
            raise AlreadyRuns(
                f"Process {place.note().get('pid', 'of another start')} already "
                f"runs the embedded servers of {data_dir}."
            )
        return cls.start_locked(place, lock, postgres, redis, durable)

    @classmethod
    def attach_or_start(
        cls,
        data_dir: Path,
        *,
        postgres: bool = True,
        redis: bool = True,
        durable: bool = True,
    ) -> Self:
        """Return the running servers of data_dir, whose stop() does nothing, or start them."""
        place = Place.find(data_dir, durable)
        until = time.monotonic() + 10.0
        while (lock := place.lock()) is None:
            note = place.note()
            if note.get("ready") and speaks(note):
                check_offer(note, place, postgres, redis)
                return cls(place, note)
            if time.monotonic() > until:
                raise EmbeddedError(
                    f"Process {note.get('pid')} holds {data_dir}, but its "
                    "embedded servers don't answer."
                )
            time.sleep(0.05)
        return cls.start_locked(place, lock, postgres, redis, durable)

    @classmethod
    def start_locked(
        cls,
        place: Place,
        lock: int,
        postgres: bool,
        redis: bool,
        durable: bool,
    ) -> Self:
        """Start the servers of a place whose lock we hold; on failure leave nothing behind."""
        self = cls(place, {})
        self.lock, self.durable = lock, durable
        try:
            self.launch(place, postgres, redis)
        except OSError as exc:
            self.stop()
            raise EmbeddedError(
                f"The embedded servers of {place.data_dir} can't start: {exc.strerror or exc}"
                f"{f' ({exc.filename})' if exc.filename else ''}."
            ) from exc
        except BaseException:
            self.stop()
            raise
        return self

    def launch(self, place: Place, postgres: bool, redis: bool) -> None:
        """Start what was asked for, both at once, then publish the URLs."""
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("servers started from a thread would end with it")
        log.info("%s", place.said())
        sockets = place.open_sockets()
        valkey = Valkey(place, sockets, self.durable) if redis else None
        pg = Postgres(place, sockets, self.durable) if postgres else None
        for server in filter(None, (valkey, pg)):
            self.servers.append(server)
            server.prepare()
            server.spawn()
        for started in self.servers:
            started.await_ready()
        self.redis_url = valkey.url() if valkey else None
        self.database_url = pg.url() if pg else None
        self.admin_url = pg.url("postgres", "postgres") if pg else None
        place.write_note(
            sockets=str(sockets),
            ready=True,
            redis_url=self.redis_url,
            database_url=self.database_url,
            admin_url=self.admin_url,
        )

    @staticmethod
    def missing(data_dir: Path, *, postgres: bool = True, redis: bool = True) -> list[str]:
        """Return which of these servers have no data in data_dir, by what they stand for."""
        wanted = (("PostgreSQL", Postgres, postgres), ("Redis", Valkey, redis))
        return [what for what, kind, one in wanted if one and not holds(data_dir, kind.name)]

    def revive(self) -> list[str]:
        """Start dead servers again without waiting; return the names of those just started."""
        return [server.name for server in self.servers if server.revive()]

    def stop(self) -> None:
        """Stop our servers and wait for them; a second call, or one after attaching, is nothing."""
        for server in self.servers:
            server.ask_to_stop()
        for server in self.servers:
            server.await_stop()
        self.servers.clear()
        if self.lock is not None:
            self.place.leave(self.durable)
            os.close(self.lock)
            self.lock = None


def speaks(note: dict[str, str | None]) -> bool:
    """Tell whether every server of a note really answers."""
    sockets = Path(str(note.get("sockets")))
    return (not note.get("database_url") or Postgres.speaks(sockets)) and (
        not note.get("redis_url") or Valkey.speaks(sockets)
    )


def check_offer(note: dict[str, str | None], place: Place, postgres: bool, redis: bool) -> None:
    """Raise EmbeddedError when the running process lacks a server that we need."""
    for wanted, key, name in (
        (postgres, "database_url", "PostgreSQL"),
        (redis, "redis_url", "Redis"),
    ):
        if wanted and not note.get(key):
            raise EmbeddedError(
                f"Process {note.get('pid')} runs on {place.data_dir} without an "
                f"embedded {name}: give this command the same settings."
            )
