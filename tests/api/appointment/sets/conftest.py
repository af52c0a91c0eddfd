"""The clinic of these tests."""

import pytest

from tests.api.calendar.times.scene import Clinic
from tests.cast import Api, Given, Person


@pytest.fixture
def clinic(api: Api, given: Given, keeper: Person) -> Clinic:
    return Clinic(api, given, keeper)
