"""store/embedded/memory.py: how much of the machine the embedded PostgreSQL may take."""

import os
from pathlib import Path

import pytest

from service.store.embedded.memory import memory, shared_buffers

MIB = 1024**2
MACHINE = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(
    ("mib", "wanted"),
    [(256, "128MB"), (1024, "128MB"), (4096, "512MB"), (24576, "3072MB"), (65536, "4096MB")],
)
def test_an_eighth_within_bounds(mib: int, wanted: str) -> None:
    assert shared_buffers(mib * MIB) == wanted


@pytest.mark.parametrize("said", ["max\n", "9223372036854771712\n", ""])
def test_no_limit_means_the_whole_machine(tmp_path: Path, said: str) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text(said)
    assert memory([limit, tmp_path / "not there"]) == MACHINE


def test_a_container_may_have_less(tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text(f"{512 * MIB}\n")
    assert memory([limit]) == 512 * MIB
