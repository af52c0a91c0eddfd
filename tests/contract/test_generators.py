"""What others make of the OpenAPI document: clients in five languages that leave nothing out, and
two linters no complaint. `.ci/tools` installs them all.
"""

import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.contract.spec import DOCUMENT, operations
from tests.live import ROOT

FOUND = os.environ | {
    "JAVA_OPTS": "-XX:TieredStopAtLevel=1",  # it is over before better code pays
    "REDOCLY_TELEMETRY": "off",
    "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
}
# Warnings of openapi-generator that no document of ours can avoid.
KNOWN = (
    "OpenAPI 3.1 support is still in beta",  # it says so to every one
    "Failed to get the schema name: null",  # 7.26 says so once there is any schema with fields
    "From (reserved word) cannot be used as model name",  # ?from= is one in Python; it copes
)
TYPES = ["--strict", "--noEmit", "--target", "es2022", "--moduleResolution", "bundler"]
COMPILERS = {
    "typescript-fetch": ["tsc", *TYPES, "--module", "es2022", "index.ts"],
    "go": ["go", "vet", "."],
    # Strict, since a description that is written into a program must be text there, too.
    "python": [sys.executable, "-W", "error", "-m", "compileall", "-q", "."],
}

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clients") / "openapi.json"
    path.write_text(json.dumps(DOCUMENT))
    return path


def run(*words: str | Path, folder: Path) -> str:
    """What a tool says; skips where it is not installed."""
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed; COMPILERS=all .ci/tools does it")
    done = subprocess.run(words, cwd=folder, env=FOUND, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@functools.cache
def generated(language: str, written: Path) -> tuple[Path, Sequence[str]]:
    """The folder of a client made by openapi-generator, and the warnings on the way."""
    folder = written.parent / language
    command = ["generate", "-i", written, "-g", language, "-o", folder]
    said = run("openapi-generator-cli", *command, folder=written.parent)
    return folder, [line for line in said.splitlines() if " WARN " in line or " ERROR " in line]


@pytest.mark.parametrize("language", ["typescript-fetch", "go", "java", "python"])
def test_openapi_generator_warns_of_nothing_that_can_be_mended(
    written: Path, language: str
) -> None:
    folder, warnings = generated(language, written)
    assert [line for line in warnings if not any(known in line for known in KNOWN)] == []
    names = {operation["operationId"].lower() for _, _, operation in operations()}
    apis = [one for one in folder.rglob("*") if "api" in one.name.lower() and one.is_file()]
    text = "".join(one.read_text() for one in apis).lower().replace("_", "")
    assert [name for name in names if name not in text] == []


@pytest.mark.parametrize("language", COMPILERS)
def test_a_generated_client_compiles(written: Path, language: str) -> None:
    folder, _ = generated(language, written)
    run(*COMPILERS[language], folder=folder)


def test_a_client_in_python_knows_every_call_and_every_error(written: Path) -> None:
    (written.parent / "config.yml").write_text("post_hooks: []\n")
    command = ["generate", "--path", written, "--output-path", "client", "--config", "config.yml"]
    said = run("openapi-python-client", *command, folder=written.parent)
    assert "arning" not in said, said
    (package,) = (written.parent / "client").glob("*_client")
    calls = [one for one in package.glob("api/*/*.py") if one.name != "__init__.py"]
    assert len(calls) == len(list(operations()))
    booking = next(one for one in calls if one.name == "book_appointment.py").read_text()
    assert "Problem409.from_dict" in booking
    assert "already_booked" in "".join(one.read_text() for one in package.glob("models/*409*.py"))


def test_types_for_typescript_name_every_call(written: Path) -> None:
    said = run("openapi-typescript", written, "-o", "api.ts", folder=written.parent)
    assert "arning" not in said, said
    types = (written.parent / "api.ts").read_text()
    for _, _, operation in operations():
        assert f"    {operation['operationId']}: {{" in types


def test_redocly_finds_nothing_but_what_is_excepted(written: Path) -> None:
    rules = ROOT / ".ci" / "redocly.yaml"
    said = run("redocly", "lint", "--config", rules, written, folder=written.parent)
    assert "Your API description is valid." in said


def test_spectral_finds_nothing_but_what_is_excepted(written: Path) -> None:
    rules = ROOT / ".ci" / "spectral.yaml"
    command = ["lint", "--fail-severity", "hint", "--ruleset", rules, written]
    said = run("spectral", *command, folder=written.parent)
    assert "No results with a severity of 'hint' or higher found!" in said
