"""The composition root: opens the adapters, joins the routes, listens, drains."""

import asyncio
import contextlib
import gc
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable

from tornado.netutil import bind_sockets
from tornado.web import Application

from service.access.limits import Limits
from service.access.passwords import Passwords
from service.access.sessions import Sessions
from service.booking.calendar import wall
from service.deps import Deps
from service.handlers.ops import Nothing
from service.handlers.routes import ROUTES
from service.http import problems
from service.http.request_log import Watch
from service.http.routing.dispatch import Routed
from service.http.wire import TornadoServer, WireServer, descriptors
from service.http.wire.limits import LIMITS
from service.process import heap, heartbeat, scrape
from service.process.drain import drain
from service.process.systemd import Manager
from service.senders.http import Client
from service.senders.signature import Signer
from service.settings import Settings
from service.store import redis
from service.store.postgres import Postgres
from service.store.queries import load_queries
from service.store.readiness import Readiness
from service.store.redis.locks import Locks
from service.telemetry import logs
from service.workers import sequencer, tail
from service.workers.busy import read_calendars
from service.workers.expiry import forget, run_out
from service.workers.kept import kept
from service.workers.openings import keep_open
from service.workers.webhooks import forget_deliveries, send_webhooks

log = logging.getLogger(__name__)

# Tornado's own limits stand far above ours, which answer in words; nginx's below.
HEADERS = 512 * 1024
BACKLOG = 4096  # connections that may wait to be accepted; the system may allow fewer
WORKERS = (
    forget,
    run_out,
    keep_open,
    sequencer.number,
    sequencer.forget,
    tail.listen,
    tail.follow,
    tail.beat,
    send_webhooks,
    forget_deliveries,
    read_calendars,
)
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # to listen on, but not to go to


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Deps]:
    """Everything the handlers need, opened; closed on the way out."""
    db = Postgres(settings, load_queries())
    once = redis.connect(settings, repeat=False)
    repeated = redis.connect(settings, repeat=True)
    limits = Limits(once, settings)
    sessions = Sessions(repeated, once, settings, limits)
    locks = Locks(once, settings)
    passwords = Passwords(settings)
    readiness = Readiness(db, repeated, passwords, settings)
    http = Client(private=settings.webhook_private_addresses)
    deps = Deps(
        settings,
        db,
        db,
        repeated,
        sessions,
        locks,
        passwords,
        limits,
        readiness,
        http,
        Signer(settings),
    )
    deps.lanes.open(deps)
    db.on_commit = deps.log.wrote
    scrape.watch(deps)
    try:
        yield deps
    finally:
        await deps.lanes.close()
        http.close()
        await locks.released()
        await sessions.close()
        await limits.close()
        await passwords.close()
        await once.aclose()
        await repeated.aclose()
        db.close()


def application(deps: Deps) -> Application:
    """The Tornado application of all routes."""
    return Routed(ROUTES, Nothing, {"deps": deps}, Watch(deps.settings, deps.metrics, ROUTES))


def listen(deps: Deps) -> tuple[TornadoServer | WireServer, int]:
    """A server that accepts on the settings' address, and its port."""
    host, port = deps.settings.host, deps.settings.port
    try:
        sockets = bind_sockets(port, bare(host), backlog=BACKLOG)
    except UnicodeError:  # a label of a name that is empty or too long
        raise OSError(None, f"Can't listen on {host}: that is no name of a host.") from None
    except OSError as error:
        said = f"Can't listen on {host} port {port}: {error.strerror or error}."
        raise OSError(error.errno, said) from error
    found = server(application(deps), deps.settings)
    found.add_sockets(sockets)
    return found, sockets[0].getsockname()[1]


def bare(host: str) -> str:
    """An address as the system takes it: of IPv6 without the brackets that URLs need."""
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def url(host: str, port: int) -> str:
    """Where a browser on this machine finds a server that listens there (RFC 3986, RFC 6874)."""
    name = ANYWHERE.get(bare(host), bare(host)).replace("%", "%25")
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def server(routes: Application, settings: Settings) -> TornadoServer | WireServer:
    """A server of an application on the parser of the settings, which listens nowhere yet."""
    most = descriptors.for_clients(settings.pool_size)
    if settings.wire == "llhttp":
        return WireServer(routes, problems.answer_to, xheaders=settings.xheaders, most=most)
    return TornadoServer(
        routes,
        xheaders=settings.xheaders,
        most=most,
        max_header_size=HEADERS,
        max_body_size=LIMITS.discarded,
        idle_connection_timeout=LIMITS.idle_time,
        body_timeout=LIMITS.body_time,
    )


async def serve(settings: Settings, ready: Callable[[Deps, int], Awaitable[None]]) -> None:
    """Serve until SIGTERM or SIGINT; awaits `ready` with the port when it accepts."""
    stopped: asyncio.Queue[signal.Signals] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.put_nowait, number)
    loop.set_exception_handler(logs.loop_trouble)
    manager = Manager(settings)
    descriptors.raise_limit()
    heap.return_large_blocks()
    async with opened(settings) as deps, heartbeat.beating(deps, manager):
        await wall.settle(deps)
        server, port = listen(deps)
        gc.freeze()  # what lives for ever need not be looked at by each collection
        manager.notify("READY=1", f"STATUS=listening on {settings.host}:{port}")
        await ready(deps, port)
        workers = [asyncio.create_task(kept(work, deps)) for work in WORKERS]
        why = await stopped.get()
        manager.stopping(settings.ready_down_seconds + settings.drain_seconds)
        await drain(server, deps, announced=why is signal.SIGTERM)
        for worker in workers:
            worker.cancel()
