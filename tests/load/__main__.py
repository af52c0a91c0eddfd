"""`run.py load` comes in here, from whatever folder it was called in."""

import logging
import signal
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.load.command import main  # noqa: E402 only now is it to be found

if __name__ == "__main__":
    logging.getLogger("service").setLevel(logging.CRITICAL)  # its slowness is what we report
    # As Ctrl-C does, it ends what was started and takes the temporary folder away.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
