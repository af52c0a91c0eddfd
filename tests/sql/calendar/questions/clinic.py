"""A random calendar in the week of some change of clocks, in the database and beside it."""

import json
import random
from datetime import UTC, datetime, time
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from service.booking.calendar import zones
from service.booking.calendar.hours.windows import (
    Hours,
    Opening,
    Schedule,
    Special,
    Weekly,
    check,
    openings,
)
from service.errors import InvalidFields
from tests.model.offered import Closure, Service, Share
from tests.model.things import Account, Provider, Slot
from tests.model.times.turn import Turns
from tests.model.times.wall import DAY, MINUTE, starts
from tests.sql.desk import ALL, Desk
from tests.unit.booking.hours.test_walk import changes

ZONES = ("UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Cairo",
         "Pacific/Kiritimati", "Pacific/Pago_Pago")  # fmt: skip
TIMES = [
    "00:00-06:00", "22:00-06:00", "09:00-17:00", "00:30-01:30", "02:30-06:00", "18:00-00:00",
    "09:00-12:30", "13:00-17:45", "00:00-00:00", "06:00-09:00", "01:45-03:15", "20:00-23:00",
]  # fmt: skip
# Nothing can be booked more than two years ahead, and these years are five: the limits of the
# columns are taken away, in a transaction that is never committed.
UNBOUND = """
ALTER TABLE service DROP CONSTRAINT service_horizon_sane;
ALTER TABLE service DROP CONSTRAINT service_lead_sane
"""

find_changes = cache(changes)
AGREED: dict[str, bool] = {}


EACH = 8  # people, and questions that are asked of them at once


