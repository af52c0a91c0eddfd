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

# A provider with many slots before a day, some of them booked by one customer, one with that day
# alone, and one whose every other slot is booked, all by another with the longest notes.
GROW = """
INSERT INTO provider (name, time_zone)
VALUES ('Long', 'UTC'), ('Short', 'UTC'), ('Busy', 'UTC');
INSERT INTO slot (provider_id, starts_at, ends_at, booked)
SELECT provider.id, at, at + interval '15 minutes',
       (name = 'Busy' AND n %% 2 = 0 OR name = 'Long' AND n < 0 AND n %% 8 = 0)::integer
  FROM provider,
       LATERAL generate_series(
           CASE name WHEN 'Long' THEN -%(earlier)s ELSE 0 END,
           CASE name WHEN 'Busy' THEN 1999 ELSE 95 END) AS n,
       LATERAL (SELECT %(day)s + n * interval '15 minutes' AS at) AS start
 WHERE name IN ('Long', 'Short', 'Busy');
INSERT INTO appointment (slot_id, place, account_id, notes)
SELECT slot.id, 1,
       CASE name WHEN 'Busy' THEN %(fat)s ELSE %(often)s END,
       CASE name WHEN 'Busy' THEN repeat(chr(128512), 4000) ELSE '' END
  FROM slot
  JOIN provider ON provider.id = slot.provider_id
 WHERE booked = 1;
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
        fat, often = await here.world.stage.add_people(2)
        ids = grow(here, fat, often)
        busy, long = [await here.stage.add_staff(ids[name]) for name in ("Busy", "Long")]
        asked = of_slots(here, ids) | of_appointments(here, ids, fat, often, busy, long)
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


def of_slots(here: Stand, ids: dict[str, int]) -> dict[str, Asking]:
    """Each list of slots by what it is called."""
    free = f"/api/slots/?status=free{times()}"
    return {
        SHORT: Asking(here, f"{free}&provider={ids['Short']}"),
        LONG: Asking(here, f"{free}&provider={ids['Long']}"),
        "a status that no slot has": Asking(
            here, "/api/slots/?status=busy-unavailable&from=1971-01-01"
        ),
    }


def of_appointments(
    here: Stand, ids: dict[str, int], fat: Person, often: Person, busy: Person, long: Person
) -> dict[str, Asking]:
    """Each list of appointments by what it is called."""
    own, none = "/api/appointments/?limit=500", "&status=noshow"
    of_busy, of_long = (f"{own}&provider={ids[name]}" for name in ("Busy", "Long"))
    return {
        "own fat appointments": Asking(here, own, fat),
        "own of a status that none has": Asking(here, own + none, often),
        "own with a provider of none": Asking(here, of_busy, often),
        "staff's day": Asking(here, of_busy + times(), busy),
        "staff's list of 1,000 appointments": Asking(here, of_busy, busy),
        "staff's list of all times": Asking(here, of_long, long),
        "staff's of a status that none has": Asking(here, of_long + none, long),
    }


def times() -> str:
    """The filter for the day that is asked for."""
    begin, end = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (tomorrow(), tomorrow() + DAY))
    return f"&from={begin}&to={end}"


def grow(here: Stand, fat: Person, often: Person) -> dict[str, int]:
    """Fill the calendars; the ids of the providers by name."""
    assert here.target.settings
    given: dict[str, Any] = {
        "earlier": EARLIER, "day": tomorrow(), "fat": fat.account_id, "often": often.account_id
    }  # fmt: skip
    with witness(here.target.settings) as connection, connection.cursor() as cursor:
        with rebuilt(cursor):
            cursor.execute(GROW, given)
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SELECT name, id FROM provider")
        return dict(cursor.fetchall())
