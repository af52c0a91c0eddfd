"""URLs that people give us to send to: which are some, and what they say (RFC 3986)."""

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import idna

from service.values.public import is_public

LONGEST = 2000  # characters
PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_.])?")
_KEPT = "/:@!$&'()*+,;=%~"  # besides letters and digits: what a path may have, and codes


class Target(NamedTuple):
    """Where a URL leads: `host` is a name in ASCII or an address without brackets, `path` goes
    onto the request line, `authority` into Host."""

    scheme: str
    host: str
    port: int
    path: str
    authority: str


def target(url: str) -> Target:
    """What a URL of HTTP says. Raises ValueError with a message: it can't be sent to."""
    if len(url) > LONGEST:
        raise ValueError(f"Ensure this field has no more than {LONGEST} characters.")
    if not url.isprintable() or " " in url:
        raise ValueError("Enter a valid URL: it has a space or a control character in it.")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = _host(parts.hostname or "", bracketed="[" in parts.netloc)
    except ValueError:  # of ipaddress and idna, too
        raise ValueError("Enter a valid URL.") from None
    if parts.scheme not in PORTS or not host or port == 0:
        raise ValueError("Enter a valid URL that begins with https:// or http://.")
    if "@" in parts.netloc:
        raise ValueError("A URL with a name or a password in it is not accepted.")
    if "#" in url:
        raise ValueError("A URL with a # in it is not accepted: nothing behind it is ever sent.")
    path = quote(parts.path or "/", safe=_KEPT)
    path += f"?{quote(parts.query, safe=_KEPT + '?')}" if parts.query else ""
    written = f"[{host}]" if ":" in host else host
    authority = f"{written}:{port}" if port not in (None, PORTS[parts.scheme]) else written
    return Target(parts.scheme, host, port or PORTS[parts.scheme], path, authority)


def checked(url: str) -> str:
    """A URL that target() takes, as it was typed. Raises ValueError with a message."""
    target(url)
    return url


def names_no_public_address(url: str) -> bool:
    """Whether a URL that target() takes names an address outright, which is not a public one."""
    try:
        return not is_public(target(url).host)
    except ValueError:  # a name: what it stands for is seen when it is sent to
        return False


def _host(typed: str, *, bracketed: bool) -> str:
    """A name as it goes over the wire (IDNA, RFC 5891), or an address. Raises ValueError."""
    if bracketed:
        return str(ipaddress.IPv6Address(typed))
    host = typed
    if not typed.isascii():
        host = idna.encode(idna.uts46_remap(typed, std3_rules=True), std3_rules=True).decode()
    if len(host) > 254 or not _NAME.fullmatch(host):
        raise ValueError("no name")
    return host
