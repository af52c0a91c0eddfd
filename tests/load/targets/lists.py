"""What lists cost in calendars that are long, rare in what is asked for, or fat."""

from datetime import timedelta
from typing import Any, ClassVar

from service.settings import Settings
from tests.load.limits import sample
from tests.load.report.words import duration
from tests.load.scenarios.base import Expected, Options, Scenario
from tests.load.stage import Person, tomorrow
from tests.load.target import witness
from tests.load.targets.big import rebuilt
from tests.load.targets.stand import Row, Stand, in_turn, stand
from tests.load.wire import Request

EARLIER = 480_000  # slots of a provider before the day that is asked for
MARGIN = 1.1
MOST = 30_000  # microseconds of CPU for a list that nobody asks for beside
SHORT, LONG = "free slots of a day", "free slots of a late day"
DAY = timedelta(days=1)

# A provider with many slots before a day, one with that day alone, and one whose every other slot
# is booked, all by one customer with the longest notes there can be.
GROW = """
INSERT INTO provider (name, time_zone)
VALUES ('Long', 'UTC'), ('Short', 'UTC'), ('Busy', 'UTC');
INSERT INTO slot (provider_id, starts_at, ends_at, booked)
SELECT provider.id, at, at + interval '15 minutes', (name = 'Busy' AND n %% 2 = 0)::integer
  FROM provider,
       LATERAL generate_series(
           CASE name WHEN 'Long' THEN -%(earlier)s ELSE 0 END,
           CASE name WHEN 'Busy' THEN 1999 ELSE 95 END) AS n,
       LATERAL (SELECT %(day)s + n * interval '15 minutes' AS at) AS start
 WHERE name IN ('Long', 'Short', 'Busy');
INSERT INTO appointment (slot_id, place, account_id, notes)
SELECT id, 1, %(account_id)s, repeat(chr(128512), 4000) FROM slot WHERE booked = 1;
"""


class Asking(Scenario):
    """One list, asked for again and again by one person or by nobody."""

    expected: ClassVar[Expected] = {"ask": frozenset({200})}

    def __init__(self, here: Stand, path: str, who: Person | None = None) -> None:
        super().__init__(here.world, Options())
        self._request = self.get(path, "ask", who)

    async def prepare(self, requests: int) -> None:
        """All is there."""

    def next(self) -> Request | None:
        return self._request


async def lists(settings: Settings, repeat: int, seconds: float, _: int) -> list[Row]:
    """lists of every role in long calendars"""
    async with stand(settings) as here:
        [customer] = await here.world.stage.add_people(1)
        ids = grow(here, customer)
        staff = await here.stage.add_staff(ids["Busy"])
        asked = scenarios(here, ids, customer, staff)
        largest = 0
        for one in asked.values():
            largest = max(largest, len((await sample(here.target, one))["body"].encode()))
        alone = {name: here.lone(one) for name, one in asked.items()}
        beside = {f"64: {name}": here.arm(asked[name]) for name in (SHORT, LONG)}
        found = await in_turn(alone | beside, repeat, seconds)
    costs = {name: sum(one.cpu.values()) for name, one in found.items()}
    short, long = costs[f"64: {SHORT}"], costs[f"64: {LONG}"]
    times, megabytes = long / short, largest / 1_000_000
    return [
        Row(f"CPU of all for {SHORT}", "", f"{short:.0f} µs"),
        Row(f"the same after {EARLIER:,}, by that", f"≤ {MARGIN}", f"{times:.2f}", times <= MARGIN),
        *(_bounded(name, costs[name]) for name in asked),
        Row("the longest of these answers", "≤ 1 MB", f"{megabytes:.2f} MB", megabytes <= 1),
    ]


def _bounded(name: str, cpu: float) -> Row:
    return Row(f"CPU of all for {name}", f"≤ {duration(MOST)}", duration(cpu), cpu <= MOST)


def scenarios(
    here: Stand, ids: dict[str, int], customer: Person, staff: Person
) -> dict[str, Asking]:
    """Each list by what it is called."""
    begin, end = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (tomorrow(), tomorrow() + DAY))
    times = f"&from={begin}&to={end}"
    free, busy = "/api/slots/?status=free", f"/api/appointments/?provider={ids['Busy']}"
    return {
        SHORT: Asking(here, f"{free}&provider={ids['Short']}{times}"),
        LONG: Asking(here, f"{free}&provider={ids['Long']}{times}"),
        "a status that no slot has": Asking(
            here, "/api/slots/?status=busy-unavailable&from=1971-01-01"
        ),
        "own fat appointments": Asking(here, "/api/appointments/?limit=500", customer),
        "staff's day": Asking(here, busy + times, staff),
        "staff's list of 1,000 appointments": Asking(here, f"{busy}&limit=500", staff),
    }


def grow(here: Stand, customer: Person) -> dict[str, int]:
    """Fill the calendars; the ids of the providers by name."""
    assert here.target.settings
    given: dict[str, Any] = {
        "earlier": EARLIER, "day": tomorrow(), "account_id": customer.account_id
    }  # fmt: skip
    with witness(here.target.settings) as connection, connection.cursor() as cursor:
        with rebuilt(cursor):
            cursor.execute(GROW, given)
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SELECT name, id FROM provider")
        return dict(cursor.fetchall())
