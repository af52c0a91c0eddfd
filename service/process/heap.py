"""How memory that is freed goes back to the system."""

import contextlib
import ctypes

_MMAP_THRESHOLD = -3  # of mallopt(3)
LARGE = 256 * 1024  # bytes


def return_large_blocks() -> None:
    """Let each large block go back when it is freed, as glibc does it until one was.

    After that it keeps blocks of this size, and of an answer that nobody reads a few bytes stay
    behind until its connection is collected: none of the same size fits into its place again.
    """
    with contextlib.suppress(AttributeError, OSError):  # another C library keeps none
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, LARGE)
