"""A request that is ready to send."""

from typing import Any, NamedTuple

from tests.prove.people import Token


class Ask(NamedTuple):
    """A request that is ready to send; the same one is sent again under the same nonce."""

    verb: str
    args: dict[str, Any]
    data: bytes
    nonce: str = ""
    token: Token | None = None
    path: str = ""
    known: Any = None  # what came with the ETag that it names
    body: Any = None
    source: str = ""  # the address that it comes from; "": the usual one
