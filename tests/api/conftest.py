"""Fixtures of the API tests.

stranger  a customer of this test alone
keeper    keeps the calendar of a provider of this test alone
rival     the same, with another provider
served    serves another application, with some settings changed
"""

import contextlib
import dataclasses
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from service import app as service_app
from service.settings import Settings
from tests.cast import Api, Given, Person

Served = Callable[..., AbstractAsyncContextManager[Api]]
_COUNTER = itertools.count(1)


@pytest.fixture
def stranger(given: Given) -> Person:
    return given.customer()


@pytest.fixture
def keeper(given: Given) -> Person:
    name = f"keeper{next(_COUNTER)}"
    return given.person(name, role="provider", provider_id=given.provider())


@pytest.fixture
def rival(given: Given) -> Person:
    name = f"rival{next(_COUNTER)}"
    return given.person(name, role="provider", provider_id=given.provider())


@pytest.fixture
def served(settings: Settings) -> Served:
    @contextlib.asynccontextmanager
    async def serve(**changes: Any) -> AsyncIterator[Api]:
        async with service_app.opened(dataclasses.replace(settings, **changes)) as deps:
            server, port = service_app.listen(deps)
            api = Api(f"http://127.0.0.1:{port}")
            try:
                yield api
            finally:
                server.stop()
                api.close()
                await server.close_all_connections()

    return serve
