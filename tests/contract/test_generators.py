"""What generators of clients make of the OpenAPI document: nothing is left out.

They are tools of their own: `pip install openapi-python-client==0.29.1` and `npm install -g
openapi-typescript@7.13.0`, then the tests run them.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.contract.spec import DOCUMENT, operations

PYTHON = shutil.which("openapi-python-client")
TYPESCRIPT = shutil.which("openapi-typescript")


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(DOCUMENT))
    return path


def run(*words: str | Path, folder: Path) -> str:
    """What a generator says."""
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.skipif(
    PYTHON is None, reason="openapi-python-client is not installed; .ci/run does it"
)
@pytest.mark.timeout(180)
def test_a_client_in_python_knows_every_call_and_every_error(written: Path) -> None:
    assert PYTHON
    (written.parent / "config.yml").write_text("post_hooks: []\n")
    command = [PYTHON, "generate", "--path", written, "--output-path", "client"]
    said = run(*command, "--config", "config.yml", folder=written.parent)
    assert "arning" not in said, said
    (package,) = (written.parent / "client").glob("*_client")
    calls = [one for one in package.glob("api/*/*.py") if one.name != "__init__.py"]
    assert len(calls) == len(list(operations()))
    booking = next(one for one in calls if one.name == "book_appointment.py").read_text()
    assert "Problem409.from_dict" in booking
    assert "already_booked" in "".join(one.read_text() for one in package.glob("models/*409*.py"))


@pytest.mark.skipif(TYPESCRIPT is None, reason="openapi-typescript is not installed")
@pytest.mark.timeout(180)
def test_types_for_typescript_name_every_call(written: Path) -> None:
    assert TYPESCRIPT
    said = run(TYPESCRIPT, written, "-o", "api.ts", folder=written.parent)
    assert "arning" not in said, said
    types = (written.parent / "api.ts").read_text()
    for _, _, operation in operations():
        assert f"    {operation['operationId']}: {{" in types
