"""booking.service under a real systemd, installed by the lines of deploy/README.md.

The machine is thrown away afterwards; PostgreSQL and Redis are those of the tests.
"""

import asyncio
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from tornado.platform.asyncio import AsyncIOLoop

from service.settings import Settings
from service.store.embedded import Embedded
from tests.cast import PASSWORD, Api
from tests.deploy.machine import Machine, booted, missing
from tests.live import ROOT, scratch_database
from tests.prove.relay import relayed
from tests.prove.servers import free_port

pytestmark = [
    pytest.mark.skipif(bool(missing()), reason=missing()),
    pytest.mark.timeout(240),
]
SHIPPED = ("run.py", "requirements.txt", "service", "sql", "deploy")
# The servers of the tests are not durable, and the machine is busy.
QUICK = "UNSAFE_DATABASE=on\nREDIS_TIMEOUT=1\nREADY_DOWN_SECONDS=0\nBCRYPT_ROUNDS=4\n"
PAGE = (ROOT / "deploy" / "README.md").read_text()
SECTION = PAGE.split("## On a machine\n")[1].split("\n## ")[0]
# Its blocks in their order: from the third on; other tests here try those for nginx.
BLOCKS = re.findall(r"(?:^    .+\n)+", SECTION, re.MULTILINE)
_, _, INSTALL, START, ADMIN, _, _, RENEW, MANY, _ = BLOCKS


class Operator(Machine):
    """The machine, by an operator who stands in the folder of the sources and has the settings."""

    port, settings = 0, ""

    def paste(self, lines: str, stdin: str = "") -> str:
        """Run lines of the page; what they print."""
        return self.run(f"cd /opt/booking\n{lines}", stdin)

    def within(self, arguments: str) -> str:
        """Run a command of run.py under the unit as it is, in place of `serve`; what it prints."""
        unit = (ROOT / "deploy" / "booking.service").read_text()
        once = unit.replace("run.py serve", f"run.py {arguments}").replace("=notify", "=oneshot")
        once = once.replace("Restart=on-failure", "Restart=no").replace("WatchdogSec=10s\n", "")
        once += "[Service]\nEnvironment=BOOKING_PASSWORD='another horse'\n"
        once += "StandardOutput=file:/run/said\nStandardError=file:/run/said\n"
        once += "SuccessExitStatus=1\n"  # doctor: these databases are not durable
        self.path("/etc/systemd/system/once.service").write_text(once)
        done = self.ask("systemctl daemon-reload; systemctl start once")
        said = self.path("/run/said").read_text()
        self.path("/run/said").unlink()
        assert done.returncode == 0, said + done.stderr
        return said


@pytest.fixture(scope="module")
def machine(io_loop: AsyncIOLoop, servers: Embedded, settings: Settings) -> Iterator[Operator]:
    with scratch_database(servers.admin_url or "", settings.database_url) as url, booted() as plain:
        machine = Operator(plain.init)
        for name in SHIPPED:
            copy(ROOT / name, machine.path("/opt/booking") / name)
        postgres = parse_qs(urlsplit(url).query)
        ways = relayed(
            f"{postgres['host'][0]}/.s.PGSQL.{postgres['port'][0]}",
            urlsplit(settings.redis_url).path,
        )
        to_postgres, to_redis = io_loop.run_sync(ways.__aenter__)
        machine.port = free_port()
        example = (ROOT / "deploy" / "booking.env.example").read_text()
        name = urlsplit(url).path
        for old, new in {
            "postgresql://booking:CHANGE-ME@127.0.0.1:5432/booking": (
                f"postgresql://booking@127.0.0.1:{to_postgres.port}{name}"
            ),
            "redis://:CHANGE-ME@127.0.0.1:6379/0": f"redis://127.0.0.1:{to_redis.port}/3",
            "PORT=8000": f"PORT={machine.port}",
        }.items():
            assert old in example
            example = example.replace(old, new)
        machine.settings = example + QUICK
        machine.paste(INSTALL)
        machine.path("/etc/booking.env").write_text(machine.settings)
        machine.paste(START)
        yield machine
        print(machine.run("journalctl -u booking -o cat -n 60"))
        machine.run("systemctl stop 'booking*'")
        io_loop.run_sync(lambda: ways.__aexit__(None, None, None))


