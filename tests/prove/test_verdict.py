"""How a proof ends: it says its verdict, and 0 means that every invariant was seen to hold."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from service.settings import ROOT
from tests.prove import history
from tests.prove.checker.evidence import FACTS, FAULTS, FEED, HEARD, LOOKS, OPERATIONS, STREAM
from tests.prove.command import main
from tests.prove.story import Story, honest

CONDITIONS = {"began_at": 0.0, "ended_at": 60.0, "cpu": 1.0, "seed": 1, "servers": 1,
              "environment": {}}  # fmt: skip


def recorded(folder: Path, story: Story) -> Path:
    """The folder that a run of this story would have left."""
    for name, records in (
        (OPERATIONS, story.operations),
        (STREAM, story.stream),
        (LOOKS, story.looks),
        (FAULTS, story.faults),
        (FEED, story.feed),
        (HEARD, []),
    ):
        with history.Writer(folder / name) as file:
            for one in records:
                file.write(one)
    (folder / FACTS).write_text(json.dumps(story.facts | CONDITIONS))
    return folder


def test_a_run_in_which_all_held_ends_with_0(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--check", str(recorded(tmp_path, honest()))]) == 0
    assert "\nOK" in capsys.readouterr().out


def test_a_run_in_which_one_was_violated_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    story = honest()
    story.asked("me", "ada", 15.0, 500, {"code": "internal"}, token="A2")
    assert main(["--check", str(recorded(tmp_path, story))]) == 1
    assert "\nFAILED" in capsys.readouterr().out


def test_a_run_in_which_nobody_asked_anything_is_no_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    story = Story({"ada": 1}, {1: 1})
    story.looked(1.0)
    story.finish()
    assert main(["--check", str(recorded(tmp_path, story))]) == 2
    assert "\nnot looked at" in capsys.readouterr().out
    assert "Every invariant held" not in (tmp_path / "page.html").read_text()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_verdict_that_nobody_can_be_told_is_no_success(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "run.py"), "prove", "--check"]
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [*command, str(recorded(tmp_path, honest()))], stdout=full, stderr=subprocess.PIPE
        )
    assert ended.returncode not in (0, 1)
