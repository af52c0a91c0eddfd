"""`python -m tests.prove.planted.serve NAME ...` is `run.py ...` with one bug in it."""

import sys

from tests.prove.planted import BUGS, planted


def main(name: str, *arguments: str) -> int:
    """Run a command, serve most likely, with the bug of that name; its exit code."""
    from service.cli.main import main as command_line

    with planted(BUGS[name]):
        return command_line(arguments)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
