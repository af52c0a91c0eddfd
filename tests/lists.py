"""Every list of every role, as the service asks PostgreSQL for it, and how much of it may be read.

Where a calendar is large, what a page costs must not depend on how large it is.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from service.booking.actions import STAFF_ONLY
from service.booking.appointment import read
from service.booking.calendar import slot
from service.booking.people import customer
from service.booking.status import APPOINTMENT_STATUSES, SLOT_STATUSES
from service.store.arrays import written
from service.store.queries import Query

DAY = timedelta(days=1)
LIMIT = 20
FEW = 12 * LIMIT  # pages, or rows: a row of the page is looked up in a few tables by their indexes
SOME = slot.LOOKS + FEW  # where slots are looked at for a status that few have
PER_OWN = 5  # an appointment and, for its provider and its time, its slot
PER_SLOT = 9  # a slot and its appointments by two indexes
AHEAD = 2 * 32  # slots that PostgreSQL sorts at a time, where their appointments are on the page
NEAR = 4  # days before and after a span in which a slot may begin that reaches into it
PER_HOURS = 10  # a slot, its closures by two indexes, and the openings of two days
PER_CUSTOMER = 8  # a customer and an appointment of theirs with the provider


class Ground(NamedTuple):
    """Whom to ask for: a provider, a customer, one of their appointments."""

    provider_id: int
    other_id: int  # another, with whom that customer has few or none
    first: datetime  # a day of the provider's first slots
    late: datetime  # one of the last
    late_id: int  # a slot of that time
    slots_of_day: int
    account_id: int
    appointment_id: int
    last_id: int  # of all appointments
    service_id: int = 0  # which that provider gives
    shared_id: int = 0  # another one, which all give
    providers: int = 0  # how many these are


def times_of(
    service_id: int, provider_id: int, from_at: datetime, to_at: datetime, limit: int = 100
) -> dict[str, Any]:
    """What is asked for the times of a service with a provider, or any (0)."""
    asked = {
        "service_id": service_id,
        "provider_id": provider_id,
        "from_at": from_at,
        "to_at": to_at,
        "size": 1,
        "except_slot_id": 0,
        "after_at": "-infinity",
        "after_id": 0,
        "limit": limit,
        "known": "",
    }
    return {name: [value] for name, value in asked.items()}


class List(NamedTuple):
    """A list: its query, what it is asked, and how many pages and rows it may read."""

    query: str
    parameters: dict[str, Any]
    most: int


class Cost(NamedTuple):
    """What a query did cost PostgreSQL: pages and rows looked at, and milliseconds."""

    pages: int
    rows: int
    milliseconds: float


def lists(ground: Ground) -> dict[str, List]:
    """All of them by what they are called."""
    return _slots(ground) | _own(ground) | _of_staff(ground) | _others(ground) | _calendar(ground)


def cost(cursor: Any, query: Query, parameters: Mapping[str, Any]) -> Cost:
    """What a query costs that is prepared as the service does, once its plan is made."""
    cursor.execute("DEALLOCATE ALL")
    cursor.execute(query.prepare)
    given = written(parameters)
    cursor.execute(query.execute, given)
    cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {query.execute}", given)
    [(found,)] = cursor.fetchall()
    top = found[0]["Plan"]
    pages = top["Shared Hit Blocks"] + top["Shared Read Blocks"]
    return Cost(pages, _rows(top), found[0]["Execution Time"])


def _rows(node: Mapping[str, Any]) -> int:
    """The rows that a plan's node and those below it have read from tables, and the steps of
    series that they went."""
    rows = sum(map(_rows, node.get("Plans", [])))
    if "Relation Name" in node or node.get("Function Name") == "generate_series":
        read = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        rows += round(read * node["Actual Loops"])
    return rows


def _slots(ground: Ground) -> dict[str, List]:
    def of_provider(status: str, day: datetime) -> dict[str, Any]:
        asked = {
            "provider_id": ground.provider_id,
            "status": status,
            "from_at": day,
            "to_at": day + DAY,
            "after_at": "-infinity",
            "after_id": 0,
            "limit": LIMIT,
            "known": "",
        }
        return {name: [value] for name, value in asked.items()} | {"most_looks": slot.LOOKS}

    def of_all(day: datetime, **changes: Any) -> dict[str, Any]:
        asked = {
            "statuses": list(SLOT_STATUSES),
            "from_at": day,
            "to_at": "infinity",
            "after_at": "-infinity",
            "after_id": 0,
            "limit": LIMIT,
            "most_looks": slot.LOOKS,
        }
        return asked | changes

    rare = {"statuses": ["busy-unavailable"], "from_at": "-infinity"}
    ever = of_provider("busy-unavailable", ground.first) | {"to_at": ["infinity"]}
    of_two = of_all(ground.first, provider_ids=[ground.provider_id, ground.other_id])
    behind = of_all(ground.first, after_at=ground.late, after_id=1)
    return {
        "free slots of a first day": List(
            "slot_list_provider", of_provider("free", ground.first), FEW
        ),
        "free slots of a late day": List(
            "slot_list_provider", of_provider("free", ground.late), FEW
        ),
        "a provider's slots of a rare status": List("slot_list_provider", ever, SOME),
        "slots of two providers": List("slot_list_providers", of_two, FEW + 2 * slot.LOOKS),
        "all providers' slots": List("slot_list", of_all(ground.first), FEW),
        "all providers' slots, a late page": List("slot_list", behind, FEW),
        "all providers' slots of a rare status": List(
            "slot_list", of_all(ground.first, **rare), SOME
        ),
    }


def _own(ground: Ground) -> dict[str, List]:
    def own(**changes: Any) -> dict[str, Any]:
        asked = {
            "account_id": ground.account_id,
            "provider_ids": "",
            "status": "",
            "from_at": "-infinity",
            "to_at": "infinity",
            "after_id": 0,
            "limit": LIMIT,
            "expand": True,
            "known": "",
        } | changes
        bounds = {"most_bytes": read.PAGE_BYTES, "most_looks": read.LOOKS}
        return {name: [value] for name, value in asked.items()} | bounds

    of_one, looked = {"provider_ids": str(ground.provider_id)}, FEW + PER_OWN * read.LOOKS
    asked = {
        "own appointments": ({}, FEW),
        "own appointments, a late page": ({"after_id": ground.appointment_id}, FEW),
        "own appointments with a provider": (of_one, FEW),
        "own appointments with a provider of few": ({"provider_ids": str(ground.other_id)}, looked),
        "own appointments of a late day": (
            {"from_at": ground.late, "to_at": ground.late + DAY}, looked
        ),
    }  # fmt: skip
    for status in APPOINTMENT_STATUSES:
        asked[f"own {status}"] = ({"status": status}, FEW + read.LOOKS)
        asked[f"own {status} with a provider"] = (of_one | {"status": status}, looked)
    return {
        name: List("appointment_list", own(**changes), most)
        for name, (changes, most) in asked.items()
    } | _own_by_time(ground)


def _own_by_time(ground: Ground) -> dict[str, List]:
    """What was booked last is gone through whatever is asked for."""
    asked = {
        "account_id": ground.account_id,
        "provider_ids": [],
        "statuses": list(APPOINTMENT_STATUSES),
        "from_at": "-infinity",
        "to_at": "infinity",
        "after_slot_id": 0,
        "after_id": 0,
        "limit": LIMIT,
        "expand": True,
        "most_bytes": read.PAGE_BYTES,
        "most_looks": read.LOOKS,
    }
    late = {"after_slot_id": ground.late_id, "after_id": ground.last_id}
    few = {"provider_ids": [ground.other_id, 0]}
    changes = {
        "own by time": {"sign": 1},
        "own by time, the last first": {"sign": -1},
        "own by time, a late page": {"sign": 1} | late,
        "own by time with providers of few": {"sign": 1} | few,
    }
    most = FEW + PER_OWN * read.LOOKS
    return {
        name: List("appointment_list_time", asked | change, most)
        for name, change in changes.items()
    }


def _of_staff(ground: Ground) -> dict[str, List]:
    def of_staff(**changes: Any) -> dict[str, Any]:
        asked = {
            "provider_ids": [ground.provider_id],
            "after_slot_id": 0,
            "after_id": 0,
            "statuses": list(APPOINTMENT_STATUSES),
            "from_at": "-infinity",
            "to_at": "infinity",
            "limit": LIMIT,
            "expand": True,
            "outside_hours": False,
            "most_bytes": read.PAGE_BYTES,
            "most_looks": read.LOOKS,
        }
        return asked | changes

    day = {"from_at": ground.late, "to_at": ground.late + DAY}
    of_a_day = FEW + PER_SLOT * ground.slots_of_day
    page, looked = FEW + PER_SLOT * AHEAD, FEW + PER_SLOT * read.LOOKS
    asked = {
        "staff's day": (day, of_a_day),
        "staff's cancelled of a day": (day | {"statuses": ["cancelled"]}, of_a_day),
        "staff's appointments of all times": ({}, page),
        "staff's late page": ({"after_slot_id": ground.late_id, "after_id": ground.last_id}, page),
    }
    for status in APPOINTMENT_STATUSES:
        asked[f"staff's {status} of all times"] = ({"statuses": [status]}, looked)
    both = {"provider_ids": [ground.provider_id, ground.other_id]}
    asked["staff's day of two providers"] = (day | both, 2 * of_a_day)
    asked["staff's appointments of two providers"] = (both, 2 * page)
    found = {
        name: List("appointment_list_provider", of_staff(**changes), most)
        for name, (changes, most) in asked.items()
    }
    back = {
        f"{name}, the last first": List("appointment_list_provider_back", *rest)
        for name, (_, *rest) in found.items()
    }
    return found | back


def _others(ground: Ground) -> dict[str, List]:
    history = {
        "appointment_id": ground.appointment_id,
        "actor_id": ground.account_id,
        "staff_of": 0,
        "staff_only": STAFF_ONLY,
        "after_id": 0,
        "limit": LIMIT,
    }
    providers = {"after_id": 0, "limit": LIMIT}
    return {
        "an appointment's history": List("appointment_history", history, FEW),
        "providers": List("provider_list", providers, FEW),
    }


def _calendar(ground: Ground) -> dict[str, List]:
    week, month = (ground.late - n * DAY for n in (5, 29))
    busy = NEAR * ground.slots_of_day
    end, page = ground.late + 2 * DAY, {"after_id": 0, "limit": LIMIT}
    staff = page | {"provider_ids": [], "staff_of": ground.provider_id}
    conflicts = _of_staff(ground)["staff's appointments of all times"]
    outside = conflicts.parameters | {"outside_hours": True}
    customers = {"staff_of": ground.provider_id, "after_id": 0, "limit": LIMIT}
    customers |= {"most_looks": customer.LOOKS}
    return {
        "times of a week": List(
            "time_list",
            times_of(ground.service_id, ground.provider_id, week, end),
            FEW + 7 * ground.slots_of_day + busy,
        ),
        "times of a month": List(
            "time_list",
            times_of(ground.service_id, ground.provider_id, month, end),
            FEW + 31 * ground.slots_of_day + busy,
        ),
        "times of any provider for a week": List(
            "time_list",
            times_of(ground.shared_id, 0, week, end),
            ground.providers * (FEW + 7 * ground.slots_of_day + busy),
        ),
        "services": List("service_list", page | {"provider_ids": []}, FEW + 2 * ground.providers),
        "closures": List("closure_list", staff, FEW),
        "customers": List("customer_list", customers, FEW + PER_CUSTOMER * customer.LOOKS),
        "conflicts": List(
            "appointment_list_provider", outside, FEW + (PER_SLOT + PER_HOURS) * read.LOOKS
        ),
    }
