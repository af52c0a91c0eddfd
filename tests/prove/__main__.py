"""`run.py prove` comes in here, from whatever folder it was called in."""

import logging
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.prove.command import main  # noqa: E402 only now is it to be found

if __name__ == "__main__":
    logging.getLogger().setLevel(logging.ERROR)  # what falls over is told by the history
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
