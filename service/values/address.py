"""Where a request comes from: what peers and proxies write, read as one plain address."""

import functools
import ipaddress
import re

LONGEST = 64  # characters of an address with a port and a zone
LONGEST_FIELD = 1000

# "[2001:db8::1]:4711", "192.0.2.1:4711"; a port may be made up, as in ":_p" (RFC 7239 section 6).
_WITH_PORT = re.compile(r"(?:\[([^\]]*)\]|([0-9.]+))(?::[\w.-]+)?")
_PAIR = re.compile(r'\s*(?:([!#$%&\'*+.^_`|~\w-]+)=("(?:[^"\\]|\\.)*"|[^\s";,]*))?\s*([;,]|\Z)')


def plain(text: str) -> str | None:
    """The address in a text, without port, brackets and zone; an IPv4 address that IPv6 carries
    is one of IPv4. None: it is none, such as `unknown`, or a name that a proxy made up."""
    return _plain(text) if len(text) <= LONGEST else None


@functools.lru_cache(maxsize=10_000)
def _plain(text: str) -> str | None:
    match = _WITH_PORT.fullmatch(text)
    bare = (match[1] or match[2]) if match else text
    try:
        ip = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return str(getattr(ip, "ipv4_mapped", None) or ip)


def forwarded(field: str) -> dict[str, str]:
    """The pairs of the last element of a Forwarded field, which the proxy next to us has written
    (RFC 7239 section 4). Empty where the field is malformed, or too long to be worth reading."""
    last: dict[str, str] = {}
    pairs: dict[str, str] = {}
    at = 0
    while at < len(field) <= LONGEST_FIELD:
        match = _PAIR.match(field, at)
        if match is None:
            return {}
        name, value, end = match.groups()
        if name:
            if value.startswith('"'):
                value = re.sub(r"\\(.)", r"\1", value[1:-1])
            pairs[name.lower()] = value
        at = match.end()
        if end != ";" and pairs:  # a list may have empty elements
            last, pairs = pairs, {}
    return last


@functools.lru_cache(maxsize=10_000)
def network_of(address: str) -> str:
    """What one client has of the net: an IPv4 address, or the first 64 bits of an IPv6 one."""
    plain = _plain(address)
    if plain is None or ":" not in plain:
        return plain or address
    return str(ipaddress.ip_network((plain, 64), strict=False))
