"""The page of a proof: whole, honest, and asking for nothing else."""

import copy
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from tests.prove.report.page import page
from tests.prove.result import text

RESULT: dict[str, Any] = {
    "format": 1, "made_at": "2027-01-04T10:00:00+00:00", "verdict": "OK", "seed": 7,
    "servers": 3, "operations": 1500, "seconds": 4.0, "rate": 375.0, "commits": 800,
    "looks": 4, "client_cpu": 1.5, "kinds": {"redis-frozen": 2, "disk-full": 1},
    "invariants": [
        {"name": "I1", "title": "No slot is ever over its capacity", "checked": 900, "wrong": 0,
         "violations": [], "note": "", "outcome": "OK"},
        {"name": "I8", "title": "One order explains all", "checked": 0, "wrong": 0,
         "violations": [], "note": "", "outcome": "not looked at"},
    ],
    "faults": [
        {"number": 0, "kind": "redis-frozen", "target": "redis", "began_at": 0.5, "ended_at": 1.0,
         "healed_at": 1.25, "detail": "process 1 stopped"},
        {"number": 1, "kind": "redis-frozen", "target": "redis", "began_at": 2.0, "ended_at": 2.5,
         "healed_at": None, "detail": "process 1 stopped; not well: <b>"},
        {"number": 2, "kind": "disk-full", "target": "postgres", "began_at": 3.0, "ended_at": 3.0,
         "healed_at": 3.0, "bit": False, "detail": "skipped: making a small disk needs root"},
    ],
    "outcomes": {"book": {"ok": 900, "fail": 500, "info": 100}},
    "statuses": {"book": {"201": 900, "409": 400, "503": 100, "0": 60, "504": 40}},
    "latency": {"book": {"p50": 4.0, "p99": 900.0, "max": 2500.0}},
    "timeline": [{"second": n, "ok": 225, "fail": 125, "info": 25} for n in range(5)],
    "coverage": {"redis-frozen": {"book": {"done": 40, "not done": 20, "unknown": 3}}},
    "kind_statuses": {"redis-frozen": {"201": 40, "503": 20}},
    "processes": [], "environment": {"LOCK_TTL": "3.1"},
    "command": "python3 run.py prove --seed 7",
}  # fmt: skip


class Reader(HTMLParser):
    """Finds tags that were not closed, and addresses of other files."""

    VOID = frozenset({"meta", "br", "rect", "line", "path"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wanted: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.wanted += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag that closes itself."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def result() -> dict[str, Any]:
    return copy.deepcopy(RESULT)


def test_it_is_whole_and_asks_for_no_other_file(result: dict[str, Any]) -> None:
    reader = Reader()
    reader.feed(page(result))
    assert reader.open == reader.wanted == []
    assert not re.search(r"url\(|@import|<script", page(result))


def test_a_good_run_says_so_and_how_to_repeat_it(result: dict[str, Any]) -> None:
    result["invariants"][1] |= {"checked": 9, "outcome": "OK"}
    said = page(result)
    assert "Every invariant held" in said
    assert "1,500 operations, 3 faults, no violation" in said
    assert "python3 run.py prove --seed 7" in said


def test_what_was_not_shown_is_said_before_any_figure(result: dict[str, Any]) -> None:
    said = page(result)
    assert "disk-full was never seen to bite: skipped" in said
    assert "Nothing came up for I8" in said
    assert "1 held, 1 not looked at" in said
    assert "Every invariant held" not in said
    assert text(result).endswith("OK; not looked at: I8")
    assert "1 never" in said, "a fault that did not heal"


def test_a_violation_can_t_be_missed(result: dict[str, Any]) -> None:
    result["verdict"] = "FAILED"
    story = {"words": "slot 5 had <2> people", "operations": [1], "transactions": []}
    result["invariants"][0] |= {"wrong": 3, "violations": [story], "outcome": "VIOLATED"}
    said = page(result)
    assert "Every invariant held" not in said
    assert "3 violations" in said
    assert "slot 5 had &lt;2&gt; people" in said


def test_planted_bugs_are_told_with_what_caught_them(result: dict[str, Any]) -> None:
    result["planted"] = [
        {"name": "no index", "about": "double", "operations": 5000, "caught_by": ["I1", "I2"]},
        {"name": "quiet", "about": "swallows", "operations": 9000, "caught_by": []},
    ]
    said = page(result)
    assert "I1, I2" in said
    assert "not caught" in said


def test_a_run_without_faults_or_answers_has_a_page_too(result: dict[str, Any]) -> None:
    result |= {"faults": [], "kinds": {}, "coverage": {}, "kind_statuses": {}}
    assert "No faults" in page(result)
    result |= {"timeline": [], "outcomes": {}, "statuses": {}, "latency": {}, "operations": 0}
    assert "0 operations" in page(result)