class Clinic:
    """Who works where and when, what can be booked, what is shut and published."""

    def __init__(self, desk: Desk, dice: random.Random) -> None:
        self.desk, self.dice = desk, dice
        desk.cursor.execute(UNBOUND)
        self.now = now = desk.one("SELECT now()").astimezone(UTC)
        coming = [one for one in find_changes() if one[1] > (now + 3 * DAY).date()]
        self.zone, day = dice.choice(coming)
        while not self._agreed(self.zone):
            self.zone, day = dice.choice(coming)
        self.first = datetime.combine(day, time(), UTC) - 2 * DAY
        self.days = [day + n * DAY for n in range(-4, 24)]
        self.times = Turns({}, {}, {}, {}, {}, now, dice.choice([0, 0, 0, 3]))
        self.times.turns = iter(lambda: 1, 0)  # in one transaction it is always now
        self.people = [Account(desk.account(), f"p{n}", "", "") for n in range(EACH)]
        self.boss = Account(desk.account(role="admin"), "boss", "", "", "admin")
        self.leads = [self._provider() for _ in range(dice.randint(1, 3))]
        self.rooms = [self._provider() for _ in range(dice.choice([0, 0, 1, 2]))]
        for _ in range(dice.randint(1, 3)):
            self._service()
        for one in self.leads:
            self._hours(one)
        for _ in range(dice.choice([0, 0, 1, 2])):
            self._close()
        for _ in range(dice.choice([0, 0, 1, 3])):
            self._publish()

    def _agreed(self, zone: str) -> bool:
        """Whether PostgreSQL has the clock that Python counts by; no provider has another."""
        if zone not in AGREED:
            at = zones.instants(zone, self.now.date())
            shown = self.desk.run("provider_zone_offsets", time_zone=zone, instants=at)
            AGREED[zone] = shown[0][0] == zones.offsets(zone, at)
        return AGREED[zone]

    def _provider(self) -> Provider:
        zone = self.dice.choice([self.zone, self.zone, self.dice.choice(ZONES)])
        made = Provider(self.desk.provider("Clinic", zone), "Clinic", zone)
        if self.dice.random() < 0.2:
            made.per_day = self.dice.randint(1, 3)
            self.desk.cursor.execute(
                "UPDATE provider SET per_day = %s WHERE id = %s", [made.per_day, made.id]
            )
        self.times.providers[made.id] = made
        return made

    def _service(self) -> None:
        dice = self.dice
        ahead = self.first - self.times.now
        lead = max(0, ahead // MINUTE + dice.randint(-999, 6000))
        minutes = dice.choice([15, 20, 30, 45, 60, 60, 90, 180])
        capacity = dice.choice([1, 1, 1, 2, 4])
        terms: dict[str, Any] = {
            "duration_minutes": minutes,
            "step_minutes": dice.choice([minutes, 5, 15, 20, 25, 30, 60, 100, 240]),
            "buffer_before_minutes": dice.choice([0, 0, 5, 30]),
            "buffer_after_minutes": dice.choice([0, 0, 10, 45, 480]),
            "lead_minutes": dice.choice([0] * 6 + [lead]),
            "horizon_days": ahead.days + dice.choice([99] * 5 + [dice.randint(0, 9)]),
            "per_day": dice.choice([None, None, None, 1, 2]),
            "per_customer_day": dice.choice([None, None, None, 1]),
            "per_customer_open": dice.choice([None, None, None, 2]),
            "notice_minutes": None,
            "capacity": capacity,
            "party_max": dice.randint(1, capacity),
        }
        offered = dice.sample(self.leads, dice.randint(1, len(self.leads)))
        others = self.rooms + [one for one in self.leads if one not in offered]
        rooms = dice.sample(others, dice.randint(0, min(2, len(others))))
        needs: dict[str, list[int]] = {}
        for room in rooms:
            needs.setdefault(dice.choice(["room", "laser"]), []).append(room.id)
        made = self.desk.service(*(one.id for one in offered), **terms, needs=needs)
        shares = {one.id: Share(dice.choice([50, 100, 200])) for one in offered}
        for one, share in shares.items():
            self.desk.cursor.execute(
                "UPDATE service_provider SET weight = %s"
                " WHERE (service_id, provider_id) = (%s, %s)",
                [share.weight, made, one],
            )
        self.times.services[made] = Service(made, terms, shares, needs)

    def _hours(self, provider: Provider) -> None:
        while True:
            provider.schedule = self._schedule()
            try:
                check(provider.schedule)
                break
            except InvalidFields:
                continue
        zone = ZoneInfo(provider.time_zone)
        made = list(openings(provider.schedule, zone, self.days[0], self.days[-1]))
        rows = {name: [getattr(one, name) for one in made] for name in Opening._fields}
        rows["services"] = [one and f"{{{one[0]}}}" for one in rows["services"]]
        self.desk.run(
            "opening_replace",
            **rows,
            provider_id=provider.id,
            since=self.times.now,
            opened_until=self.days[-1],
            zone_data="2026a",
            raised=1,
        )

    def _schedule(self) -> Schedule:
        dice = self.dice
        weekly = tuple(
            Weekly(frozenset(dice.sample(range(7), dice.choice([2, 5, 7, 7]))), self._some_hours())
            for _ in range(dice.choice([1, 1, 2, 3]))
        )
        days = tuple(
            Special(day, tuple(self._some_hours() for _ in range(dice.choice([0, 1, 1]))))
            for day in dice.sample(self.days[:9], dice.choice([0, 1, 2]))
        )
        return Schedule(weekly, days)

    def _some_hours(self) -> Hours:
        opens, _, closes = self.dice.choice(TIMES).partition("-")
        services = tuple(self.dice.sample([*self.times.services], 1))
        some = self.dice.choice([None, None, None, services])
        return Hours(time.fromisoformat(opens), time.fromisoformat(closes), some)

    def _close(self) -> None:
        who = self.dice.choice([None, *(one.id for one in (*self.leads, *self.rooms))])
        days, instants = None, None
        if self.dice.random() < 0.5:
            first = self.dice.choice(self.days[:9])
            days = first, first + self.dice.choice([0, 0, 1]) * DAY
        else:
            begins = self.moment()
            instants = begins, begins + self.dice.randint(1, 300) * MINUTE
        made = self.desk.run(
            "closure_create",
            provider_id=who or 0,
            from_day=days and days[0],
            until_day=days and days[1],
            starts_at=instants and instants[0],
            ends_at=instants and instants[1],
            reason="",
            actor_id=0,
        )
        self.times.closures[made[0].id] = Closure(made[0].id, who, days, instants)

    def _publish(self) -> None:
        """A slot of some provider, for a service or none; where there is room for it."""
        dice = self.dice
        provider = dice.choice(self.leads)
        offered = [one.id for one in self.times.services.values() if provider.id in one.shares]
        service_id = dice.choice([None, *offered])
        at = self.start(provider) if dice.random() < 0.8 else self.moment()
        until = at + dice.choice([30, 60, 90]) * MINUTE
        if any(slot.busy[0] < until and at < slot.busy[1] for slot in self.times.live(provider.id)):
            return
        capacity = dice.choice([1, 1, 3])
        rows = self.desk.run(
            "slot_create",
            provider_id=[provider.id], starts_at=[at], ends_at=[until], capacity=[capacity],
            per_person=[1], service_id=[service_id],
        )  # fmt: skip
        made = Slot(json.loads(rows[0].body)["id"], provider, at, until, capacity)
        made.service_id, made.closed = service_id, dice.random() < 0.2
        if made.closed:
            self.desk.change(made.id, staff_of=ALL, closed=True)
        self.times.slots[made.id] = made

    # Drawing

    def moment(self) -> datetime:
        """Some minute of these days."""
        return self.first + self.dice.randint(0, 6 * 24 * 60) * MINUTE

    def start(self, provider: Provider, service: Service | None = None) -> datetime:
        """Something that a window of theirs may begin with, mostly."""
        day = self.first + self.dice.randint(0, 5) * DAY
        service = service or self.dice.choice([*self.times.services.values()])
        step = service.minutes("step")
        found = list(starts(provider.schedule, provider.time_zone, step, day, day + DAY))
        return self.dice.choice(found) if found else self.moment()
