"""The log of events as a stream (WHATWG HTML, Server-Sent Events)."""

import asyncio
import random

import msgspec

from service import deadline, errors
from service.booking.delivery import event
from service.booking.delivery.log import chunk_of
from service.errors import DomainError, InvalidFields, InvalidToken, Unavailable
from service.handlers.delivery.events import After
from service.http.base import ApiHandler, endpoint
from service.http.headers import grammar
from service.http.routing.declaration import SIGNED_IN, Charged
from service.http.wire import descriptors
from service.openapi.answers import events as answers

UNSENT_MAX = 256 * 1024  # bytes that a reader may be behind
PAGE = 500  # events of the past that are sent at once
RETRY = 1000, 5000  # milliseconds until a browser comes back, so that not all do at once
STOPPING = "This process is stopping."
FULL = "As many streams are open as this process takes."


class StreamQuery(msgspec.Struct):
    after: After | None = None


class Stream(ApiHandler):
    """The call, and then who reads it: a Reader of the log."""

    media, endless = "text/event-stream", True
    account_id = staff_of = 0
    position = 0
    token = ""
    gone = False  # the client has left

    @endpoint(
        "streamEvents",
        query=StreamQuery,
        answers=(200, answers.EventStream),
        raises=(errors.NotAuthenticated, errors.InvalidToken, errors.CursorExpired),
        charged=Charged.ITSELF,
    )
    async def get(self) -> None:
        """What happens, as it happens: the events of the list, with their ids; without a token only
        how slots are. From now on, or after the event that `Last-Event-ID` or `after` names."""
        await self.admit()
        log, after = self.deps.log, self.after()
        head = await event.head(self.deps, after)
        if log.closed:
            raise Unavailable(STOPPING)
        if log.streams >= descriptors.for_clients(self.deps.settings.pool_size) * 3 // 4:
            raise Unavailable(FULL)
        self.answer_fields["Cache-Control"] = "no-store"
        self.answer_fields["X-Accel-Buffering"] = "no"  # nginx would wait for more
        if self.request.method == "HEAD":
            self.finish()
            return
        if not log.streams:
            log.forget(head.position)
        self.position = head.position if after is None else after
        self.begin(b"retry: %d\nid: %d\n\n" % (random.randint(*RETRY), self.position))
        joining = asyncio.create_task(self.join())  # which no request waits for
        log.joining.add(joining)
        joining.add_done_callback(log.joining.discard)

    async def admit(self) -> None:
        """Set the audience, by a token where there is one. Raises what authenticate() does."""
        given = self.request.headers.get("Authorization")
        if given is None:
            await self.charge()
            return
        await self.authenticate(SIGNED_IN)
        self.token = grammar.credentials(given)[1]
        self.account_id, self.staff_of = self.actor.account_id, self.actor.staff_of

    def after(self) -> int | None:
        """The event after which to begin; what a browser has seen last counts most."""
        seen = self.request.headers.get("Last-Event-ID", "").strip()
        if not seen:
            after: int | None = self.query.after
            return after
        if not seen.isdecimal() or len(seen) > 18:
            raise InvalidFields({"Last-Event-ID": ["A valid integer is required."]})
        return int(seen)

    async def join(self) -> None:
        """Send what is older than what is at hand, then read on with all others."""
        log = self.deps.log
        losses = log.losses
        while not self.gone and not log.has_after(self.position):
            deadline.begin(self.deps.settings.request_deadline)
            try:
                page = await event.told_after(self.deps, self.position, PAGE)
            except DomainError:
                page = []
            if self.gone or log.closed or not page or page[0].id != self.position + 1:
                self.stop()  # they come back, and hear whether what is next is still kept
                return
            self.position = page[-1].id
            room = self.more(chunk_of(page, self.account_id, self.staff_of))
            await asyncio.wait([room])  # it may fail where the client has left
        if self.gone or log.closed or log.losses > losses:
            self.stop()
            return
        log.readers.add(self)
        new = chunk_of(log.after(self.position), self.account_id, self.staff_of)
        self.send(new, max(self.position, log.read))

    # A Reader

    def send(self, chunk: bytes, position: int) -> None:
        """Send what there is up to an event; who reads too slowly is cut off, and may come back."""
        self.position = position
        if not chunk:
            return
        if self.unsent > UNSENT_MAX:
            self.deps.log.cut += 1
            self.cut()
            return
        self.more(chunk)

    async def is_welcome(self) -> bool:
        """Whether the token still is what it was."""
        if not self.token:
            return True
        try:
            session = await self.deps.sessions.resolve(self.token)
        except InvalidToken:
            return False
        return (session.account_id, session.staff_of) == (self.account_id, self.staff_of)

    def on_connection_close(self) -> None:
        self.gone = True
        self.deps.log.readers.discard(self)
        super().on_connection_close()
