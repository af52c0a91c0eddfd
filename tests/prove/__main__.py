"""`run.py prove` comes in here, from whatever folder it was called in."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.prove.command import main  # noqa: E402 only now is it to be found

if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
