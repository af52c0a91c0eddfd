"""Services and closures, as the model has them."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tests.model.times.wall import DAY, MINUTE, day_begins

USUAL = 100  # the weight of a share


@dataclass
class Share:
    """What a provider has been given of a service, where anybody could have been."""

    weight: int = USUAL
    served: float = 0
    last: int = 0  # the how manieth booking it was


@dataclass
class Service:
    """A service, its terms by their names in its document."""

    id: int
    terms: dict[str, Any]
    shares: dict[int, Share] = field(default_factory=dict)  # by provider
    needs: dict[str, list[int]] = field(default_factory=dict)
    version: int = 1
    retired: bool = False

    def minutes(self, name: str) -> timedelta:
        """A term that is in minutes."""
        return int(self.terms[f"{name}_minutes"]) * MINUTE

    def document(self) -> dict[str, Any]:
        offers = [
            {"provider": one, "weight": share.weight} for one, share in sorted(self.shares.items())
        ]
        needs = {role: sorted(ids) for role, ids in sorted(self.needs.items())}
        parts = {"providers": offers, "needs": needs, "version": self.version}
        return {"id": self.id} | self.terms | parts


@dataclass
class Closure:
    """Of a provider or of everybody: days, both included, or instants."""

    id: int
    provider_id: int | None
    days: tuple[date, date] | None = None
    instants: tuple[datetime, datetime] | None = None
    reason: str = ""

    def times(self, zone: str) -> tuple[datetime, datetime]:
        """What it takes on that clock."""
        if self.instants:
            return self.instants
        assert self.days
        return day_begins(self.days[0], zone), day_begins(self.days[1] + DAY, zone)

    def document(self) -> dict[str, Any]:
        days = [one.isoformat() for one in self.days] if self.days else [None, None]
        instants = [one.isoformat() for one in self.instants] if self.instants else [None, None]
        return {
            "id": self.id,
            "provider": self.provider_id,
            "from": days[0],
            "to": days[1],
            "starts_at": instants[0],
            "ends_at": instants[1],
            "reason": self.reason,
        }
