"""Follows the log of events over HTTP as an admin, as staff of one provider and as a customer."""

import json
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from typing import Any

from tests.prove.people import PASSWORD

# Who keeps the crowded calendar, and a customer: they do nothing else, so nobody changes their
# passwords.
KEEPER, CUSTOMER = "follower", "watcher"
EVERY = 0.2  # seconds between two pages of nothing
PATIENCE = 5.0  # seconds for an answer
SOON = 3.0  # seconds after which what was committed has its number, once all is well
REST = 20.0  # seconds in which the log has to come to its end
_NEXT = re.compile(r"<(\S+)>")


class Follower:
    """One person who follows `Link`, whatever happens to the servers."""

    def __init__(self, name: str, urls: Sequence[str]) -> None:
        self.name, self._urls = name, urls
        self._next, self._token, self._turn = "/api/events/?after=0&limit=500", "", 0
        self.head = -1

    def read(self) -> list[dict[str, Any]] | None:
        """The next page; None where nobody has answered. A token that has died is made anew."""
        self._turn += 1
        url = self._urls[self._turn % len(self._urls)]
        try:
            if not self._token:
                self._token = self._login(url)
            sent = {"Authorization": f"Token {self._token}"}
            request = urllib.request.Request(url + self._next, headers=sent)
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                page: list[dict[str, Any]] = json.loads(answer.read())
                self.head = int(answer.headers["Event-Head"].partition(";")[0])
                found = _NEXT.match(answer.headers["Link"])
                assert found, "a page without a next one"
                self._next = found[1]
                return page
        except urllib.error.HTTPError as error:
            if error.code == 401:
                self._token = ""
            elif error.code == 410:
                raise AssertionError(f"{self.name} lost its place: {error.read()!r}") from error
        except (OSError, ValueError):
            pass
        return None

    def _login(self, url: str) -> str:
        body = json.dumps({"username": self.name, "password": PASSWORD}).encode()
        request = urllib.request.Request(
            f"{url}/api/login/", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return str(json.loads(answer.read())["token"])

    @property
    def at_end(self) -> bool:
        """Whether there was nothing more when it last asked."""
        return f"after={self.head}&" in self._next


class Feed:
    """Reads in a thread of its own; each page that shows anything is one record."""

    def __init__(
        self, names: Sequence[str], urls: Sequence[str], write: Callable[[dict[str, Any]], None]
    ) -> None:
        self._followers = [Follower(name, urls) for name in names]
        self._write = write
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
        self.failure: BaseException | None = None

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> float:
        """Read to the end of the log. What was committed by then, by the clock on the wall, has to
        be in it. Raises what went wrong, if anything did."""
        self._stop.set()
        self._thread.join()
        if self.failure:
            raise self.failure
        then = time.time()
        time.sleep(SOON)
        until = time.monotonic() + REST
        while not self._round() and time.monotonic() < until:
            time.sleep(EVERY)
        return then

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                if self._round():
                    self._stop.wait(EVERY)
        except BaseException as error:
            self.failure = error

    def _round(self) -> bool:
        """One page for each; whether all are at the end."""
        ended = True
        for one in self._followers:
            page = one.read()
            if page:
                self._write({"at": time.monotonic(), "reader": one.name, "events": page})
            ended = ended and page == [] and one.at_end
        return ended
