"""fresh    a first start, as anybody has it who has just got the sources"""

from collections.abc import Iterator

import pytest

from tests.live import PATIENTLY, Live, served


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One for each file of tests: the first booking of README.md has ids that count from 1."""
    folder = tmp_path_factory.mktemp("fresh")
    settings = PATIENTLY | {"BCRYPT_ROUNDS": "4"}  # a busy machine hashes last
    with served(folder, settings, "--data-dir", str(folder / "data")) as live:
        yield live
