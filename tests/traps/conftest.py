"""Fixtures: a proxy before each server, to be entered in the test itself."""

from contextlib import AbstractAsyncContextManager
from urllib.parse import parse_qs, urlsplit

import pytest

from service.settings import Settings
from tests.traps.proxy import Proxy


@pytest.fixture
def before_postgres(settings: Settings) -> AbstractAsyncContextManager[Proxy]:
    given = parse_qs(urlsplit(settings.database_url).query)
    return Proxy.before(f"{given['host'][0]}/.s.PGSQL.{given['port'][0]}")


@pytest.fixture
def before_redis(settings: Settings) -> AbstractAsyncContextManager[Proxy]:
    return Proxy.before(urlsplit(settings.redis_url).path)
