"""Where a request comes from: the peer, or what the trusted proxy in front says of it."""

import asyncio

from tornado.httputil import HTTPHeaders

from service.values.address import forwarded, plain


class Context:
    """What Tornado reads of a connection: remote_ip and protocol."""

    __slots__ = ("protocol", "remote_ip")

    def __init__(self, remote_ip: str, protocol: str) -> None:
        self.remote_ip, self.protocol = remote_ip, protocol

    @classmethod
    def of(cls, transport: asyncio.Transport) -> "Context":
        """The context of a connection; a unix socket has no address."""
        peer = transport.get_extra_info("peername")
        remote_ip = (plain(peer[0]) if isinstance(peer, tuple) else None) or "0.0.0.0"
        secure = transport.get_extra_info("sslcontext") is not None
        return cls(remote_ip, "https" if secure else "http")

    def behind_proxy(self, headers: HTTPHeaders) -> "Context":
        """The context of one request, by the fields that the proxy sets."""
        given = headers.get("X-Real-Ip") or headers.get("X-Forwarded-For", "").rpartition(",")[2]
        scheme = headers.get("X-Scheme") or headers.get("X-Forwarded-Proto", "")
        given, scheme = given.strip(), scheme.rpartition(",")[2].strip()
        if not given or not scheme:
            # Last, because a proxy that does not know the field passes on what a client wrote.
            pairs = forwarded(headers.get("Forwarded", ""))
            given, scheme = given or pairs.get("for", ""), scheme or pairs.get("proto", "")
        return Context(
            plain(given) or self.remote_ip,
            scheme if scheme in ("http", "https") else self.protocol,
        )
