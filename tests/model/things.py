"""What the model is made of, and the documents that show it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from service.booking.calendar.hours.windows import Schedule

EVERYWHERE = -1
Document = dict[str, Any]


@dataclass
class Account:
    id: int
    username: str
    email: str
    password: str
    role: str = "customer"
    provider_id: int = 0
    made_by: int = 0  # the provider whose staff wrote them down

    @property
    def staff_of(self) -> int:
        """A provider's id, EVERYWHERE, or 0."""
        return EVERYWHERE if self.role == "admin" else self.provider_id

    def keeps(self, provider_id: int) -> bool:
        return self.staff_of in (EVERYWHERE, provider_id)

    def document(self) -> Document:
        return {"id": self.id, "username": self.username, "email": self.email}


@dataclass
class Provider:
    id: int
    name: str
    time_zone: str
    version: int = 1
    per_day: int | None = None
    schedule: Schedule = field(default_factory=Schedule)
    calendar_version: int = 1
    opened: bool = False  # whether anybody has ever written its hours

    def document(self) -> Document:
        shown = {"id": self.id, "name": self.name, "time_zone": self.time_zone}
        return shown | ({"per_day": self.per_day} if self.per_day else {})

    def tag(self, version: object) -> str:
        """The tag of what is shown with this provider."""
        return f"{version}" if self.version == 1 else f"{version}-{self.version}"


@dataclass
class Slot:
    id: int
    provider: Provider
    starts_at: datetime
    ends_at: datetime
    capacity: int
    booked: int = 0
    closed: bool = False
    deleted: bool = False
    version: int = 1
    per_person: int = 1
    service_id: int | None = None
    block: tuple[datetime, datetime] | None = None  # of one that was made for a time
    lead: "Slot | None" = None  # the slot of the appointment that it goes with
    chosen: bool = False
    overridden: tuple[str, ...] = ()
    held: int = 0  # how many of them only hold their place
    notice: timedelta | None = None  # before its start, if it is not the usual one

    @property
    def busy(self) -> tuple[datetime, datetime]:
        """From when to when it keeps its provider busy."""
        return self.block or (self.starts_at, self.ends_at)

    @property
    def status(self) -> str:
        if self.closed:
            return "busy-unavailable"
        if self.booked < self.capacity:
            return "free"
        return "busy-tentative" if self.held else "busy"

    def brief(self) -> Document:
        return {
            "id": self.id,
            "start_time": self._on_the_wall(self.starts_at, "%H:%M"),
            "end_time": self._on_the_wall(self.ends_at, "%H:%M"),
        }

    def named(self) -> Document:
        return self.brief() | {"provider": self.provider.name}

    def full(self) -> Document:
        return self.named() | {
            "provider_id": self.provider.id,
            "date": self._on_the_wall(self.starts_at, "%Y-%m-%d"),
            "starts_at": self.starts_at.isoformat(),
            "ends_at": self.ends_at.isoformat(),
            "time_zone": self.provider.time_zone,
            "capacity": self.capacity,
            "remaining": self.capacity - self.booked,
            "status": self.status,
        }

    def alone(self) -> Document:
        """As it is shown by itself."""
        several = {"per_person": self.per_person} if self.per_person > 1 else {}
        return self.full() | several | ({"service": self.service_id} if self.service_id else {})

    def _on_the_wall(self, at: datetime, form: str) -> str:
        return at.astimezone(ZoneInfo(self.provider.time_zone)).strftime(form)


@dataclass
class Appointment:
    id: int
    slot: Slot
    account: Account
    notes: str
    status: str = "booked"
    version: int = 1
    size: int = 1
    history: list[Document] = field(default_factory=list)

    @property
    def seated(self) -> bool:
        """Whether it takes a place: who cancels gives it back, and what has run out."""
        return self.status not in ("cancelled", "expired")

    @property
    def is_hold(self) -> bool:
        """Whether it is, or was to its end, none yet."""
        return self.status in ("held", "expired")

    @property
    def was_held(self) -> bool:
        """Whether it has begun as a hold."""
        return bool(self.history) and self.history[0]["action"] == "hold"

    def held_document(self, expand: bool) -> Document:
        """As whoever holds it sees it."""
        return {"id": self.id, "slot": self.slot.full() if expand else self.slot.named()}

    def own(self, expand: bool) -> Document:
        """As its owner's list has it."""
        shown = self.slot.full() if expand else self.slot.brief()
        return {"id": self.id, "slot": shown, "notes": self.notes, "status": self.status}

    def whole(self, expand: bool) -> Document:
        """As all others show it."""
        shown = self.slot.full() if expand else self.slot.named()
        return self.own(expand) | {"slot": shown, "user": self.account.username}

    def told(self, who: Account) -> list[Document]:
        """Its history as this one sees it."""
        if who.keeps(self.slot.provider.id):
            return self.history
        return [
            line
            if line["actor"] == who.username
            else line
            | {"actor": "staff", "reason": line["reason"] if line["action"] == "cancel" else ""}
            for line in self.history
        ]

    def changed(self, action: str, who: Account, **change: Any) -> None:
        """One more line of history, and the next version."""
        before = self.history[-1]["to_status"] if self.history else None
        line = {"action": action, "actor": who.username, "from_status": before, "reason": ""}
        nowhere = {"from_slot": None, "to_slot": None}
        self.history.append(nowhere | line | {"to_status": self.status} | change)
        self.version = len(self.history)
