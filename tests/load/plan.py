"""What one invocation is to do, and the bounds within which it may."""

from dataclasses import dataclass, fields
from pathlib import Path

from tests.load.errors import LoadError
from tests.load.measure import Load
from tests.load.scenarios import SCENARIOS

# Whoever needs more wants a machine and a tool of another kind.
BOUNDS = {
    "seconds": (0.5, 600),
    "warm_up": (0, 60),
    "rate": (1, 50_000),
    "connections": (1, 5_000),
    "requests": (1, 5_000_000),
    "people": (1, 20_000),
    "slots": (1, 500_000),
    "logins": (0, 500),
    "idle": (0, 18_000),
    "repeat": (1, 20),
    "p99": (1, 10_000),
    "part_seconds": (0.5, 60),
}
WARM_UP = 1.0  # seconds, unless told; none where each of so many requests counts
OPEN_CONNECTIONS = 256  # the most that an open loop uses, unless told


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The command line, checked. None: not given."""

    scenario: str
    url: str | None = None
    data_dir: str | None = None
    admin_user: str | None = None
    rate: float | None = None
    connections: int | None = None
    seconds: float = 10.0
    warm_up: float | None = None
    requests: int | None = None
    people: int | None = None
    slots: int | None = None
    only: str | None = None
    logins: int = 0
    idle: int = 0
    ramp: bool = False
    p99: float = 50.0  # milliseconds
    limits: bool = False
    repeat: int = 5
    part_seconds: float = 3.0
    seed: int = 1
    out: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what is out of bounds or contradicts itself."""
        for one in fields(self):
            value = getattr(self, one.name)
            low, high = BOUNDS.get(one.name, (None, None))
            if value is not None and low is not None and not low <= value <= high:
                flag = one.name.replace("_", "-")
                raise LoadError(f"--{flag} must be from {low:,} to {high:,}, not {value:g}.")
        if self.ramp and (self.rate or self.requests):
            raise LoadError("--ramp finds the rate by itself: leave --rate and --requests out.")
        if self.limits and self.url:
            raise LoadError("--limits starts servers of its own: leave --url out.")

    @property
    def load(self) -> Load:
        """How the main run is sent."""
        usual = OPEN_CONNECTIONS if self.rate else SCENARIOS[self.scenario].connections
        warm_up = self.warm_up
        if warm_up is None:
            warm_up = 0.0 if self.requests else WARM_UP
        return Load(self.connections or usual, self.seconds, warm_up, self.rate, self.requests)
