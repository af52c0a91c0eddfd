"""Parameters for the queries of calendars, a set for each."""

import json
from datetime import timedelta
from typing import Any

from tests.sql.desk import ALL, DAY, HOUR, NINE, NOON, Desk

Parameters = dict[str, Any]


def time_samples(desk: Desk, ada: int, provider_id: int) -> dict[str, Parameters]:
    service_id = desk.visit(provider_id)
    appointment_id, slot_id = desk.taken(ada, service_id, provider_id, NINE)
    item = {
        "account_id": [ada],
        "actor_id": [ada],
        "staff_of": [0],
        "expand": [True],
        "key": ["times"],
        "fingerprint": ["-"],
    }
    return {
        "appointment_book_time": item
        | {
            "service_id": [service_id],
            "provider_id": [provider_id],
            "starts_at": [NINE + HOUR],
            "size": [1],
            "notes": [""],
            "override": [""],
            "waived": [""],
            "reason": [""],
            "seconds": [60],
            "max_open": 9,
            "no_overlap": True,
            "max_holds": 9,
            "max_pending": 9,
            "hold_seconds": 600,
        },
        "appointment_move_time": item
        | {
            "appointment_id": [appointment_id],
            "from_slot_id": [slot_id],
            "provider_id": [0],
            "starts_at": [NINE + 2 * HOUR],
            "version": [0],
            "message": "Done",
            "notice": "0 minutes",
            "no_overlap": True,
        },
        "time_list": {
            "service_id": [service_id],
            "provider_id": [provider_id],
            "from_at": [NINE],
            "to_at": [NINE + DAY],
            "size": [1],
            "except_slot_id": [0],
            "after_at": ["-infinity"],
            "after_id": [-1],
            "limit": [10],
            "known": [""],
        },
        "time_service": {"service_id": [service_id], "provider_id": [provider_id]},
        "time_moving": {"appointment_id": appointment_id, "account_id": ada, "staff_of": 0},
        "time_explain": {
            "service_id": service_id,
            "provider_id": provider_id,
            "starts_at": NINE,
            "size": 1,
            "account_id": ada,
            "staff_of": 0,
            "max_open": 9,
            "no_overlap": True,
            "max_pending": 9,
        },
        "time_near": {
            "service_id": service_id,
            "provider_id": provider_id,
            "near": NINE,
            "size": 1,
        },
    }


def service_samples(desk: Desk, provider_id: int, room_id: int) -> dict[str, Parameters]:
    service_id, retired = desk.service(provider_id), desk.service()
    desk.send("service_retire", service_id=retired)
    document = {
        "name": "Consultation",
        "description": "",
        "duration_minutes": 30,
        "step_minutes": 15,
        "buffer_before_minutes": 0,
        "buffer_after_minutes": 10,
        "lead_minutes": 60,
        "horizon_days": 90,
        "per_day": None,
        "per_customer_day": 1,
        "per_customer_open": 3,
        "capacity": 2,
        "party_max": 2,
        "approval_minutes": None,
        "hold_seconds": 60,
        "offer_minutes": 30,
        "notice_minutes": 0,
    }
    one = {"service_id": service_id}
    return {
        "service_get": one,
        "service_list": {"provider_ids": [provider_id], "after_id": 0, "limit": 10},
        "service_lock": one,
        "service_lock_providers": {"provider_id": [provider_id, room_id]},
        "service_create": document,
        "service_change": one | document,
        "service_retire": one,
        "service_staff": one
        | {
            "provider_id": [provider_id],
            "weight": [50],
            "role": ["room"],
            "room_id": [room_id],
        },
        "service_keep": {"service_id": retired, "actor_id": 0},
    }


