"""Where a request comes from: the peer, or what the trusted proxy in front says of it."""

import asyncio
import ipaddress

from tornado.httputil import HTTPHeaders


class Context:
    """What Tornado reads of a connection: remote_ip and protocol."""

    __slots__ = ("protocol", "remote_ip")

    def __init__(self, remote_ip: str, protocol: str) -> None:
        self.remote_ip, self.protocol = remote_ip, protocol

    @classmethod
    def of(cls, transport: asyncio.Transport) -> "Context":
        """The context of a connection; a unix socket has no address."""
        peer = transport.get_extra_info("peername")
        remote_ip = peer[0] if isinstance(peer, tuple) else "0.0.0.0"
        secure = transport.get_extra_info("sslcontext") is not None
        return cls(remote_ip, "https" if secure else "http")

    def behind_proxy(self, headers: HTTPHeaders) -> "Context":
        """The context of one request, by the fields that the proxy sets."""
        given = headers.get("X-Real-Ip") or headers.get("X-Forwarded-For", "").rpartition(",")[2]
        protocol = headers.get("X-Scheme") or headers.get("X-Forwarded-Proto", "")
        protocol = protocol.rpartition(",")[2].strip()
        return Context(
            _address(given.strip()) or self.remote_ip,
            protocol if protocol in ("http", "https") else self.protocol,
        )


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
