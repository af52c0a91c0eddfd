"""fresh    a first start, as anybody has it who has just got the sources"""

from collections.abc import Iterator

import pytest

from tests.live import PATIENTLY, Live, served


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The first to use it is the first booking of README.md, whose ids count from 1."""
    folder = tmp_path_factory.mktemp("fresh")
    settings = PATIENTLY | {"BCRYPT_ROUNDS": "4"}  # a busy machine hashes last
    with served(folder, settings, "--data-dir", str(folder / "data")) as live:
        yield live