def hours_samples(desk: Desk, provider_id: int) -> dict[str, Parameters]:
    closure = {
        "provider_id": provider_id,
        "from_day": "2035-06-01",
        "until_day": "2035-06-02",
        "starts_at": None,
        "ends_at": None,
        "reason": "Holiday",
        "actor_id": 0,
    }
    [made] = desk.run("closure_create", **closure)
    one = {"provider_id": provider_id}
    hours = {"opens": "09:00", "closes": "17:00", "service_ids": None}
    rule = {"n": 0, "weekdays": [1, 2], "from_day": None, "until_day": None} | hours
    day = {"n": 0, "day": "2035-06-01", "reason": "Holiday"} | hours
    opening = {
        "day": [NOON.date()],
        "starts_at": [NOON],
        "stops_at": [NOON + HOUR],
        "ends_at": [NOON + HOUR],
        "anchor_at": [NOON],
        "services": ["{1,2}"],
    }
    since = {"since": NOON - 48 * HOUR, "opened_until": "2035-06-02", "raised": 1}
    desk.run("opening_replace", **one, **opening, **since, zone_data="2026a")
    page = {"after_id": provider_id - 1, "limit": 10}
    return {
        "schedule_lock": one,
        "schedule_get": one,
        "schedule_replace": one | {"rules": json.dumps([rule]), "days": json.dumps([day])},
        "schedule_unknown_service": {"service_ids": [1]},
        "schedule_conflicts": one | {"most": 10},
        "opening_replace": one | opening | since | {"zone_data": "2026b"},
        "opening_behind": page | {"zone_data": "2026b", "spare_days": 7},
        "opening_least": {},
        "opening_off_wall": page,
        "opening_promise_anew": one,
        "closure_lock": one,
        "closure_create": closure,
        "closure_get": {"closure_id": made.id, "staff_of": ALL},
        "closure_list": {
            "provider_ids": [provider_id],
            "staff_of": ALL,
            "after_id": made.id - 1,
            "limit": 10,
        },
        "closure_delete": one | {"closure_id": made.id},
        "closure_conflicts": {"closure_id": made.id, "most": 10},
    }


def slot_samples(provider_id: int, slot_id: int) -> dict[str, Parameters]:
    later = [NOON + timedelta(days=1) + n * HOUR for n in range(3)]
    ends = [at + HOUR for at in later]
    page = {
        "from_at": NOON,
        "to_at": NOON + 9 * HOUR,
        "after_at": "-infinity",
        "after_id": 0,
        "statuses": ["free", "busy"],
        "limit": 3,
        "most_looks": 10,
    }
    return {
        "slot_create": {
            "provider_id": [provider_id] * 3,
            "starts_at": later,
            "ends_at": ends,
            "capacity": [1, 2, 3],
            "per_person": [1, 1, 2],
            "service_id": [None, None, None],
        },
        "slot_unoffered": {"provider_id": [provider_id] * 2, "service_id": [None, 0]},
        "slot_overlapping": {
            "provider_id": [provider_id],
            "starts_at": [NOON],
            "ends_at": [NOON + HOUR],
        },
        "slot_publish": {
            "provider_id": provider_id,
            "starts_at": later,
            "ends_at": ends,
            "capacity": 1,
        },
        "slot_occupied": {
            "provider_id": provider_id,
            "from_at": NOON,
            "to_at": NOON + 9 * HOUR,
            "limit": 10,
        },
        "slot_get": {"slot_id": slot_id},
        "slot_list": page,
        "slot_list_providers": page | {"provider_ids": [provider_id, 0]},
        "slot_list_provider": {
            "provider_id": [provider_id] * 3,
            "status": ["", "free", "busy"],
            "from_at": [page["from_at"]] * 3,
            "to_at": [page["to_at"]] * 3,
            "after_at": ["-infinity"] * 3,
            "after_id": [0] * 3,
            "limit": [3] * 3,
            "known": [""] * 3,
            "most_looks": 10,
        },
        "slot_change": {
            "slot_id": slot_id,
            "staff_of": provider_id,
            "version": 0,
            "closed": None,
            "capacity": 5,
            "per_person": 2,
            "deleted": False,
        },
    }


def provider_samples(provider_id: int) -> dict[str, Parameters]:
    return {
        "provider_create": {
            "name": "Dr Grey",
            "time_zone": "CET",
            "clock": "Europe/Berlin",
            "kind": "person",
            "per_day": None,
        },
        "provider_get": {"provider_id": provider_id},
        "provider_list": {"after_id": provider_id - 1, "limit": 10},
        "provider_change": {
            "provider_id": provider_id,
            "name": "New",
            "time_zone": "",
            "clock": "",
            "kind": "",
            "per_day": 0,
            "version": 0,
        },
        "provider_zones": {},
        "provider_set_clock": {"time_zone": "CET", "clock": "Europe/Berlin"},
        "provider_zone_offsets": {"time_zone": "Asia/Kolkata", "instants": [NOON]},
        "provider_zone_twin": {
            "names": ["CET", "Europe/Berlin", "Europe/Paris"],
            "instants": [NOON],
            "offsets": [7200],
        },
    }
