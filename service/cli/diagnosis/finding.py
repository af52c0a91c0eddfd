"""One line of a diagnosis."""

from typing import NamedTuple


class Finding(NamedTuple):
    """How something is (ok, warn or fail), what it is about, what was seen, what to do."""

    state: str
    about: str
    said: str
    mend: str = ""


def ok(about: str, said: str) -> Finding:
    return Finding("ok", about, said)


def warn(about: str, said: str, mend: str) -> Finding:
    return Finding("warn", about, said, mend)


def fail(about: str, said: str, mend: str) -> Finding:
    return Finding("fail", about, said, mend)
