"""Fixtures of the security tests: those of the API tests, and both parsers of HTTP.

either   an API on each of the parsers in turn (the setting WIRE)
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from tornado.platform.asyncio import AsyncIOLoop

from service import app as service_app
from service.deps import Deps
from service.settings import WIRES
from tests.api.conftest import Served, keeper, rival, served, stranger
from tests.cast import Api

__all__ = ["Served", "keeper", "rival", "served", "stranger"]


@pytest.fixture(params=WIRES)
def either(request: pytest.FixtureRequest, io_loop: AsyncIOLoop, deps: Deps) -> Iterator[Api]:
    serving = _serving(replace(deps, settings=replace(deps.settings, wire=request.param)))
    yield io_loop.run_sync(serving.__aenter__)
    io_loop.run_sync(lambda: serving.__aexit__(None, None, None))


@asynccontextmanager
async def _serving(deps: Deps) -> AsyncIterator[Api]:
    server, port = service_app.listen(deps)
    api = Api(f"http://127.0.0.1:{port}")
    try:
        yield api
    finally:
        server.stop()
        api.close()
        await server.close_all_connections()
