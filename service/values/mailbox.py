"""E-mail addresses by RFC 5321 and RFC 6531: which are some, and how they are kept."""

import ipaddress
import re
import unicodedata

import idna

from service.values.names import INVISIBLE, composed

LONGEST, LONGEST_LOCAL = 254, 64  # bytes in UTF-8
MAILBOX = "An e-mail address."

_ATOM = r"[0-9A-Za-z!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]+"
_QUOTED = r'"(?:[ !#-\[\]-~\x80-\U0010ffff]|\\[ -~])*"'
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*|{_QUOTED}")
_INVISIBLE = re.compile(f"[{INVISIBLE}]")


def mailbox(typed: str) -> str:
    """The address as it was typed, in NFC, with its domain in lower case.

    Raises ValueError with a message: it is none, is too long, or has something that can't be seen.
    """
    local, _, domain = composed(typed).rpartition("@")
    try:
        address = f"{local}@{_domain(domain)}"
    except ValueError:  # of idna and ipaddress alike
        address = ""
    if (
        not address
        or not _LOCAL.fullmatch(local)
        or not all(map(_seen, local.replace(" ", "") + domain))
        or len(local.encode()) > LONGEST_LOCAL
        or len(address.encode()) > LONGEST
    ):
        raise ValueError(f"Enter a valid value: {MAILBOX}")
    return address


def _domain(typed: str) -> str:
    """A domain (IDNA, RFC 5891), or an address of the network in brackets. Raises ValueError."""
    if typed.startswith("[") and typed.endswith("]"):
        literal = typed[1:-1]
        if literal.startswith("IPv6:"):
            ipaddress.IPv6Address(literal.removeprefix("IPv6:"))
        else:
            ipaddress.IPv4Address(literal)
        return typed
    domain = idna.uts46_remap(typed, std3_rules=True)
    idna.encode(domain, strict=True, std3_rules=True)
    if domain.endswith("."):
        raise ValueError("The root of all domains is not written.")
    return domain


def _seen(character: str) -> bool:
    """Neither space nor control, format, private or unassigned: somebody can see and type it."""
    return unicodedata.category(character)[0] not in "ZC" and not _INVISIBLE.match(character)
