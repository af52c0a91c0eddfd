"""A real nginx on the configuration of deploy/, with the test's ports and folders in it."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from tests.live import free_port

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
PORTS = {"nginx.conf": [8000], "nginx-many.conf": [8001, 8002, 8003, 8004]}
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")

Changes = Mapping[str, str]  # old text -> new text
NONE: Changes = MappingProxyType({})


def _ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


IPV6 = _ipv6()


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Ask it to end, then make it."""
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def nginx(folder: Path, conf: str, ports: Sequence[int], changes: Changes = NONE) -> Iterator[int]:
    """Run nginx before the upstream ports within this; gives its own port."""
    assert NGINX
    port = free_port()
    adapt(folder, conf, port, ports, changes)
    # Without "daemon off" the master would outlive the process that we know and stop.
    main = f"daemon off; pid {folder}/pid; error_log {folder}/error.log;"
    process = subprocess.Popen(
        [NGINX, "-c", str(folder / conf), "-g", main], stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 5
        while not _listens(port):
            assert process.poll() is None, (folder / "error.log").read_text()
            assert time.monotonic() < until, "nginx did not listen within 5 s"
            time.sleep(0.02)
        yield port
    finally:
        stop(process)


def adapt(folder: Path, conf: str, port: int, ports: Sequence[int], changes: Changes) -> None:
    """Copy the configuration into folder with these ports, its paths there, and the changes."""
    temporary = " ".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    # Workers must reach the test's private folder; without root nginx ignores the directive.
    text = (DEPLOY / conf).read_text().replace("user www-data;", "user root;")
    text = text.replace("http {", f"http {{ {temporary}")
    for old, new in zip(PORTS[conf], ports, strict=False):
        text = replaced(text, f"server 127.0.0.1:{old}", f"server 127.0.0.1:{new}")
    for old in PORTS[conf][len(ports) :]:
        text = re.sub(rf"server 127\.0\.0\.1:{old}\b.*;", "", text)
    common = (DEPLOY / "nginx-common.conf").read_text()
    common = replaced(common, "    listen 80 ", f"    listen 127.0.0.1:{port} ")
    six = f"    listen [::1]:{port} " if IPV6 else "    # listen [::1]:80 "
    common = replaced(common, "    listen [::]:80 ", six)
    common = replaced(common, "/var/log/nginx/access.log", f"{folder}/access.log")
    for old, new in changes.items():
        assert old in text + common, f"{old!r} is no longer in the configuration"
        text, common = text.replace(old, new), common.replace(old, new)
    (folder / conf).write_text(text)
    (folder / "nginx-common.conf").write_text(common)


def replaced(text: str, old: str, new: str) -> str:
    """The text with every `old` replaced; there must be one."""
    assert old in text, f"{old!r} is no longer in the configuration"
    return text.replace(old, new)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
