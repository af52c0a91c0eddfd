"""Who gives which services, when they work, and what they need: few times that many want."""

from datetime import UTC, datetime, timedelta
from typing import Any

WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
TAG_DAY = "2001-01-01"  # of hours: a day on which nothing is, but the tag of the request
DAY_MINUTES = 24 * 60

# Name, zone, kind, how many a day at most.
PROVIDERS: tuple[tuple[str, str, str, int | None], ...] = (
    ("Solo", "Europe/Berlin", "person", None),
    ("Ward", "America/New_York", "person", None),
    ("Coach", "Asia/Kolkata", "person", None),
    ("Dent A", "America/St_Johns", "person", None),
    ("Dent B", "America/St_Johns", "person", None),
    ("Dent C", "America/St_Johns", "person", None),
    ("Any One", "Europe/Berlin", "person", None),
    ("Any Two", "Europe/Madrid", "person", None),
    ("Any Three", "Europe/London", "person", None),
    ("Any Four", "Europe/Athens", "person", 8),
    ("Island", "Australia/Lord_Howe", "person", None),
    ("Room 1", "America/St_Johns", "room", None),
    ("Room 2", "America/St_Johns", "room", None),
)
# The hours of every day, as they may be: the first ones are those of the beginning.
HOURS: dict[str, list[list[list[str]]]] = {
    "Solo": [[["08:00", "12:00"]], [["08:00", "11:00"], ["11:30", "13:00"]]],
    "Ward": [[["09:00", "13:00"], ["14:00", "18:00"]], [["09:10", "15:00"]]],
    "Coach": [[["10:00", "16:00"]], [["10:00", "15:00"]]],
    "Dent A": [[["09:00", "14:00"]], [["09:00", "13:20"]]],
    "Dent B": [[["09:00", "14:00"]], [["09:20", "14:00"]]],
    "Dent C": [[["09:00", "14:00"]], [["08:00", "12:00"]]],
    "Any One": [[["09:00", "13:00"]], [["09:00", "15:00"]]],
    "Any Two": [[["09:00", "13:00"]], [["10:00", "14:00"]]],
    "Any Three": [[["08:00", "12:00"]], [["08:00", "11:30"]]],
    "Any Four": [[["10:00", "14:00"]], [["10:00", "16:00"]]],
    "Island": [[["22:00", "03:00"]], [["21:30", "02:00"]]],
}
USUAL: dict[str, Any] = {
    "buffer_before_minutes": 0, "buffer_after_minutes": 0, "lead_minutes": 0, "per_day": None,
    "per_customer_day": None, "per_customer_open": None, "capacity": 1, "party_max": 1,
    "notice_minutes": None, "needs": {},
}  # fmt: skip
# Providers by name, with their weights; how often each is wanted; what may become of it.
SERVICES: tuple[dict[str, Any], ...] = (
    {
        "name": "Single", "duration_minutes": 30, "step_minutes": 30, "horizon_days": 8,
        "notice_minutes": 0, "providers": {"Solo": 100}, "wanted": 25,
        "changes": [{"buffer_after_minutes": 5}, {"buffer_after_minutes": 0}, {"lead_minutes": 90},
                    {"lead_minutes": 0}],
    },
    {
        "name": "Buffered", "duration_minutes": 25, "step_minutes": 15, "horizon_days": 12,
        "buffer_before_minutes": 10, "buffer_after_minutes": 5, "notice_minutes": 60,
        "providers": {"Ward": 100, "Any One": 50}, "wanted": 15,
        "changes": [{"step_minutes": 20}, {"step_minutes": 15}, {"buffer_before_minutes": 20},
                    {"buffer_before_minutes": 10}],
    },
    {
        "name": "Class", "duration_minutes": 60, "step_minutes": 60, "horizon_days": 9,
        "capacity": 5, "party_max": 3, "notice_minutes": 60, "providers": {"Coach": 100},
        "wanted": 16, "changes": [{"party_max": 2}, {"party_max": 3}, {"capacity": 6},
                                  {"capacity": 5}],
    },
    {
        "name": "Roomed", "duration_minutes": 40, "step_minutes": 20, "horizon_days": 10,
        "buffer_after_minutes": 10, "providers": {"Dent A": 100, "Dent B": 100, "Dent C": 50},
        "needs": {"room": ["Room 1", "Room 2"]}, "wanted": 16,
        "changes": [{"duration_minutes": 30}, {"duration_minutes": 40}],
    },
    {
        "name": "Anybody", "duration_minutes": 20, "step_minutes": 20, "horizon_days": 10,
        "notice_minutes": 2880,
        "providers": {"Any One": 200, "Any Two": 100, "Any Three": 100, "Any Four": 50},
        "wanted": 20, "changes": [{"horizon_days": 9}, {"horizon_days": 10}],
    },
    {
        "name": "Limited", "duration_minutes": 30, "step_minutes": 30, "horizon_days": 9,
        "lead_minutes": 1500, "per_day": 2, "per_customer_day": 1, "per_customer_open": 1,
        "notice_minutes": 0, "providers": {"Island": 100}, "wanted": 12,
        "changes": [{"per_day": 1}, {"per_day": 2}, {"per_customer_open": 1},
                    {"per_customer_open": 2}],
    },
)  # fmt: skip
MAKE = """
INSERT INTO provider (name, time_zone, kind, per_day)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::integer[])
RETURNING id, name
"""


def make_providers(cursor: Any) -> dict[str, int]:
    """The ids of all who give something, or are needed, by name."""
    cursor.execute(MAKE, [list(column) for column in zip(*PROVIDERS, strict=True)])
    return {name: number for number, name in cursor.fetchall()}


def facts_of(ids: dict[str, int]) -> dict[str, Any]:
    """What people and the judge have to know of them."""
    return {
        "offers": [
            service
            | {
                "providers": [ids[name] for name in service["providers"]],
                "body": body_of(service, ids),
            }
            for service in SERVICES
        ],
        "hours": {str(ids[name]): hours for name, hours in HOURS.items()},
        "per_day": {str(ids[name]): most for name, _, _, most in PROVIDERS if most},
        "rooms": [ids[name] for name, _, kind, _ in PROVIDERS if kind == "room"],
    }


def body_of(service: dict[str, Any], ids: dict[str, int]) -> dict[str, Any]:
    """What makes a service, as it is posted."""
    offers = [
        {"provider": ids[name], "weight": weight} for name, weight in service["providers"].items()
    ]
    needs = {
        role: [ids[name] for name in names] for role, names in service.get("needs", {}).items()
    }
    plain = {name: service[name] for name in service if name not in ("wanted", "changes")}
    return USUAL | plain | {"providers": offers, "needs": needs}


def hours_body(daily: list[list[str]], closed: list[str], tag: str) -> dict[str, Any]:
    """Hours of every day but those that are closed, with the tag of the request."""
    weekly = [{"days": WEEK, "opens": opens, "closes": closes} for opens, closes in daily]
    days = [{"date": day, "hours": []} for day in closed]
    return {"weekly": weekly, "days": [*days, {"date": TAG_DAY, "hours": [], "reason": tag}]}


def today() -> datetime:
    """The beginning of this day in UTC."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def days_ahead(count: int) -> str:
    """The date in so many days."""
    return f"{today() + timedelta(days=count):%Y-%m-%d}"
