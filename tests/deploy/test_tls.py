"""Over TLS, and only there, every answer tells a browser to come back over TLS."""

import http.client
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from tests.deploy import test_nginx
from tests.deploy.test_nginx import serve, upstream

__all__ = ["serve", "upstream"]
pytestmark = [
    test_nginx.pytestmark,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed"),
]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    made += [
        "-subj",
        "/CN=localhost",
        "-keyout",
        f"{folder}/privkey.pem",
        "-out",
        f"{folder}/fullchain.pem",
    ]
    subprocess.run(made, check=True, capture_output=True)
    return folder


def test_tls_is_demanded_from_then_on(serve, upstream, certificate) -> None:
    commented = (
        "    # listen 443 ssl default_server;\n    # listen [::]:443 ssl default_server;\n"
        "    # ssl_certificate /etc/nginx/tls"
    )
    key = "    # ssl_certificate_key /etc/nginx/tls"
    listening = test_nginx.free_port()
    serve(
        "nginx.conf",
        [upstream],
        {
            commented: f"    listen 127.0.0.1:{listening} ssl;\n    ssl_certificate {certificate}",
            key: f"    ssl_certificate_key {certificate}",
            "    # ssl_protocols": "    ssl_protocols",
        },
    )
    unchecked = ssl.create_default_context()
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    for path, status in (("/echo", 200), ("/status/503", 503), ("/metrics", 404)):
        link = http.client.HTTPSConnection("127.0.0.1", listening, context=unchecked, timeout=10)
        link.request("GET", path)
        answer = link.getresponse()
        said = (answer.status, answer.headers.get_all("Strict-Transport-Security"))
        assert said == (status, ["max-age=31536000"])
        answer.read()
        link.close()


def test_a_plain_connection_is_told_nothing_of_it(serve, upstream) -> None:
    port = serve("nginx.conf", [upstream])
    for path in ("/echo", "/metrics"):
        assert test_nginx.ask(port, "GET", path).headers["Strict-Transport-Security"] is None
