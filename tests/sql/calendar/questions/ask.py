"""Asks the list, explain, a dry run and booking the same, and compares what each of them says."""

import json
from collections import Counter
from datetime import datetime
from typing import Any

from tests.model.offered import Service
from tests.model.things import Account, Appointment, Provider, Slot
from tests.model.times.judge import Found
from tests.model.times.seats import enter, leave
from tests.model.times.turn import OVERRIDES, Choice
from tests.model.times.wall import DAY, MINUTE
from tests.sql.calendar.questions.clinic import Clinic
from tests.sql.desk import ALL

SECOND = MINUTE / 60
WITH = "SELECT provider_id, id FROM slot WHERE lead_slot_id = %s AND deleted_at IS NULL"


class Asking:
    """Questions to one clinic. What comes out is counted in `seen`, what differs is in `wrong`."""

    def __init__(self, clinic: Clinic, seen: Counter[str], wrong: list[Any]) -> None:
        self.clinic, self.seen, self.wrong = clinic, seen, wrong
        self.desk, self.dice, self.times = clinic.desk, clinic.dice, clinic.times

    def ask(self) -> None:
        """One question, about some time of some service."""
        booked = [one for one in self.times.appointments.values() if one.status == "booked"]
        movable = [one for one in booked if one.slot.service_id]
        draw = self.dice.random()
        if movable and draw < 0.2:
            self.move(self.dice.choice(movable))
        elif draw < 0.3:
            self.override()
        else:
            self.book()
        if booked and self.dice.random() < 0.3:
            self.cancel(self.dice.choice(booked))
        if self.dice.random() < 0.05:
            self.list_days()

    def same(self, what: str, said: Any, expected: Any, *about: Any) -> None:
        if said != expected:
            self.wrong.append((what, said, expected, *about))

    def drawn(self) -> tuple[Service, Provider, datetime]:
        """A service, one who mostly gives it, and when."""
        service = self.dice.choice([*self.times.services.values()])
        provider = self.dice.choice(self.clinic.leads)
        if self.dice.random() < 0.9:
            provider = self.times.providers[self.dice.choice([*service.shares])]
        return service, provider, self.when(provider, service)

    def when(self, provider: Provider, service: Service) -> datetime:
        """Mostly something that may be free, or was; now and then a little beside it."""
        at = self.clinic.start(provider, service)
        if self.dice.random() < 0.1:
            at = self.clinic.moment()
        theirs = [slot.starts_at for slot in self.times.live(provider.id)]
        if theirs and self.dice.random() < 0.35:
            at = self.dice.choice(theirs)
        return at + self.dice.choice([0] * 9 + [1, -60, 300, 3600]) * SECOND

    def survey(self) -> None:
        """Some questions at once, to which nothing is made."""
        questions = [self.question(who) for who in self.clinic.people]
        size = self.dice.choice([1, 1, 1, 1, 2])
        self.listed_at_once(questions, size)
        for service, provider_id, at, who in questions:
            self.explained(service, provider_id, at, size, who)
        asked: dict[str, Any] = {"size": size, "max_open": self.times.max_open, "expand": True}
        wishes = [(who.id, service.id, one, at) for service, one, at, who in questions]
        rows = self.tried(*wishes, **asked)
        for question, wish, row in zip(questions, wishes, rows, strict=True):
            service, provider_id, at, who = question
            again = row.verdict == "again"  # for a neighbour's sake
            said = self.tried(wish, **asked)[0].verdict if again else row.verdict
            choice = self.times.chosen(service, provider_id, at, size, who)
            expected = self._expected(choice)
            self.seen[expected] += 1
            self.same("book", said, expected, wish, size, choice)

    def question(self, who: Account) -> tuple[Service, int, datetime, Account]:
        service, provider, at = self.drawn()
        return service, self.dice.choice([provider.id, provider.id, 0]), at, who

    def tried(self, *wishes: tuple[int, int, int, datetime], **asked: Any) -> list[Any]:
        """What booking says, undone."""
        self.desk.cursor.execute("SAVEPOINT dry")
        rows = self.desk.take(*wishes, **asked)
        self.desk.cursor.execute("ROLLBACK TO SAVEPOINT dry")
        self.desk.cursor.execute("RELEASE SAVEPOINT dry")
        return rows

    def listed_at_once(
        self, questions: list[tuple[Service, int, datetime, Account]], size: int
    ) -> None:
        """Whether each of the times is in the list of its own moment."""
        count = len(questions)
        rows = self.desk.run(
            "time_list",
            service_id=[service.id for service, *_ in questions],
            provider_id=[provider_id for _, provider_id, *_ in questions],
            from_at=[at for *_, at, _ in questions],
            to_at=[at + SECOND / 1000 for *_, at, _ in questions],
            size=[size] * count, except_slot_id=[0] * count, after_at=["-infinity"] * count,
            after_id=[-1] * count, limit=[100] * count, known=[""] * count,
        )  # fmt: skip
        for (service, provider_id, at, _), row in zip(questions, rows, strict=True):
            span = at, at + SECOND / 1000
            self.compare_list(json.loads(row.body), service, provider_id, span, size, None)

    def book(self) -> None:
        service, provider, at = self.drawn()
        provider_id = self.dice.choice([provider.id, 0])
        most = service.terms["party_max"] + (self.dice.random() < 0.1)
        size, who = self.dice.randint(1, most), self.dice.choice(self.clinic.people)
        about = service.id, provider_id, at, size, who.id
        self.listed(service, provider_id, (at, at + SECOND / 1000), size)
        self.explained(service, provider_id, at, size, who)
        self.taken(service, provider_id, at, size, who, frozenset(), about)

    def override(self) -> None:
        service, provider, at = self.drawn()
        who = self.dice.choice(self.clinic.people)
        names = frozenset(self.dice.sample(sorted(OVERRIDES), self.dice.randint(1, 4)))
        provider_id = self.dice.choice([provider.id, provider.id, 0])
        about = service.id, provider_id, at, 1, who.id, sorted(names)
        self.taken(service, provider_id, at, 1, who, names, about)

    def listed(
        self, service: Service, provider_id: int, span: tuple[datetime, datetime], size: int,
        spared: Slot | None = None,
    ) -> None:  # fmt: skip
        """The list of a span is what is found."""
        shown = self.desk.times(
            service.id, provider_id, from_at=span[0], to_at=span[1], size=size, limit=5000,
            except_slot_id=spared.id if spared else 0,
        )  # fmt: skip
        self.compare_list(shown, service, provider_id, span, size, spared)

    def compare_list(
        self, shown: list[Any], service: Service, provider_id: int,
        span: tuple[datetime, datetime], size: int, spared: Slot | None,
    ) -> None:  # fmt: skip
        found = self.times.found(service, provider_id, span, size, spared)
        said = [self._told(one, provider_id) for one in shown]
        expected = self._grouped(found) if provider_id == 0 else [self._one(one) for one in found]
        self.seen["listed" if found else "not listed"] += 1
        self.same("list", said, expected, service.id, provider_id, span, size)

    def _told(self, shown: dict[str, Any], provider_id: int) -> tuple[Any, ...]:
        at, ends_at = (datetime.fromisoformat(shown[name]) for name in ("starts_at", "ends_at"))
        if provider_id == 0:
            return at, shown["remaining"], shown["providers"]
        return at, ends_at, shown["remaining"], shown.get("slot"), shown["provider_id"]

    def _one(self, one: Found) -> tuple[Any, ...]:
        slot_id = one.slot.id if one.slot else None
        return one.at, one.ends_at, one.remaining, slot_id, one.provider.id

    def _grouped(self, found: list[Found]) -> list[tuple[Any, ...]]:
        left: dict[datetime, list[int]] = {}
        for one in found:
            left.setdefault(one.at, []).append(one.remaining)
        return [(at, sum(each), len(each)) for at, each in left.items()]

    def explained(
        self, service: Service, provider_id: int, at: datetime, size: int, who: Account
    ) -> None:
        """Explain says what speaks against it, and first of all what booking would say."""
        rows = self.desk.explain(
            who.id, max_open=self.times.max_open, service_id=service.id, provider_id=provider_id,
            starts_at=at, size=size,
        )  # fmt: skip
        said = [(row.provider_id, row.refusals, row.met, row.missing) for row in rows]
        expected = [
            (one.judged.provider.id, one.refusals, one.met, one.judged.missing)
            for one in self.times.explained(service, provider_id, at, size, who)
        ]
        self.same("explain", said, expected, service.id, provider_id, at, size, who.id)

    def taken(
        self, service: Service, provider_id: int, at: datetime, size: int, who: Account,
        override: frozenset[str], about: tuple[Any, ...],
    ) -> None:  # fmt: skip
        """A dry run says what booking says next, which is what was expected; made or not."""
        choice = self.times.chosen(service, provider_id, at, size, who, override)
        asked: dict[str, Any] = {"size": size, "max_open": self.times.max_open, "expand": True}
        if override:
            asked |= {"who": self.clinic.boss.id, "staff_of": ALL, "reason": "Because"}
            asked |= {"override": ",".join(sorted(override))}
        wish = who.id, service.id, provider_id, at
        [tried] = self.tried(wish, **asked)
        [row] = self.desk.take(wish, **asked)
        self.same("dry run", tried.verdict, row.verdict, *about)
        expected = self._expected(choice)
        self.seen[expected] += 1
        self.same("book", row.verdict, expected, *about, choice)
        if row.verdict == expected == "booked":
            assert choice
            self._book(service, choice, row, size, who, provider_id == 0)
        elif row.verdict == expected == "slot_taken":
            assert choice
            role, times, left = row.body.split("\n")
            slot = choice.judged.slot
            there = slot.capacity - slot.booked if slot and not slot.closed else 0
            self.same("role", (role, left), (choice.judged.missing or "", str(there or "")), *about)
            if self.dice.random() < 0.2:
                self._near(service, provider_id, at, size, json.loads(times), about)
        elif row.verdict == expected == "limit_reached":
            assert choice
            self.same("limit", row.body, choice.met, *about)

    def _expected(self, choice: Choice | None) -> str:
        if choice is None:
            return "not_offered"
        return choice.refusals[0] if choice.refusals else "booked"

    def _near(
        self, service: Service, provider_id: int, at: datetime, size: int, times: list[Any],
        about: tuple[Any, ...],
    ) -> None:  # fmt: skip
        said = [self._told(one, one["provider_id"]) for one in times]
        found = self.times.near(service, provider_id, at, size)
        self.same("next", said, [self._one(one) for one in found], *about)

    def _book(
        self, service: Service, choice: Choice, row: Any, size: int, who: Account, anybody: bool
    ) -> None:
        document = json.loads(row.body)
        told = document["slot"]
        judged = choice.judged
        self.same("provider", told["provider_id"], judged.provider.id, judged)
        standing = judged.slot.id if judged.slot else None
        self.same("slot", told["id"] in self.times.slots, standing is not None, judged)
        self.desk.cursor.execute(WITH, [told["id"]])
        rooms = dict(self.desk.cursor.fetchall())
        if not judged.slot:
            self.same("rooms", sorted(rooms), sorted(judged.rooms), judged)
        if self.wrong:
            return
        slot = enter(self.times, service, choice, size, told["id"], rooms, anybody)
        self.same("remaining", told["remaining"], slot.capacity - slot.booked, judged)
        new = Appointment(document["id"], slot, who, "", size=size)
        self.times.appointments[new.id] = new

    def move(self, one: Appointment) -> None:
        """What moving it is told is what the list has, less what only they hear."""
        service = self.times.services[one.slot.service_id or 0]
        provider = self.dice.choice(self.clinic.leads)
        provider_id = self.dice.choice([0, 0, provider.id])
        target = self.times.providers[provider_id] if provider_id else one.slot.provider
        at, who = self.when(target, service), one.account
        spared = one.slot if one.slot.block and one.slot.booked == one.size else None
        if target.id in service.shares:
            span = at, at + SECOND / 1000
            self.listed(service, target.id, span, one.size, spared)
        expected = self._moved(service, one, target, at, spared)
        [row] = self.desk.retime((one.id, one.slot.id, provider_id, at), who=who.id, expand=True)
        about = one, target.id, at
        self.seen[f"move {expected if isinstance(expected, str) else 'moved'}"] += 1
        if isinstance(expected, str):
            self.same("move", row.verdict, expected, *about)
            return
        self.same("move", row.verdict, "moved", *about, expected)
        if row.verdict != "moved":
            return
        told = json.loads(row.body)["new_slot"]
        self.desk.cursor.execute(WITH, [told["id"]])
        rooms = dict(self.desk.cursor.fetchall())
        old = one.slot
        leave(self.times, old, one.size)
        one.slot = enter(self.times, service, expected, one.size, told["id"], rooms, left=old)
        if not expected.judged.slot:
            self.same("rooms", sorted(rooms), sorted(expected.judged.rooms), *about)
        self.same("remaining", told["remaining"], one.slot.capacity - one.slot.booked, *about)

    def _moved(
        self, service: Service, one: Appointment, target: Provider, at: datetime,
        spared: Slot | None,
    ) -> Choice | str:  # fmt: skip
        """What becomes of a move."""
        if one.slot.provider is target and one.slot.starts_at == at:
            return "same_slot"
        if target.id not in service.shares:
            return "not_offered"
        judged = self.times.judge(service, target, at, one.size, spared)
        choice = self.times.weighed(service, judged, one.account, one)
        return choice.refusals[0] if choice.refusals else choice

    def cancel(self, one: Appointment) -> None:
        [row] = self.desk.end(one.id, who=one.account.id)
        self.same("cancel", row.verdict, "ended", one)
        one.status = "cancelled"
        leave(self.times, one.slot, one.size)

    def list_days(self) -> None:
        """The whole list of a few days."""
        service = self.dice.choice([*self.times.services.values()])
        provider_id = self.dice.choice([0, *service.shares])
        begins = self.clinic.first + self.dice.randint(0, 4) * DAY
        span = begins, begins + self.dice.choice([1, 2]) * DAY
        self.listed(service, provider_id, span, self.dice.choice([1, 1, 2]))
