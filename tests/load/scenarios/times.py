"""Reading times: a week of one provider or of any, the next one, and a week that is known."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import ClassVar

from tests.load.clinic import OFFICE, Clinic, Time
from tests.load.errors import LoadError
from tests.load.scenarios.base import Expected, Options, Scenario, World, flat_out
from tests.load.scenarios.take import Taking
from tests.load.stage import tomorrow
from tests.load.wire import Request, header

PROVIDERS = 20
WEEKS = 8
TAKEN = 7  # every seventh time is
WEEK = timedelta(days=7)
KINDS = ("week", "any", "next", "week-304")


class Times(Scenario):
    """A quarter each; `only` names the kinds that are wanted. Nothing changes meanwhile."""

    name = "times"
    help = "free times of a week with one provider or any, the next one, a 304; --only picks some"
    people = 20
    expected: ClassVar[Expected] = {
        "week": frozenset({200}),
        "any": frozenset({200}),
        "next": frozenset({200}),
        "week-304": frozenset({200, 304}),  # 200 the first time, which brings the ETag
    }

    def __init__(self, world: World, options: Options) -> None:
        super().__init__(world, options)
        wanted = options.only.split(",") if options.only else KINDS
        if not set(wanted) <= set(KINDS):
            raise LoadError(f"--only takes some of: {','.join(KINDS)}.")
        self._turns = itertools.cycle(wanted)
        self._clinic: Clinic | None = None
        self._tags: dict[str, bytes] = {}
        self._paths: dict[str, Callable[[], str]] = {
            "week": self._week,
            "any": lambda: self._base() + _span(self._monday()),
            "next": lambda: f"{self._base()}next/?provider={self._provider()}",
        }

    async def prepare(self, requests: int) -> None:
        await super().prepare(requests)
        if self._clinic is None:
            self._clinic = await self.world.stage.add_clinic(OFFICE, PROVIDERS)
            await flat_out(self._settling(self._clinic))

    def _settling(self, clinic: Clinic) -> Taking:
        """Somebody has booked a part of all times already."""
        starts = list(OFFICE.starts(tomorrow(), 7 * (WEEKS + 2)))
        wanted = [
            Time(clinic.service_id, provider_id, starts[n])
            for number, provider_id in enumerate(clinic.provider_ids)
            for n in range(number % TAKEN, len(starts), TAKEN)
        ]
        settling = Taking(self.world, self.options, wanted)
        settling.persons = self.persons
        return settling

    def next(self) -> Request | None:
        kind = next(self._turns)
        what, _, again = kind.partition("-")
        path = self._paths[what]()
        tag = self._tags.get(path) if again else None
        extra = b"If-None-Match: %b\r\n" % tag if tag else b""
        return self.get(path, kind, None, extra)._replace(note=path)

    def answered(self, request: Request, status: int, head: bytes, body: bytes) -> None:
        if status == 200 and request.kind.endswith("304"):
            self._tags[request.note] = header(head, b"etag") or b""

    def _base(self) -> str:
        assert self._clinic
        return f"/api/services/{self._clinic.service_id}/times/"

    def _provider(self) -> int:
        assert self._clinic
        return self.world.random.choice(self._clinic.provider_ids)

    def _week(self) -> str:
        return f"{self._base()}{_span(self._monday())}&provider={self._provider()}"

    def _monday(self) -> int:
        """How many weeks from the first Monday on."""
        return self.world.random.randrange(WEEKS)


def _span(weeks: int) -> str:
    """The filter for a week that begins on a Monday."""
    day = tomorrow()
    monday = day + timedelta(days=-day.weekday() % 7) + weeks * WEEK
    return f"?from={monday:%Y-%m-%d}&to={monday + WEEK:%Y-%m-%d}"
