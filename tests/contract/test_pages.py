"""The pages are true: their tables, files and commands, and the first booking as it is pasted."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from service.cli.arguments.parser import COMMANDS
from tests.contract.anchors import ANCHOR, mended
from tests.contract.pages import CALENDAR, CONTRIBUTING, PAGES, README, block, table
from tests.contract.source import ROOT
from tests.contract.tables import filled
from tests.live import Live

NAMES = re.compile(r"`([^`\n]+)`")
IS_PATH = re.compile(
    r"\.?[\w-]+(/[\w.-]+)*/|(\.?[\w-]+/)*[\w.-]+\.(py|sql|md|txt|toml|conf|service|lock)|\.ci/\w+"
)
TEXT = README.read_text()
ACCOUNT = re.compile(r'"id":[0-9]{12,}')  # its id; those of other things are small
TOKEN = re.compile(r"[0-9a-f]{40}")


def paste(commands: str) -> list[str]:
    """What a shell shows when these commands are pasted into it."""
    shell = ["bash", "--norc", "--noprofile", "-u"]
    done = subprocess.run(shell, input=commands, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), done
    shown = TOKEN.sub("<40 hex digits>", done.stdout)
    return ACCOUNT.sub('"id":<a number>', shown).splitlines()


def test_the_first_booking_answers_what_it_says(fresh: Live) -> None:
    commands = block("A first booking")
    expected = [line[2:] for line in commands.splitlines() if line.startswith("# ")]
    assert len(expected) == 6
    assert paste(commands.replace("http://127.0.0.1:8000", fresh.url)) == expected


def test_a_clinics_week_goes_as_it_says_and_what_is_held_in_it(fresh: Live) -> None:
    folder = fresh.process.args[-1]  # type: ignore[index]
    admin = ["--username", "admin", "--email", "admin@example.org", "--role", "admin"]
    subprocess.run(
        [sys.executable, ROOT / "run.py", "user", "create", *admin, "--data-dir", folder],
        env={**os.environ, "BOOKING_PASSWORD": "correct horse", "BCRYPT_ROUNDS": "4"},
        check=True,
        capture_output=True,
        timeout=60,
    )
    commands = f"set -eo pipefail; API={fresh.url}/api\n{block('A week', page=CALENDAR)}"
    held = block("Holding, approving, waiting", page=CALENDAR)
    *lines, told = "\n".join(paste(f"{commands}\necho; echo HELD\n{held}")).partition("HELD\n")
    answers = [line[2:] for line in held.splitlines() if line.startswith('# "')]
    assert (len(answers), told.splitlines()) == (10, answers)
    shown = "".join(lines)
    assert '"code":"too_soon"' not in shown
    for said in (
        '"bookable":true',
        '"slot_taken"',
        '"reason":"hours"',
        '"Zoë Müller"',
        "cancelled",
    ):
        assert said in shown, shown


def test_routes_settings_and_commands_are_those_there_are() -> None:
    """`python3 -m tests.contract.anchors` writes the tables."""
    assert filled(TEXT) == TEXT
    for title, least in (("Routes", 30), ("Settings", 40), ("Commands", 25)):
        assert len(table(title)) >= least
        with pytest.raises(ValueError, match=title):
            filled(TEXT.replace(f"## {title}", "## Other"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_it_names_is_there(page: Path) -> None:
    """From the root of the sources, or from the folder of the page."""
    named = {name for name in NAMES.findall(page.read_text()) if IS_PATH.fullmatch(name)}
    missing = [
        name for name in named if not any((at / name).exists() for at in (ROOT, page.parent))
    ]
    assert missing == []


def test_the_pages_name_files_at_all() -> None:
    named = [name for page in PAGES for name in NAMES.findall(page.read_text())]
    assert sum(bool(IS_PATH.fullmatch(name)) for name in named) > 80


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_line_it_names_is_where_it_says(page: Path) -> None:
    """`python3 -m tests.contract.anchors` mends them."""
    assert mended(page.read_text()) == page.read_text()


def test_a_request_is_followed_from_the_socket_to_the_query() -> None:
    followed = [ANCHOR.fullmatch(where) for where, _ in table("One request", CONTRIBUTING)]
    assert all(followed)
    assert any(one["path"].endswith(".sql") for one in followed if one)


def test_every_folder_of_tests_is_named() -> None:
    folders = {f"`tests/{path.parent.name}`" for path in (ROOT / "tests").glob("*/*.py")}
    assert {row[0] for row in table("Tests", CONTRIBUTING)} == folders


def test_every_decision_is_listed() -> None:
    pages = {path.name for path in (ROOT / "docs" / "decisions").glob("*.md")} - {"README.md"}
    listed = (ROOT / "docs" / "decisions" / "README.md").read_text()
    assert set(re.findall(r"`docs/decisions/([\w-]+\.md)`", listed)) == pages


def test_every_command_it_names_is_one() -> None:
    words = {command.words for command in COMMANDS}
    named = re.findall(r"run\.py (([a-z]+)(?: [a-z]+)?)\b", TEXT)
    assert len(named) > 5
    assert [two for two, one in named if not {two, one} & words] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_a_page_shows_is_one(page: Path) -> None:
    words = {command.words for command in COMMANDS}
    named = re.findall(r"python3 run\.py (([a-z]+)(?: [a-z]+)?)\b", page.read_text())
    assert [two for two, one in named if not {two, one} & words] == []


def test_it_knows_no_machine() -> None:
    assert not re.search(r"https?://(?!127\.0\.0\.1:8000)\S+", TEXT)
    assert (ROOT / "LICENSE").exists()


@pytest.mark.parametrize("page", [README, ROOT / "docs" / "speed.md"], ids=lambda page: page.stem)
def test_no_figure_of_speed_comes_without_the_command_that_repeats_it(page: Path) -> None:
    for section in page.read_text().split("\n## "):
        if re.search(r"\d+ ?(requests|bookings)? ?(/s|per second|a second)\b|by a bare", section):
            assert "    python3 run.py load" in section
