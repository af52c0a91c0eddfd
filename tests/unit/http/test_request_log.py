"""http/request_log.py: what is told of a request that met a bug."""

from types import SimpleNamespace
from typing import Any

import pytest
from tornado.httputil import HTTPHeaders

from service.http.request_log import log_bug


@pytest.mark.parametrize("body", [b"", b"{", b'"\xff"', b"[" * 100_000])
def test_a_bug_is_logged_whatever_was_sent(body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    line = {"method": "POST", "path": "/api/login/", "query_arguments": {}}
    request = SimpleNamespace(**line, headers=HTTPHeaders())
    handler: Any = SimpleNamespace(request=request, _chunks=bytearray(body))
    log_bug(handler, KeyError("unforeseen"))
    assert [record.message for record in caplog.records] == ["bug"]
