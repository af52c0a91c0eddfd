"""A calendar of somebody else that closes a clinic's time."""

import dataclasses
from datetime import datetime
from typing import Any

from service.booking.delivery import busy
from service.deps import Deps
from service.senders.http import Client
from tests.api.calendar.times.scene import HOUR, Clinic
from tests.calendars import Elsewhere, calendar

SECRET = "Interview with a rival"
DUE = "UPDATE calendar_source SET next_at = CASE WHEN id = %s THEN now() ELSE 'infinity' END"


def event(begin: datetime, hours: float = 1, *more: str) -> tuple[str, ...]:
    end = begin + hours * HOUR
    lines = (f"DTSTART:{begin:%Y%m%dT%H%M%SZ}", f"DTEND:{end:%Y%m%dT%H%M%SZ}")
    return (*lines, f"UID:{begin:%d%H}@else", f"SUMMARY:{SECRET}", *more)


class Diary:
    """A calendar of somebody else that closes a clinic's time; looked at when told to."""

    def __init__(self, clinic: Clinic, there: Elsewhere, deps: Deps, database: Any) -> None:
        self.clinic, self.there, self.database = clinic, there, database
        self.deps = dataclasses.replace(deps, http=Client(private=True))
        self.path = f"/api/providers/{clinic.provider_id}/calendars/"
        self.id = 0

    async def add(self) -> None:
        made = await self.clinic.api.post(
            self.path, {"url": self.there.url}, who=self.clinic.keeper
        )
        assert made.status == 201, made
        self.id = made.json["id"]

    async def look(self) -> str:
        """Read it now; how that went."""
        if not self.id:
            await self.add()
        with self.database.cursor() as cursor:
            cursor.execute(DUE, [self.id])
        self.database.commit()
        return await busy.look(self.deps)

    async def says(self, *events: tuple[str, ...]) -> str:
        """Let it say this, and read it."""
        self.there.say(calendar(*events))
        return await self.look()

    async def shown(self) -> Any:
        [one] = (await self.clinic.api.get(self.path, who=self.clinic.keeper)).json
        return one
