"""`completion`: scripts that let a shell complete the commands without starting Python."""

import argparse

import shtab

from service.cli.arguments.parser import build_parser
from service.settings import Settings

# The script completes a command named run.py. Typed as `python3 run.py`, the first word is
# python3's own, so there the words are handed on without it, and other scripts complete as before.
BASH = """
_run_py_of_python() {
    if [[ "${COMP_WORDS[1]##*/}" == run.py && $COMP_CWORD -gt 1 ]]; then
        COMP_WORDS=("${COMP_WORDS[@]:1}")
        COMP_CWORD=$((COMP_CWORD - 1))
        _shtab_run_py
    fi
}
complete -o default -F _run_py_of_python python3 python
"""
ZSH = """\
typeset -A opt_args
compdef _shtab_run_py run.py
_run_py_of_python() {
    if (( CURRENT > 2 )) && [[ "${words[2]:t}" == run.py ]]; then
        shift words
        (( CURRENT-- ))
        _shtab_run_py
    else
        _default
    fi
}
compdef _run_py_of_python python3 python
"""


def completion(settings: Settings, *, shell: str) -> int:
    """Print the script for a shell."""
    print(script(build_parser(), shell))
    return 0


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """The script that completes a parser's commands in this shell."""
    made = shtab.complete(parser, shell=shell)
    if shell == "bash":
        return made + BASH
    return made.rpartition("typeset -A opt_args")[0] + ZSH  # its own end is not for `source`
