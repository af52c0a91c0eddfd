"""Every scenario by its name."""

from tests.load.scenarios.base import Scenario
from tests.load.scenarios.book import Book, Hot
from tests.load.scenarios.calendar_feed import CalendarFeed
from tests.load.scenarios.cancel import Cancel
from tests.load.scenarios.hold import Hold
from tests.load.scenarios.login import Login
from tests.load.scenarios.mixed import Mixed
from tests.load.scenarios.move import Move
from tests.load.scenarios.move_together import MoveTogether
from tests.load.scenarios.read import Read
from tests.load.scenarios.take import BookTime
from tests.load.scenarios.times import Times

SCENARIOS: dict[str, type[Scenario]] = {
    one.name: one
    for one in (
        Book,
        BookTime,
        Cancel,
        Hold,
        Hot,
        Move,
        MoveTogether,
        Read,
        Times,
        CalendarFeed,
        Login,
        Mixed,
    )
}
