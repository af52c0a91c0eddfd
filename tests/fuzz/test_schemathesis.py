"""schemathesis reads the OpenAPI document and tries to catch the server at something else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live import ROOT, Live, served

FOLDER = Path(__file__).parent
TOOL = shutil.which("schemathesis")
SECONDS = int(os.environ.get("FUZZ_SECONDS", "20"))
ADMIN, PASSWORD = "fuzz", "correct horse"


@pytest.mark.skipif(TOOL is None, reason="schemathesis is not installed; .ci/run does it")
@pytest.mark.timeout(255 + SECONDS)
def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    """All checks, stateful ones too, on a server and a calendar of its own."""
    data = tmp_path / "data"
    environment = {"RATE_LIMIT": "off", "BCRYPT_ROUNDS": "4", "DATA_DIR": str(data)}
    with served(tmp_path, environment) as live:
        create_admin(data)
        found = run_tool(live, tmp_path)
    print(found.stdout)
    assert found.returncode == 0, found.stdout + found.stderr


def create_admin(data: Path) -> None:
    command = ["user", "create", "--username", ADMIN, "--email", "fuzz@example.org"]
    subprocess.run(
        [sys.executable, ROOT / "run.py", *command, "--role", "admin", "--data-dir", data],
        env=os.environ | {"BOOKING_PASSWORD": PASSWORD, "BCRYPT_ROUNDS": "4"},
        check=True,
        capture_output=True,
    )


def run_tool(live: Live, folder: Path) -> "subprocess.CompletedProcess[str]":
    assert TOOL is not None
    settings = ["--config-file", FOLDER / "schemathesis.toml"]
    bounds = ["--max-time", str(SECONDS), "--no-color"]
    return subprocess.run(
        [TOOL, *settings, "run", f"{live.url}/api/openapi.json", *bounds],
        cwd=folder,
        env=os.environ
        | {"FUZZ_URL": live.url, "FUZZ_PASSWORD": PASSWORD, "PYTHONPATH": str(FOLDER)},
        capture_output=True,
        text=True,
    )
