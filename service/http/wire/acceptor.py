"""Lets clients in: as many as there are descriptors for, and until the very last one.

Who finds no room waits in the kernel's queue. Meanwhile connections that do nothing make room.
"""

import asyncio
import contextlib
import logging
import socket
import struct
from collections.abc import Iterable, Sequence
from heapq import nsmallest
from typing import Any, NamedTuple, Protocol

log = logging.getLogger(__name__)

AT_ONCE = 64  # connections that are accepted in one turn of the loop
REST = 0.1  # seconds until the next look, where there was no room
SAID_EVERY = 5.0  # seconds between two lines in the log about that

UNSENT = 64 * 1024  # bytes the kernel takes that it can't send yet; else megabytes a client
GRACE = 1.0  # seconds that a client may be silent however many others wait

QUEUE = 1  # the shortest queue that every kernel keeps without SYN cookies; it holds one more
SETTLE = 0.01  # seconds in which a handshake that has passed the queue's gate is in the queue
SEALING = 2.0  # seconds for all of it: it takes 20 ms, on a machine that is too busy 500
HALF_WAY = 1.0  # seconds of it in which who is in the middle of a handshake is waited for
SYN_RECV = "03"  # that state in /proc/net/tcp
UNACKED = 24  # where tcpi_unacked is in struct tcp_info


class Host(Protocol):
    """The server that the clients are for."""

    @property
    def connected(self) -> int:
        """How many clients it has."""
        ...

    def take(self, client: socket.socket, address: Any) -> None:
        """Serve one more."""
        ...

    def shed(self, number: int) -> int:
        """Close so many of those that do nothing, if there are any; says how many."""
        ...


class Idle(NamedTuple):
    """A connection on which nothing is being answered."""

    served: bool  # something was, before
    since: float  # by the clock of the loop


def idlest(number: int, idle: Iterable[tuple[Any, Idle]], now: float) -> list[Any]:
    """So many of the connections, if so many have been idle for GRACE, the longest first. Who was
    served goes only where nobody is silent: silence may be an attack, and will soon be GRACE."""
    chosen = list(idle)
    silent = [one for one in chosen if not one[1].served]
    old = [one for one in silent or chosen if now - one[1].since >= GRACE]
    return [one for one, _ in nsmallest(number, old, key=lambda one: one[1].since)]


class Acceptor:
    """The listening sockets of a server."""

    def __init__(self, host: Host, most: int) -> None:
        self._host, self._most = host, most
        self._loop = asyncio.get_running_loop()
        self.sockets: list[socket.socket] = []
        self._ending = False
        self._said = -SAID_EVERY

    def add(self, sockets: Sequence[socket.socket]) -> None:
        """Accept on these sockets, which listen already."""
        for one in sockets:
            one.setblocking(False)
            with contextlib.suppress(OSError, AttributeError):  # each client has it from here
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)
            self.sockets.append(one)
            self._listen(one)

    async def seal(self) -> None:
        """Let in whoever is connected, and then nobody: after this nothing is lost by stop()."""
        self._hush()
        await asyncio.gather(*map(self._seal, self.sockets))

    def stop(self) -> None:
        """Listen no more."""
        self._hush()
        for one in self.sockets:
            one.close()
        self.sockets.clear()

    # Accepting

    def _listen(self, one: socket.socket) -> None:
        if not self._ending:
            self._loop.add_reader(one, self._readable, one)

    def _hush(self) -> None:
        if not self._ending:
            self._ending = True
            for one in self.sockets:
                self._loop.remove_reader(one)

    def _readable(self, one: socket.socket) -> None:
        room = self._most - self._host.connected
        with contextlib.suppress(OSError):
            if room > 0:
                self._accept(one, min(room, AT_ONCE))
                return
        freed = self._host.shed(min(_unacknowledged(one) or 1, AT_ONCE))
        if self._loop.time() - self._said >= SAID_EVERY:
            self._said = self._loop.time()
            log.warning(
                "no descriptor is left for a client beside the %d connected: %d idle ones go",
                self._host.connected,
                freed,
            )
        self._loop.remove_reader(one)
        self._loop.call_later(REST, self._listen, one)

    def _accept(self, one: socket.socket, number: int) -> int:
        """Accept so many, if so many wait; says how many. Raises OSError without descriptors."""
        for accepted in range(number):
            try:
                client, address = one.accept()
                client.setblocking(False)
            except (BlockingIOError, InterruptedError):
                return accepted
            except ConnectionAbortedError:
                continue
            self._host.take(client, address)
        return number

    # The last ones

    async def _seal(self, one: socket.socket) -> None:
        """Fill the queue with connections of our own, so that the kernel itself turns away who
        comes now: it ignores a wish to connect to a full queue. Closing a listener resets those
        in its queue, and while only we are in there, that is nobody else."""
        began = self._loop.time()
        with contextlib.suppress(OSError):
            one.listen(QUEUE)
            while (spent := self._loop.time() - began) < SEALING:
                while self._accept(one, AT_ONCE):  # our own of the last round have nothing to say
                    await asyncio.sleep(0)
                patient = spent < HALF_WAY
                if patient and _half_in(one):  # a full queue would not hear the other half
                    await asyncio.sleep(SETTLE)
                elif await _plugged(one, patient):
                    break


async def _plugged(one: socket.socket, patient: bool) -> bool:
    """Whether the queue of a listener could be filled with connections of ours alone, and nobody
    is on the way into it, if we have the time; then the listener is closed. Raises OSError without
    descriptors."""
    with contextlib.ExitStack() as stack:
        plugs = [stack.enter_context(contextlib.closing(_Plug(one))) for _ in range(QUEUE + 1)]
        await asyncio.sleep(SETTLE)
        alone = all(plug.waits for plug in plugs) and _unacknowledged(one) == len(plugs)
        if alone and not (patient and _half_in(one)):
            one.close()
    return one.fileno() < 0


class _Plug:
    """A connection to a listener that is there to be in its queue."""

    def __init__(self, listener: socket.socket) -> None:
        self._socket = socket.socket(listener.family, listener.type)
        self._socket.setblocking(False)
        self._sent = 0
        with contextlib.suppress(OSError):  # the queue is full, or we may not connect to ourselves
            self._socket.connect_ex(listener.getsockname())
            self._sent = self._socket.send(b"\n")

    @property
    def waits(self) -> bool:
        """Whether it is in the queue. That connect() went well says little: the kernel can still
        find the queue full, and then it acknowledges no byte."""
        return self._sent == 1 and _unacknowledged(self._socket) == 0

    def close(self) -> None:
        self._socket.close()


def _half_in(one: socket.socket) -> bool:
    """Whether somebody is in the middle of a handshake with a listener. Its client may think that
    it is connected, and have sent a request. False where the system does not say: /proc is Linux's.
    """
    port = f":{one.getsockname()[1]:04X}"
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):  # an IPv6 listener may have IPv4 clients
        with contextlib.suppress(OSError), open(table) as lines:
            for line in lines:
                _, local, _, state, _ = line.split(maxsplit=4)
                if state == SYN_RECV and local.endswith(port):
                    return True
    return False


def _unacknowledged(one: socket.socket) -> int:
    """Of a listener, how many wait to be accepted; of a connection, how many segments of ours the
    other side did not acknowledge. 0 where the system does not say (tcp_info is Linux's)."""
    try:
        info = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, UNACKED + 4)
    except (OSError, AttributeError):
        return 0
    return int(struct.unpack_from("I", info, UNACKED)[0])
