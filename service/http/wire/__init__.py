"""HTTP/1.1 for the same Tornado application on llhttp, the parser of Node, instead of Tornado's own
connection: a fraction of the CPU per request.

A connection parses what arrives into exchanges, which are answered one after the other.
"""

from service.http.wire.server import WireServer
from service.http.wire.tornado import TornadoServer

__all__ = ["TornadoServer", "WireServer"]
