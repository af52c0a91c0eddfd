"""run.py completion: real shells complete what is typed, without starting Python."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.command.conftest import Booking

ASK_BASH = """
set -u
source {script}
ask() {{
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    "$function"
    echo "${{COMPREPLY[*]}}"
}}
function=$(complete -p {command} | sed 's/.*-F \\([^ ]*\\).*/\\1/')
ask {words}
"""
# A zsh on a terminal of its own: TAB, then what it shows.
ASK_ZSH = """
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "stty cols 200 rows 60; PS1= ; autoload -U compinit; compinit -u -D"
zpty -w shell "source {script}; echo REA''DY"
zpty -r shell line '*READY*'
zpty -w -n shell $'{words}\t'
zpty -r shell line '*{last}*'
print -r -- "$line"
zpty -d shell
"""


@pytest.fixture(scope="module")
def scripts(booking: Booking, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("completion")
    for shell in ("bash", "zsh"):
        said = booking(f"completion {shell}")
        assert (said.code, said.err) == (0, "")
        (folder / shell).write_text(said.out)
    return folder


def _bash(scripts: Path, words: str) -> set[str]:
    text = ASK_BASH.format(script=scripts / "bash", command=words.split()[0], words=words)
    done = subprocess.run(["bash", "--norc", "-c", text], capture_output=True, text=True)
    assert done.stderr == ""
    return set(done.stdout.split())


@pytest.mark.parametrize("start", ["run.py", "python3 run.py", "python3 ./run.py"])
def test_bash_completes_commands_options_and_choices(scripts: Path, start: str) -> None:
    assert {"serve", "doctor", "user", "slots"} <= _bash(scripts, f"{start} ''")
    assert _bash(scripts, f"{start} user d") == {"disable"}
    assert {"--days", "--dry-run"} <= _bash(scripts, f"{start} slots publish --d")
    assert _bash(scripts, f"{start} user create --role p") == {"provider"}


def test_bash_leaves_other_scripts_alone(scripts: Path) -> None:
    assert _bash(scripts, "python3 other.py ''") == set()
    assert _bash(scripts, "python3 ''") == set()


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
@pytest.mark.parametrize("start", ["run.py", "python3 run.py"])
def test_zsh_completes_commands(scripts: Path, start: str) -> None:
    words = f"{start} user "
    text = ASK_ZSH.format(script=scripts / "zsh", words=words, last="role*log in")
    done = subprocess.run(["zsh", "-f", "-c", text], capture_output=True, text=True, timeout=30)
    for word in ("create", "disable", "enable", "role"):
        assert f"{word} " in done.stdout, done
