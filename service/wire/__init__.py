"""HTTP/1.1 for the same Tornado application on llhttp, the parser of Node, instead of Tornado's own
connection: a fraction of the CPU per request.

A connection parses what arrives into exchanges, which are answered one after the other.
"""

from service.wire.server import WireServer
from service.wire.tornado import TornadoServer

__all__ = ["TornadoServer", "WireServer"]
