"""Every scenario by its name."""

from tests.load.scenarios.base import Scenario
from tests.load.scenarios.book import Book, Hot
from tests.load.scenarios.login import Login
from tests.load.scenarios.mixed import Mixed
from tests.load.scenarios.move import Move
from tests.load.scenarios.read import Read

SCENARIOS: dict[str, type[Scenario]] = {
    one.name: one for one in (Book, Hot, Move, Read, Login, Mixed)
}
