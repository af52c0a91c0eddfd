"""How many files and sockets the process may have open."""

import contextlib
import resource

ENOUGH = 65536  # descriptors; a container may allow a thousand million, which memory does not
OWN = 64  # descriptors that are for Redis, logs, passwords and whatever else is not a client


def raise_limit() -> None:
    """Take as many as the system grants, up to ENOUGH; a shell begins with 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        # A sandbox may forbid it: then what we have has to do.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def for_clients(pool_size: int = 0) -> int:
    """How many clients may be connected, so that some descriptors are left for the process and
    the connections of its pool."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return ENOUGH
    return max(soft - OWN - pool_size, soft // 2)
