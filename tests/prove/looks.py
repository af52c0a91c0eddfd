"""Looks at an answer as it comes: each field that never changes, and each header."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from service.booking.actions import ENDINGS, RESCHEDULE
from tests.prove.around.wishes import DONE as AROUND
from tests.prove.ask import Ask
from tests.prove.client import Answer
from tests.prove.sheet import BRIEF, NAMED, STILL, Sheet, instant
from tests.prove.times.told import looks as times

# All others answer 200.
DONE = AROUND | {"book": 201, "take": 201, "register": 201, "shut": 201, "unshut": 204}
VERSIONED = frozenset(
    {"book", "get", "move", *ENDINGS, "slot", "close", "open", "capacity", "take", "shift", "hours",
     "adjust"}
)  # fmt: skip
MESSAGES = {name: action.message for name, action in ENDINGS.items()} | dict.fromkeys(
    ("move", "shift"), RESCHEDULE.message
)
PROBLEM = {"type", "title", "status", "code"}
TO_COME = 3  # alternatives at most


def headers_of(head: bytes) -> dict[str, str]:
    """The header fields of an answer, by their names in lower case."""
    fields = (line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:])
    return {name.lower(): value.strip() for name, _, value in fields}


def link_of(head: bytes) -> str:
    """The target of the next page, or ""."""
    link = headers_of(head).get("link", "")
    return link[1 : link.index(">")] if link.endswith('>; rel="next"') else ""


class Look:
    """One look at one answer: counts what it compares and keeps what is wrong."""

    def __init__(self, sheet: Sheet, ask: Ask, answer: Answer, body: Any) -> None:
        self.sheet, self.ask, self.answer, self.body = sheet, ask, answer, body
        self.headers = headers_of(answer.head)
        self.count, self.wrongs = 0, list[str]()
        self.made: list[Any] = []  # slots that were made for a time: only the log knows them

    def expect(self, holds: bool, words: str) -> None:
        """One thing was compared."""
        self.count += 1
        if not holds:
            self.wrongs.append(words)

    def slot(self, shown: Any, fields: tuple[str, ...]) -> None:
        """A slot in a document, in the fields that belong there or, if asked for, whole."""
        whole = STILL if self.ask.args.get("expand") else fields
        if isinstance(shown, dict) and shown.get("id") not in self.sheet.times:
            self.made.append([shown, list(whole)])
            return
        self.count += len(whole)
        self.wrongs += self.sheet.wrongs(shown, whole)

    def all(self) -> None:
        """Everything that can be seen of this answer alone."""
        status, verb = self.answer.status, self.ask.verb
        self.expect("x-request-id" in self.headers, "no X-Request-ID")
        if status in (429, 503):
            wait = self.headers.get("retry-after", "")
            self.expect(wait.isdecimal() and int(wait) > 0, f"{status} with Retry-After {wait!r}")
        if verb == "any":
            return
        if status >= 400:
            self._problem()
        elif status == 304:
            self.expect(self.ask.known is not None, "304 to somebody who knew nothing")
            self.expect(not self.answer.body, "304 with a body")
        else:
            self.expect(status == DONE.get(verb, 200), f"{verb} was answered {status}")
            etag = self.headers.get("etag", "")
            if verb in VERSIONED:
                self.expect(etag[:1] == etag[-1:] == '"', f"{verb} came with ETag {etag!r}")
            look: Callable[[], None] | None = getattr(
                self, "_end" if verb in ENDINGS else f"_{verb}", None
            )
            if look:
                look()

    def _problem(self) -> None:
        body, media = self.body, self.headers.get("content-type", "")
        self.expect(media.startswith("application/problem+json"), f"an error came as {media}")
        told = isinstance(body, dict) and body.keys() >= PROBLEM
        self.expect(told and body["status"] == self.answer.status, f"an error came as {body}")
        if told and "times" in body:
            times.near(self, body["times"])
        if told and body["code"] == "slot_taken" and (lost := self.sheet.times.get(self._lost())):
            self._alternatives(lost, body.get("alternatives") or [])

    def _lost(self) -> int:
        return int(self.ask.args.get("slot", 0))

    def _alternatives(self, lost: Any, shown: list[Any]) -> None:
        starts = [lost.starts]
        self.expect(len(shown) <= TO_COME, f"{len(shown)} alternatives")
        for one in shown:
            self.count += len(STILL)
            self.wrongs += self.sheet.wrongs(one, STILL)
            if times := self.sheet.times.get(one.get("id")):
                self.expect(
                    times.provider == lost.provider and times.starts > starts[-1],
                    f"slot {one['id']} is offered instead of {self._lost()}",
                )
                self.expect(times.starts > time.time(), f"slot {one['id']} has begun")
                self.expect(one["status"] == "free", f"slot {one['id']} is offered and not free")
                starts.append(times.starts)

    def _book(self) -> None:
        self.slot(self.body["slot"], NAMED)

    _take = _book

    def _get(self) -> None:
        self.slot(self.body["slot"], NAMED)
        self.expect(self.body["id"] == self.ask.args["appointment"], "another appointment came")

    def _list(self) -> None:
        for one in self.body:
            self.slot(one["slot"], BRIEF)
        self._paged([one["id"] for one in self.body], self.ask.args.get("after", 0))

    _page = _list

    def _calendar(self) -> None:
        """The list of a provider, for its staff."""
        for one in self.body:
            self.slot(one["slot"], NAMED)
            times = self.sheet.times.get(one["slot"]["id"])
            self.expect(
                times is not None and times.provider == self.ask.args["provider"],
                f"the list of provider {self.ask.args['provider']} has slot {one['slot']['id']}",
            )
        places = [self.sheet.place(one["slot"]["id"], one["id"]) for one in self.body]
        self._paged(places, self.sheet.place(*self.ask.args.get("after", (0, 0))))

    def _may_be_short(self) -> bool:
        """Whether so much of a calendar was left that a page of staff may end before it is full."""
        if self.ask.verb != "calendar":
            return False
        after, _ = self.ask.args.get("after", (0, 0))
        return self.sheet.is_long(self.ask.args["provider"], after)

    def _paged(self, places: list[Any], before: Any) -> None:
        """In order, after the page before, of the state asked for, and with a link to the next."""
        asked = dict(parse_qsl(urlsplit(self.ask.path).query))
        self.expect(places == sorted({*places}), f"the order is {places}")
        self.expect(all(one > before for one in places), f"{places} come after {before}")
        if "status" in asked:
            states = {one["status"] for one in self.body}
            self.expect(states <= {asked["status"]}, f"{asked['status']} were asked for: {states}")
        self._linked(asked, len(places))

    def _linked(self, asked: dict[str, str], count: int) -> None:
        limit = int(asked["limit"])
        self.expect(count <= limit, f"{count} came, {limit} were asked for")
        target = urlsplit(link_of(self.answer.head))
        if not target.path:
            return
        full = count == limit or self._may_be_short()
        self.expect(full, f"there is a next page after {count} of {limit}")
        self.expect(target.path == urlsplit(self.ask.path).path, f"Link leads to {target.path}")
        following = dict(parse_qsl(target.query))
        self.expect(bool(following.pop("cursor", "")), "Link has no cursor")
        asked = {name: value for name, value in asked.items() if name != "cursor"}
        self.expect(_plain(following) == _plain(asked), f"Link asks for {following} after {asked}")

    def _search(self) -> None:
        args = self.ask.args
        for one in self.body:
            self.count += len(STILL)
            self.wrongs += self.sheet.wrongs(one, STILL)
        shown = [one["id"] for one in self.body]
        asked = dict(parse_qsl(urlsplit(self.ask.path).query))
        after = tuple(args.get("after", (0, 0)))
        right = self.sheet.page(args["provider"], args["starts"], after, int(asked["limit"]))
        self.expect(shown == right, f"the page has {shown}, not {right}")
        self._linked(asked, len(shown))

    def _slot(self) -> None:
        self.count += len(STILL)
        self.wrongs += self.sheet.wrongs(self.body, STILL)
        self.expect(self.body["id"] == self.ask.args["slot"], "another slot came")

    _close = _open = _capacity = _slot

    def _move(self) -> None:
        self._told()
        if self.ask.args.get("expand"):
            self.slot(self.body["old_slot"], STILL)
            self.slot(self.body["new_slot"], STILL)

    _shift = _move

    def _times(self) -> None:
        """The times of a service, in order and with a link to the next page."""
        places = times.listed(self, self.body)
        self.expect(places == sorted(set(places)), f"the order is {places}")
        before = tuple(self.ask.args.get("after", (0, 0)))
        self.expect(all(one > before for one in places), f"{places} come after {before}")
        self._linked(dict(parse_qsl(urlsplit(self.ask.path).query)), len(places))

    def _soonest(self) -> None:
        times.listed(self, [] if self.body is None else [self.body])

    def _explain(self) -> None:
        self.expect(self.body["bookable"] != bool(self.body["reasons"]), "reasons for nothing")
        times.near(self, self.body["next"])

    def _dry(self) -> None:
        self.expect(self.body["bookable"] is True, "a dry run is neither")

    def _hours(self) -> None:
        self.expect(
            self.body["provider"] == self.ask.args["provider"], "the hours are of another provider"
        )

    def _end(self) -> None:
        self._told()
        if self.ask.args.get("expand"):
            self.slot(self.body["slot"], STILL)

    def _told(self) -> None:
        right = MESSAGES[self.ask.verb]
        self.expect(self.body["message"] == right, f"the message is {self.body['message']!r}")
        number = self.body["appointment_id"]
        self.expect(number == self.ask.args["appointment"], f"it is about appointment {number}")

    def _me(self) -> None:
        role = self.ask.args["role"]
        self.expect(self.body.get("role") == role, f"the role is {self.body.get('role')}")
        mail = f"{self.body.get('username')}@example.org"
        self.expect(self.body.get("email") == mail, f"the address is {self.body.get('email')}")

    def _history(self) -> None:
        ats = [instant(one["at"]) for one in self.body]
        self.expect(None not in ats and ats == sorted(filter(None, ats)), f"its instants are {ats}")


def _plain(asked: dict[str, str]) -> dict[str, Any]:
    """A query with its instants as such: they can be written in more than one way."""
    return {name: instant(value) or value for name, value in asked.items()}
