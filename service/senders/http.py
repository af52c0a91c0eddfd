"""HTTP to addresses that strangers chose: where it goes, how long and how much is bounded.

The address that was checked is the one connected: a name is looked up once, by us. Nothing is
followed, reused or decompressed, and no proxy is asked.
"""

import asyncio
import contextlib
import functools
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from service.senders.answer import Answer, Malformed, Reader
from service.values.public import is_public
from service.values.url import Target, target

SECONDS = 15.0  # for all of it
CONNECT = 5.0  # of these until the other side can be written to
LOOKUPS = 8  # names looked up at once: the system's own resolver blocks a thread
ADDRESSES = 4  # of one name that are tried
CHUNK = 65536

Addresses = list[tuple[int, tuple[str, int]]]  # family, and what a socket of it connects to
Lookup = Callable[[str, int], Awaitable[Addresses]]


class Unsent(Exception):
    """There was no whole answer; `kind` is a class of failures, the message a sentence."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


class Client:
    """Sends requests to the public net only, unless `private` addresses are allowed."""

    def __init__(
        self,
        *,
        private: bool = False,
        seconds: float = SECONDS,
        connect: float = CONNECT,
        lookup: Lookup | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._private, self._seconds, self._connect = private, seconds, connect
        self._threads = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="lookup")
        self._lookup = lookup or self._system
        self._tls = tls

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        most: int,
    ) -> Answer:
        """The answer, its body cut behind `most` bytes. Raises Unsent: refused, unresolved,
        unreachable, tls, timeout, closed or malformed."""
        try:
            to = target(url)
        except ValueError as error:
            raise Unsent("refused", str(error)) from None
        try:
            async with asyncio.timeout(self._seconds), self._opened(to) as (reader, writer):
                writer.write(written(method, to, headers, body))
                return await answered(reader, most)
        except TimeoutError:
            raise Unsent("timeout", f"No whole answer within {self._seconds:g} seconds.") from None
        except Malformed as error:
            raise Unsent("malformed", str(error)) from None
        except (OSError, EOFError) as error:
            raise Unsent("closed", f"The connection ended before the answer: {error}.") from None

    def close(self) -> None:
        """Look up no more names."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    @contextlib.asynccontextmanager
    async def _opened(
        self, to: Target
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        try:
            async with asyncio.timeout(self._connect):
                link = await connected(await self._checked(to))
                reader, writer = await self._secured(link, to)
        except TimeoutError:
            raise Unsent("timeout", f"No connection within {self._connect:g} seconds.") from None
        try:
            yield reader, writer
        finally:
            writer.transport.abort()  # at once, whatever the other side still sends

    async def _checked(self, to: Target) -> Addresses:
        """The addresses of a host, if all of them may be sent to."""
        try:
            found = await self._lookup(to.host, to.port)
        except (OSError, UnicodeError) as error:  # the second: a label is empty or too long
            raise Unsent("unresolved", f"{to.host} can't be found: {error}.") from None
        for _, place in found:
            if not self._private and not is_public(place[0]):
                raise Unsent("refused", f"{to.host} leads to an address that is not public.")
        return found[:ADDRESSES]

    async def _secured(
        self, link: socket.socket, to: Target
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if to.scheme == "http":
            return await asyncio.open_connection(sock=link)
        self._tls = self._tls or ssl.create_default_context()
        try:
            return await asyncio.open_connection(sock=link, ssl=self._tls, server_hostname=to.host)
        except (ssl.SSLError, ssl.CertificateError, ConnectionError) as error:
            said = getattr(error, "verify_message", "") or getattr(error, "reason", "") or error
            raise Unsent("tls", f"TLS with {to.host} failed: {said}.") from None

    async def _system(self, host: str, port: int) -> Addresses:
        """What the system's resolver says, which reads an address in any of its spellings."""
        ask = functools.partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        return [(family, place) for family, _, _, _, place in found]  # type: ignore[misc]


async def connected(addresses: Addresses) -> socket.socket:
    """A socket to the first that takes one. Raises Unsent."""
    loop = asyncio.get_running_loop()
    why: OSError | None = None
    for family, place in addresses:
        link = socket.socket(family, socket.SOCK_STREAM)
        try:
            link.setblocking(False)
            await loop.sock_connect(link, place)
            return link
        except OSError as error:
            link.close()
            why = error
        except BaseException:
            link.close()
            raise
    raise Unsent("unreachable", f"Nothing takes connections there: {why and why.strerror}.")


def written(method: str, to: Target, headers: Mapping[str, str], body: bytes) -> bytes:
    """A request as bytes (RFC 9112)."""
    fields = {
        "Host": to.authority,
        "User-Agent": "booking",
        "Accept-Encoding": "identity",
        "Connection": "close",
        **headers,
    }
    if body or method != "GET":
        fields["Content-Length"] = str(len(body))
    lines = [f"{method} {to.path} HTTP/1.1", *(f"{name}: {text}" for name, text in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


async def answered(reader: asyncio.StreamReader, most: int) -> Answer:
    """The answer that comes in. Raises Malformed, EOFError and OSError."""
    answer = Reader(most)
    while not answer.ended:
        data = await reader.read(CHUNK)
        if data:
            answer.feed(data)
        else:
            answer.close()
    return answer.told()
