"""`run.py load` from end to end on servers of its own, and the three reports it writes."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from service.settings import ROOT
from tests.live import unconfigured
from tests.load.report.page import page
from tests.load.report.text import text


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the reports of a run of two seconds."""
    folder = tmp_path_factory.mktemp("load") / "reports"
    words = "load --scenario book --rate 150 --seconds 2 --warm-up 0.5 --people 20 --out"
    done = subprocess.run(
        [sys.executable, str(ROOT / "run.py"), *words.split(), str(folder)],
        env=unconfigured(),
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert "verdict: OK" in done.stdout
    return folder


@pytest.fixture
def result(reports: Path) -> Any:
    return json.loads((reports / "result.json").read_text())


def test_the_result_says_what_happened(result: Any) -> None:
    assert result["verdict"] == "OK"
    assert all(check["ok"] for check in result["checks"])
    assert [(one["kind"], one["status"]) for one in result["run"]["outcomes"]] == [("book", 201)]
    assert 290 <= result["run"]["answered"] <= 376  # some of the warm-up may come late
    assert result["database"]["synchronous_commit"] == "on"
    assert result["database"]["fsync"] == "on"


@pytest.mark.skipif(sys.platform != "linux", reason="CPU times come from /proc")
def test_every_process_has_its_cost(result: Any) -> None:
    costs = {name: one["per_request"] for name, one in result["run"]["cpu"].items()}
    assert set(costs) == {"server", "PostgreSQL", "Redis", "generator"}
    assert costs["server"] > 0


def test_the_page_needs_nothing_else(reports: Path) -> None:
    html = (reports / "report.html").read_text()
    assert not re.search(r"://|src=|href=|url\(|@import|<script", html)
    assert html.count("<svg") >= 5
    assert "Every promise kept" in html


def test_a_failed_check_is_said_first_and_as_it_is(result: Any) -> None:
    result["verdict"] = "FAILED"
    result["checks"][0] |= {"ok": False, "wrong": ["2 times <500>"]}
    assert "FAILED" in page(result)
    assert "2 times &lt;500&gt;" in page(result)
    assert text(result).endswith("verdict: FAILED")