def copy(source: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


@pytest.fixture
def api(machine: Operator) -> Iterator[Api]:
    api = Api(f"http://127.0.0.1:{machine.port}")
    yield api
    api.close()


async def signed_up(api: Api, name: str) -> None:
    """Register somebody and log them in."""
    new = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    reply = await api.call("POST", "/api/register/", new)
    assert reply.status == 201, reply.json
    assert await logs_in(api, name, PASSWORD)


async def logs_in(api: Api, name: str, password: str) -> bool:
    reply = await api.call("POST", "/api/login/", {"username": name, "password": password})
    return reply.status == 200


async def test_people_register_and_log_in(machine: Operator, api: Api) -> None:
    await signed_up(api, "sandboxed")


def test_the_server_is_as_confined_as_the_unit_says(machine: Operator) -> None:
    status = machine.status("booking")
    assert int(status["Uid"].split()[0]) != 0
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    assert {int(status[name], 16) for name in ("CapEff", "CapBnd", "CapAmb")} == {0}
    assert status["Umask"] == "0077"
    pid = machine.show("booking", "MainPID")
    mounts = machine.path(f"/proc/{pid}/mountinfo").read_text().splitlines()
    options = {line.split()[4]: line.split()[5].split(",") for line in mounts}
    assert "ro" in options["/"]
    assert "rw" in options["/var/lib/booking"]


def test_bookings_go_before_passwords_here_too(machine: Operator) -> None:
    pid = machine.show("booking", "MainPID")
    nice = machine.run(f"ps -o nice= --ppid {pid}").split()
    assert "19" in nice
    # The only other one helps whom these keep waiting, and may be there or not.
    assert [one for one in nice if one != "19"] in ([], ["0"])


async def test_the_first_admin_is_made_as_the_page_says(machine: Operator, api: Api) -> None:
    said = machine.paste(ADMIN.replace("--pty", "--pipe"), stdin="correct horse\n")
    assert said.startswith("created admin admin")
    assert await logs_in(api, "admin", "correct horse")


async def test_commands_run_in_the_sandbox(machine: Operator, api: Api) -> None:
    said = machine.within("user create --username clerk --email c@example.org --role admin")
    assert "created admin clerk" in said
    assert await logs_in(api, "clerk", "another horse")
    told = machine.within("doctor --json")
    found = json.loads(told[told.index("[") :])  # below the line about the database
    refused = {one["said"] for one in found if one["state"] == "fail"}
    assert all(said.endswith("a crash may lose bookings") for said in refused), refused


def test_what_systemd_hears_from_it(machine: Operator) -> None:
    assert machine.show("booking", "Type") == "notify"
    assert machine.show("booking", "ActiveState") == "active"
    assert machine.show("booking", "NRestarts") == "0"


async def test_one_that_hangs_is_replaced(machine: Operator, api: Api) -> None:
    drop_in = machine.path("/etc/systemd/system/booking.service.d/soon.conf")
    drop_in.parent.mkdir()
    drop_in.write_text("[Service]\nWatchdogSec=1s\nTimeoutAbortSec=1s\n")
    machine.run("systemctl daemon-reload; systemctl restart booking")
    pid = machine.show("booking", "MainPID")
    machine.run(f"kill -STOP {pid}")
    await until(lambda: machine.show("booking", "NRestarts") == "1")
    await until(lambda: machine.show("booking", "ActiveState") == "active")
    assert machine.show("booking", "MainPID") != pid
    assert (await api.get("/readyz")).status == 200
    drop_in.unlink()
    machine.run("systemctl daemon-reload; systemctl restart booking")


async def until(true: Callable[[], bool], patience: float = 30.0) -> None:
    """Wait for systemd to have come so far."""
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end
        await asyncio.sleep(0.1)


async def test_a_new_version_is_installed_as_the_page_says(machine: Operator, api: Api) -> None:
    pid = machine.show("booking", "MainPID")
    machine.paste(RENEW)
    assert machine.show("booking", "MainPID") != pid
    await signed_up(api, "renewed")


def test_a_stop_is_a_success(machine: Operator) -> None:
    machine.run("systemctl stop booking")
    assert machine.show("booking", "Result") == "success"
    assert machine.show("booking", "ExecMainStatus") == "0"
    machine.run("systemctl start booking")


def test_bad_settings_are_not_tried_again(machine: Operator) -> None:
    machine.path("/etc/booking.env").write_text(f"{machine.settings}POOL_SIZE=none\n")
    assert machine.ask("systemctl restart booking").returncode != 0
    machine.path("/etc/booking.env").write_text(machine.settings)
    assert machine.show("booking", "ExecMainStatus") == "2"
    assert machine.show("booking", "ActiveState") == "failed"
    assert machine.show("booking", "NRestarts") == "0"
    said = machine.run("journalctl -u booking -o cat -n 20")
    assert "POOL_SIZE must be a whole number" in said
    machine.run("systemctl start booking")


async def test_several_processes_run_as_the_page_says(machine: Operator) -> None:
    ports = [free_port() for _ in range(2)]
    machine.paste(MANY.replace("800{1,2,3,4}", f"{{{ports[0]},{ports[1]}}}"))
    for port in ports:
        api = Api(f"http://127.0.0.1:{port}")
        await signed_up(api, f"at{port}")
        api.close()
    machine.run("systemctl disable --now 'booking@*'; systemctl enable --now booking")
