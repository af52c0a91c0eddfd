"""What happens around a booking: holds and their end, and people who stand in line."""

import statistics
from typing import Any

from service.settings import Settings
from tests.load.measure import Load, measured
from tests.load.plan import OPEN_CONNECTIONS
from tests.load.report.words import duration
from tests.load.scenarios.cancel import DAYS, Cancel
from tests.load.stage import tomorrow
from tests.load.target import SERVER, witness
from tests.load.targets.parts import of_kind
from tests.load.targets.stand import CONNECTIONS, Row, Stand, in_turn, stand
from tests.load.targets.times import cost

BOOKINGS = 300  # a second, while holds run out
DUE = 100_000  # holds
LINE = 10_000  # people who wait for a service
CANCELLED = 500  # in a turn, for each of its seconds
LATE = 60.0  # seconds for a turn of requests that are counted
PROCESSES = ("server", "PostgreSQL", "Redis")

# Each in a slot of its own, a thousand to a provider.
HELD = """
SET synchronous_commit = off;
WITH owner AS (
    INSERT INTO provider (name, time_zone)
    SELECT 'Held ' || n, 'Europe/Berlin' FROM generate_series(0, (%(count)s - 1) / 1000) AS n
    RETURNING id
), held AS (
    INSERT INTO slot (provider_id, starts_at, ends_at, booked, version, next_expiry)
    SELECT owner.id, start.at, start.at + interval '15 minutes', 1, 2, 'infinity'
      FROM owner
     CROSS JOIN generate_series(0, least(1000, %(count)s) - 1) AS n
     CROSS JOIN LATERAL (SELECT %(from)s + n * interval '15 minutes' AS at) AS start
    RETURNING id
), appointed AS (
    INSERT INTO appointment (slot_id, place, account_id, status, expires_at)
    SELECT id, 1, %(account)s, 'held', 'infinity' FROM held
    RETURNING id, account_id, slot_id, status
)
INSERT INTO appointment_history (appointment_id, actor_id, action, to_slot_id, to_status)
SELECT id, account_id, 'hold', slot_id, status FROM appointed;
"""
# When all that are left of them end.
END = """
UPDATE slot SET next_expiry = %(at)s::timestamptz WHERE next_expiry IS NOT NULL;
UPDATE appointment SET expires_at = %(at)s::timestamptz WHERE expires_at IS NOT NULL;
"""
LEFT = "SELECT count(*) FROM appointment WHERE expires_at IS NOT NULL"
QUIET = "VACUUM ANALYZE slot, appointment, appointment_history, waiting, waiting_line"
# Whoever comes first is offered what is left first, whatever it is.
WAITING = """
SET synchronous_commit = off;
WITH stands AS (
    INSERT INTO waiting (account_id, service_id, from_at, until_at)
    SELECT account.id, %(service)s, %(from)s, %(from)s + make_interval(days => %(days)s)
      FROM unnest(%(accounts)s) AS account (id)
    RETURNING waiting AS one
)
INSERT INTO waiting_line (slot_id, service_id, provider_id, day, waiting_id)
SELECT 0, (stands.one).service_id, 0, waited.day, (stands.one).id
  FROM stands CROSS JOIN LATERAL waiting_days(stands.one) AS waited;
"""
OFFERED = "SELECT count(hold_id) FROM waiting WHERE service_id = ANY (%s)"


async def holds(settings: Settings, repeat: int, seconds: float, _: int) -> list[Row]:
    """a hold and its confirmation beside a booking"""
    async with stand(settings) as here:
        arms = {name: here.arm(here.scenario(name)) for name in ("book", "hold")}
        found = await in_turn(arms, repeat, seconds)
        await here.check()
    book, half = found["book"], found["hold"]  # an answer there is one half of both
    both, loop = 2 * cost(half) / cost(book), half.cpu[SERVER] / book.cpu[SERVER]
    return [
        Row("CPU of all for a booking", "", duration(cost(book))),
        Row("CPU of all to hold and confirm, by a booking", "≤ 2.2", f"{both:.2f}", both <= 2.2),
        Row("CPU of the server for either, by a booking", "≤ 1.0", f"{loop:.2f}", loop <= 1.0),
    ]


async def expiry(settings: Settings, repeat: int, seconds: float, _: int) -> list[Row]:
    """bookings while a hundred thousand holds are due"""
    p99s: dict[str, list[float]] = {"infinity": [], "now": []}
    async with stand(settings) as here:
        scenario = here.scenario("book")
        load = Load(OPEN_CONNECTIONS, 2 * seconds, rate=BOOKINGS)
        [one] = await here.world.stage.add_people(1)
        _run(here, HELD, {"count": DUE, "from": tomorrow(), "account": one.account_id})
        for _round in range(repeat):
            for at, found in p99s.items():
                await scenario.prepare(load.most)
                _run(here, END, {"at": at})
                _run(here, QUIET)
                run = await measured(here.target, scenario, load, f"due {at}")
                found.append(of_kind(run, "book")["p99"])
        [(left,)] = _run(here, LEFT)
        await here.check()
    calm, busy = statistics.median(p99s["infinity"]), statistics.median(p99s["now"])
    times = f"{busy / calm:.2f}"
    return [
        Row(f"p99 of {BOOKINGS} bookings a second beside {DUE:,} holds", "", duration(calm)),
        Row("the same while they are due, by that", "≤ 1.5", times, busy <= 1.5 * calm),
        Row("holds that have ended meanwhile", "", f"{DUE - left:,}"),
    ]


async def waitlist(settings: Settings, repeat: int, seconds: float, _: int) -> list[Row]:
    """cancellations while ten thousand people wait for that service"""
    costs: dict[bool, list[float]] = {False: [], True: []}
    async with stand(settings) as here:
        people = [one.account_id for one in await here.world.stage.add_people(LINE)]
        load = Load(CONNECTIONS, LATE, warm_up=0.0, requests=round(CANCELLED * seconds))
        awaited = []
        for _round in range(repeat):
            for waited, found in costs.items():
                scenario = here.scenario("cancel")
                assert isinstance(scenario, Cancel)
                assert load.requests
                await scenario.prepare(load.requests)
                if waited:
                    awaited.append(scenario.service_id)
                    wait(here, scenario.service_id, people)
                _run(here, QUIET)
                run = await measured(here.target, scenario, load, f"{waited and LINE:,} wait")
                found.append(sum(run["cpu"][name]["per_request"] for name in PROCESSES))
        [(offered,)] = _run(here, OFFERED, (awaited,))
        await here.check()
    alone, beside = statistics.median(costs[False]), statistics.median(costs[True])
    times = f"{beside / alone:.2f}"
    return [
        Row("CPU of all for a cancellation", "", duration(alone)),
        Row(f"the same with {LINE:,} in line, by that", "≤ 1.5", times, beside <= 1.5 * alone),
        Row("offers that were made", "", f"{offered:,}"),
    ]


def wait(here: Stand, service_id: int, account_ids: list[int]) -> None:
    """Stand all these in line for a service, whose times suit everybody."""
    given = {"service": service_id, "accounts": account_ids, "from": tomorrow(), "days": DAYS}
    _run(here, WAITING, given)


def _run(here: Stand, text: str, given: Any = None) -> list[Any]:
    """Run statements of our own; what the last one finds."""
    assert here.target.settings
    with witness(here.target.settings) as connection, connection.cursor() as cursor:
        cursor.execute(text, given)
        found: list[Any] = cursor.fetchall() if cursor.description else []
    return found
