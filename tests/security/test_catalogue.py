"""The catalogue names tests that exist, and leaves out no attack and no trap."""

import re

import pytest

from service.settings import ROOT
from tests.security.catalogue import ATTACKS, TRAPS

TESTS = ROOT / "tests"


def test_none_is_left_out() -> None:
    assert [name.split()[0] for name in ATTACKS] == [f"A{n}" for n in range(1, 21)]
    drivers = {"A": 12, "R": 9, "T": 9}
    traps = [f"T-{one}{n}" for one, count in drivers.items() for n in range(1, count + 1)]
    assert list(TRAPS) == traps
    unproven = [name for name, tests in (ATTACKS | TRAPS).items() if not tests]
    assert [name.split()[0] for name in unproven] == ["A20"], "that is .ci/audit, no test"
    assert "ordinary nice .ci/packages" in (ROOT / ".ci" / "run").read_text()
    assert ".ci/audit" in (ROOT / ".ci" / "packages").read_text()


@pytest.mark.parametrize("name", ATTACKS | TRAPS)
def test_every_test_that_it_names_is_there(name: str) -> None:
    for named in (ATTACKS | TRAPS)[name]:
        path, _, test = named.partition("::")
        text = (TESTS / path).read_text()
        assert re.search(rf"def {test or 'test_'}", text), named
        assert not test or f"def {test}(" in text, named
