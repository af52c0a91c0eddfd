"""One sensible set of parameters for every named query."""

from datetime import timedelta
from typing import Any

from tests.sql.desk import ALL, HOUR, NOON, STATUSES, Desk

Parameters = dict[str, Any]


def samples(desk: Desk) -> dict[str, Parameters]:
    """The parameters by query, for a calendar that is made here."""
    provider_id = desk.provider()
    home, full, target, *_ = desk.slots(6, provider_id=provider_id)
    ada, ben = desk.account(), desk.account()
    hers, _ = desk.appointment(ada, home), desk.appointment(ben, full)
    name = desk.one("SELECT username FROM account WHERE id = %s", ada)
    desk.run("account_set_key", account_id=ben, username_key="")
    return (
        account_samples(ada, name)
        | provider_samples(provider_id)
        | slot_samples(provider_id, target)
        | appointment_samples(ada, hers, home, full, target)
        | reading_samples(ada, hers, provider_id)
        | idempotency_samples(ada)
        | server_samples()
        | {"schema_version": {}, "invariants_broken": {}, "slot_count": {}}
    )


def account_samples(ada: int, name: str) -> dict[str, Parameters]:
    return {
        "account_create": {
            "username": "Somebody new",
            "username_key": "somebody new",
            "email": "new@example.org",
            "password_hash": "-",
            "role": "customer",
            "provider_id": 0,
        },
        "account_by_username": {"username": name, "username_key": name.lower()},
        "account_get": {"account_id": ada},
        "account_password_hash": {"account_id": ada},
        "account_change_password": {"account_id": ada, "old_hash": "-", "new_hash": "new"},
        "account_list": {"role": "customer", "disabled": False, "after_id": ada - 1, "limit": 10},
        "account_set_role": {"account_id": ada, "role": "admin", "provider_id": 0},
        "account_set_password": {"account_id": ada, "password_hash": "new"},
        "account_set_disabled": {"account_id": ada, "disabled": True},
        "account_rename": {"account_id": ada, "username": "Ada2", "username_key": "ada2"},
        "account_without_key": {"after": "", "limit": 10},
        "account_of_key": {"username_key": name.lower()},
        "account_set_key": {"account_id": ada, "username_key": "another"},
    }


def provider_samples(provider_id: int) -> dict[str, Parameters]:
    return {
        "provider_create": {"name": "Dr Grey", "time_zone": "CET", "clock": "Europe/Berlin"},
        "provider_get": {"provider_id": provider_id},
        "provider_list": {"after_id": provider_id - 1, "limit": 10},
        "provider_change": {
            "provider_id": provider_id,
            "name": "New",
            "time_zone": "",
            "clock": "",
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
        },
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


def appointment_samples(
    ada: int, hers: int, home: int, full: int, target: int
) -> dict[str, Parameters]:
    return {
        "appointment_book": {
            "account_id": [ada] * 4,
            "slot_id": [target, full, 0, target],
            "notes": ["Hello", "", "", ""],
            "expand": [True, False, False, False],
            "key": ["", "", "", "a key"],
            "fingerprint": ["", "", "", "f"],
            "max_open": 3,
        },
        "appointment_find": {
            "appointment_id": [hers, 0],
            "actor_id": [ada, ada],
            "staff_of": [0, ALL],
            "key": ["", "a key"],
            "fingerprint": ["", "f"],
        },
        "appointment_move": {
            "appointment_id": [hers, hers],
            "from_slot_id": [home, home],
            "to_slot_id": [full, target],
            "version": [0, 0],
            "actor_id": [ada, ada],
            "staff_of": [0, ALL],
            "expand": [False, True],
            "key": ["", "a key"],
            "fingerprint": ["", "f"],
            "message": "Done",
            "notice": "5 minutes",
        },
        "appointment_end": {
            "appointment_id": [hers, 0],
            "action": ["cancel", "noshow"],
            "status": ["cancelled", "noshow"],
            "staff_only": [False, True],
            "message": ["Done", "Done"],
            "reason": ["Ill", ""],
            "version": [1, 0],
            "actor_id": [ada, ada],
            "staff_of": [0, ALL],
            "expand": [True, False],
            "key": ["a key", ""],
            "fingerprint": ["f", ""],
            "notice": "5 minutes",
        },
    }


def server_samples() -> dict[str, Parameters]:
    return {
        "server_facts": {},
    }


def idempotency_samples(ada: int) -> dict[str, Parameters]:
    request = {"account_id": ada, "key": "a key", "fingerprint": "f"}
    return {
        "idempotency_claim": request,
        "idempotency_keep": request | {"body": "{}", "version": 1},
        "idempotency_expire": {"most": 10},
    }


def reading_samples(ada: int, hers: int, provider_id: int) -> dict[str, Parameters]:
    page = {
        "after_slot_id": 0,
        "after_id": 0,
        "statuses": STATUSES,
        "from_at": "-infinity",
        "to_at": "infinity",
        "limit": 2,
        "expand": True,
        "most_bytes": 1000,
        "most_looks": 10,
    }
    one = {"appointment_id": hers, "actor_id": ada, "staff_of": 0}
    return {
        "appointment_get": one | {"expand": True},
        "appointment_history": one | {"staff_only": ["noshow"], "after_id": 0, "limit": 2},
        "appointment_list": {
            "account_id": [ada] * 2,
            "provider_id": [0, provider_id],
            "status": ["", "booked"],
            "from_at": ["-infinity"] * 2,
            "to_at": ["infinity"] * 2,
            "after_id": [0] * 2,
            "limit": [2] * 2,
            "expand": [True, False],
            "known": [""] * 2,
            "most_bytes": 1000,
            "most_looks": 10,
        },
        "appointment_list_provider": page | {"provider_id": provider_id},
    }
