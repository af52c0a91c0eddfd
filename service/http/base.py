"""What every handler shares: reading the request, saying who asks, writing the answer."""

import asyncio
import functools
import hashlib
import inspect
import logging
import re
from collections.abc import Awaitable, Callable, Set
from typing import Any, ClassVar
from urllib.parse import urlencode

import msgspec
from tornado import web
from tornado.iostream import StreamClosedError

from service import deadline, errors
from service.access.limits import Standing
from service.access.sessions import Session
from service.booking.answer import Answer, Page
from service.booking.broad import in_turn
from service.booking.idempotency import NO_KEY, Key
from service.deps import Deps
from service.http import cursor, fields, problems, request_log
from service.http.borrowed import LeanHandler
from service.http.headers import cors, grammar
from service.http.headers.conditional import Conditional
from service.http.headers.guards import GUARDS, PUBLIC
from service.http.routing import dispatch
from service.http.routing.declaration import Charged, Endpoint
from service.http.wire.limits import LIMITS

log = logging.getLogger(__name__)

READING = frozenset({"GET", "HEAD", "OPTIONS"})
JSON = "application/json"

_NEEDLESS = re.compile(r"/\Z|(?<=/)0+(?=[0-9])")  # in a path: it leads to the same without


def endpoint(
    name: str,
    *,
    answers: tuple[Any, ...],
    query: type[msgspec.Struct] | None = None,
    body: Any = None,
    needs_body: bool = True,
    staff: tuple[Any, ...] = (),
    raises: tuple[type[errors.DomainError], ...] = (),
    sends: tuple[str, ...] = (),
    charged: Charged = Charged.CALLER,
    action: str = "",
    redirects: bool = False,
    dry: Any = None,
) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., Awaitable[None]]]:
    """Declare a verb: before it runs, the actor, the query and the body are checked; whatever
    domain error comes out of it becomes a problem document."""

    parameters = (fields.field_names(query) if query else frozenset()) | (
        {"expand"} if len(answers) > 2 else set()
    )

    required = bool(query and any(one.required for one in msgspec.structs.fields(query)))
    declared = Endpoint(
        name,
        query,
        body,
        needs_body,
        answers,
        staff,
        raises,
        sends,
        charged,
        action,
        redirects,
        dry,
    )

    def declare(verb: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        names = [name for name in inspect.signature(verb).parameters if name != "self"]
        reads = [str if name == "token" else dispatch.path_id for name in names]

        @functools.wraps(verb)
        async def run(self: "ApiHandler", *parts: str) -> None:
            if self._refusing and await self.turned_away_already():
                return
            self.deps.traffic.in_flight += 1
            deadline.begin(self.deps.settings.request_deadline)
            who = declared.who
            try:
                if self.deps.traffic.closed:
                    raise errors.Unavailable("This process is stopping.")
                if who:
                    await self.authenticate(who)
                elif charged not in (Charged.NOBODY, Charged.ITSELF):
                    await self.charge(probes=charged is Charged.PROBE)
                if not who and verb.__name__ == "get":
                    self.answer_fields["Cache-Control"] = PUBLIC
                if self.request.query_arguments:
                    self.check_names(parameters)
                if query is not None:
                    given = self.request.query_arguments
                    self.query = fields.query(given, query) if given or required else query()
                if body is not None:
                    self.require_json()
                    self.body = self.read(body) if needs_body or self._chunks else body()
                if dry is not None and self.query.dry_run:
                    _ = self.key  # of no use here, but refused as it would be
                await verb(self, *[read(part) for read, part in zip(reads, parts, strict=True)])
            except errors.DomainError as error:
                self.refuse(error)
            finally:
                self.deps.traffic.in_flight -= 1

        run.endpoint = declared  # type: ignore[attr-defined]
        return run

    return declare


@web.stream_request_body
class ApiHandler(Conditional, LeanHandler):
    """A handler of one URL. `actor`, `query` and `body` are what its endpoint declared."""

    verbs: ClassVar[frozenset[str]]
    allowed: ClassVar[str]
    code = ""  # of the error that was answered; metrics and logs ask for it
    media: ClassVar[str] = JSON  # what its successes are
    endless: ClassVar[bool] = False  # whether they go on for as long as the client is there
    tail: ClassVar[bytes] = b"\n"  # of their text: a prompt that comes next has its own line
    lasting: ClassVar[bool] = True  # whether what it changes is kept for good
    standing: Standing | None = None  # with the rate limit
    actor: Session
    query: Any
    body: Any

    def __init_subclass__(cls) -> None:
        if "get" in vars(cls):
            cls.head = cls.get
        cls.verbs = frozenset(v for v in cls.SUPPORTED_METHODS if cls.implements(v))
        cls.allowed = ", ".join(sorted(cls.verbs))

    def initialize(self, deps: Deps) -> None:
        self.deps = deps
        self._share()
        self._chunks = bytearray()
        self._refusing: asyncio.Task[None] | None = None  # while a body comes in that is too large

    def set_default_headers(self) -> None:
        if not hasattr(self, "request_id"):
            self.request_id = problems.request_id(self.request.headers.get("X-Request-ID"))
        self.answer_fields["Content-Type"] = self.media
        self.answer_fields["X-Request-ID"] = self.request_id
        for name, value in GUARDS.items():
            self.answer_fields[name] = value
        self.set_standing(self.standing)
        if hasattr(self, "deps"):
            self._share()

    def _share(self) -> None:
        """Let the web pages of CORS_ORIGINS read the answer, whatever it will be."""
        origins = self.deps.settings.cors_origins
        if origins and self.request.path.startswith(cors.SHARED):
            self.answer_fields.update(cors.shared(origins, self.request.headers.get("Origin")))

    # Reading the request

    def prepare(self) -> Awaitable[None] | None:
        error = self._unacceptable()
        return None if error is None else self.turn_away(error)

    async def turn_away(self, error: errors.DomainError) -> None:
        """Refuse a request before its body is read; its address is charged for it."""
        try:
            await self.charge()
        except errors.RateLimited as limited:
            error = limited
        if not self.finished:
            self.refuse(error)

    async def turned_away_already(self) -> bool:
        """Whether the request was refused while its body came in; waits for the refusal."""
        if self._refusing:
            await self._refusing
        return self.finished

    async def charge(self, *, probes: bool = False) -> None:
        """Count the request for its address, and say how that stands. Raises RateLimited."""
        self.set_standing(await self.deps.limits.visit(self.address, probes=probes))

    def _unacceptable(self) -> errors.DomainError | None:
        """What is wrong with the request before its body is read."""
        headers, method = self.request.headers, self.request.method
        if len(self.request.uri or "") > LIMITS.target:
            return problems.UriTooLong()
        if not getattr(self.request.connection, "bounded", False) and (
            sum(len(name) + len(value) for name, value in headers.get_all()) > LIMITS.head
        ):
            return problems.HeadersTooLarge()
        if method not in self.verbs:
            return problems.MethodNotAllowed()
        accept = headers.get("Accept", "*/*")
        if accept not in ("*/*", self.media) and not grammar.acceptable(
            accept, self.media, problems.PROBLEM
        ):
            return problems.NotAcceptable()
        length = headers.get("Content-Length", "")
        if length.isdecimal() and int(length[:18]) > self.deps.settings.max_body:
            return problems.BodyTooLarge()
        return None

    def data_received(self, chunk: bytes) -> None:
        if self._refusing:
            return
        self._chunks += chunk
        if len(self._chunks) > self.deps.settings.max_body:
            self._chunks = bytearray()
            self._refusing = asyncio.create_task(self._refuse_body())

    def on_connection_close(self) -> None:
        if not self.request.has_come:
            self._chunks = bytearray()  # what is half is let go now, not when the handler is
        super().on_connection_close()

    async def _refuse_body(self) -> None:
        # A body may be here before its handler has begun, which then has to come first.
        await self.prepared()
        if not self.finished:
            await self.turn_away(problems.BodyTooLarge())

    def require_json(self) -> None:
        """Raise UnsupportedMediaType unless a body says it is plain JSON, or says nothing."""
        if not self._chunks:
            return
        if grammar.is_encoded(self.request.headers.get("Content-Encoding", "")):
            raise problems.UnsupportedMediaType("The body must come without Content-Encoding.")
        declared = self.request.headers.get("Content-Type", JSON)
        merge = grammar.MERGE_PATCH if self.request.method == "PATCH" else JSON
        if declared != JSON and not grammar.is_json(declared, JSON, merge):
            raise problems.UnsupportedMediaType

    def read(self, kind: Any) -> Any:
        """The body as what the endpoint declared."""
        return self.convert(fields.decode(bytes(self._chunks)), kind)

    def convert(self, value: Any, kind: Any, prefix: str = "") -> Any:
        """A decoded object as a struct, as strictly as the settings want it."""
        lenient = self.deps.settings.unknown_fields == "ignore"
        return fields.convert(value, kind, prefix, lenient=lenient)

    def check_names(self, parameters: Set[str]) -> None:
        """Raise InvalidFields for query parameters that there are none of; pages take any."""
        given = self.request.query_arguments
        strict = self.request.path.startswith(cors.SHARED)
        if strict and self.deps.settings.unknown_fields == "refuse" and given.keys() - parameters:
            raise errors.InvalidFields(fields.unknown(given, parameters))

    async def authenticate(self, who: frozenset[str]) -> None:
        """Set the actor, and count the request. Raises what sessions.enter() does, and for the rest
        NotAuthenticated or PermissionDenied."""
        scheme, token = grammar.credentials(self.request.headers.get("Authorization", ""))
        if scheme not in ("token", "bearer"):
            await self.charge()
            raise errors.NotAuthenticated
        writes = self.lasting and self.request.method not in READING
        self.actor, standing = await self.deps.sessions.enter(token, self.address, writes)
        self.set_standing(standing)
        if self.actor.role not in who:
            raise errors.PermissionDenied

    @property
    def address(self) -> str:
        """Where the request comes from: the peer, or what the trusted proxy says."""
        return self.request.remote_ip or ""

    @property
    def expand(self) -> bool:
        """Whether `?expand=slot` asks for whole slots."""
        return b"slot" in self.request.query_arguments.get("expand", ())

    @property
    def key(self) -> Key:
        """The Idempotency-Key, bare or quoted, with a digest of the request."""
        given = self.request.headers.get("Idempotency-Key")
        if given is None:
            return NO_KEY
        key = grammar.key(given)
        if key is None:
            raise errors.InvalidFields({"Idempotency-Key": ["1 to 255 printable characters."]})
        path = _NEEDLESS.sub("", self.request.path)
        request = f"{self.request.method} {path} {self.expand} ".encode() + self.identity()
        return Key(key, hashlib.sha256(request).hexdigest())

    def identity(self) -> bytes:
        """What tells this body from others, however it is written; no secret: it is kept."""
        return msgspec.json.encode(getattr(self, "body", None), order="sorted")

    # Writing the answer

    def set_standing(self, standing: Standing | None) -> None:
        """Say in the answer, whatever it will be, how the client stands with the rate limit."""
        if standing:
            self.standing = standing
            policy, remaining, seconds = standing
            self.answer_fields["RateLimit-Policy"], self.answer_fields["RateLimit"] = (
                problems.rate_limit(*policy, remaining, seconds)
            )

    async def give_once(
        self, status: int, work: Callable[[Deps], Awaitable[Answer]], *, dry_run: bool = False
    ) -> None:
        """Do a write of staff once, and give its answer, which the same Idempotency-Key brings
        again; of a dry run there is nothing to bring again."""
        key = NO_KEY if dry_run else self.key
        self.give(status, await in_turn(self.deps, self.actor.account_id, key, work))

    def give(self, status: int, answer: Answer) -> None:
        """Send an answer of the rules, with its version as ETag."""
        if answer.replayed:
            self.answer_fields["Idempotency-Replayed"] = "true"
            self.code = "replayed"
        self.answer(status, answer.body, etag=str(answer.version) if answer.version else None)

    def answer(self, status: int, document: Any, *, etag: str | None = None) -> None:
        """Send a document: JSON text as it is, anything else encoded."""
        self.set_status(status)
        if etag:
            self.answer_fields["ETag"] = f'"{etag}"'
            if self.request.method in ("GET", "HEAD") and self.has(etag):
                self.set_status(304)
                document = ""
        if self.deps.traffic.draining:
            self.answer_fields["Connection"] = "close"
        body = document.encode() if isinstance(document, str) else msgspec.json.encode(document)
        self.finish(body + self.tail if body else None)

    def give_page(self, page: Page[Any, Any]) -> None:
        """Send a page of a list, its tag as ETag, and in Link where the next one begins."""
        if page.next is not None:
            self.link_next(page.next)
        self.answer(200, "" if page.body is None else page.body, etag=page.tag or None)

    def link_next(self, end: Any) -> None:
        """Point to the next page (RFC 8288), by what the endpoint declared: whatever else was
        asked for would come back at its full length."""
        declared = msgspec.to_builtins(self.query)
        given = self.request.query_arguments
        arguments = {
            name: value for name, value in declared.items() if name in given and value is not None
        }
        if self.expand:
            arguments["expand"] = "slot"
        arguments["cursor"] = cursor.written(end)
        self.set_header(
            "Link", f'<{self.request.path}?{urlencode(arguments, doseq=True)}>; rel="next"'
        )

    def refuse(self, error: errors.DomainError) -> None:
        """Send the problem document of an error."""
        self.code = error.code
        self.clear()
        self.set_status(problems.STATUS[type(error)])
        self.answer_fields["Content-Type"] = problems.PROBLEM
        for name, value in problems.headers(error).items():
            self.answer_fields[name] = value
        if isinstance(error, problems.MethodNotAllowed):
            self.answer_fields["Allow"] = self.allowed
        # With a body that was not read: Tornado will not read on, and should say so.
        if self.deps.traffic.draining or not self.request.has_come:
            self.answer_fields["Connection"] = "close"
        self.finish(problems.document(error, self.request_id))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """What Tornado itself refuses, and every bug, in our own words."""
        gone = isinstance(kwargs.get("exc_info", (None, None))[1], StreamClosedError)
        self.refuse(problems.of_status(400 if gone else status_code))

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        """Log a bug; not what Tornado refuses, nor a client who left before the body's end."""
        if value is not None and not isinstance(value, web.HTTPError | StreamClosedError):
            request_log.log_bug(self, value)

    async def options(self, *_: str) -> None:
        if await self.turned_away_already():
            return
        self.set_header("Allow", self.allowed)
        if "PATCH" in self.verbs:
            self.set_header("Accept-Patch", f"{JSON}, {grammar.MERGE_PATCH}")
        asks = "Access-Control-Request-Method" in self.request.headers
        if asks and "Access-Control-Allow-Origin" in self.answer_fields:
            self.answer_fields.update(cors.preflight(self.allowed))
        self.set_status(204)
        self.finish()
