"""One sensible set of parameters for every named query."""

from tests.sql.delivery.told import alone
from tests.sql.desk import ALL, STATUSES, Desk
from tests.sql.samples_calendar import (
    Parameters,
    hours_samples,
    provider_samples,
    service_samples,
    slot_samples,
    time_samples,
)
from tests.sql.samples_delivery import calendar_samples
from tests.sql.samples_webhook import webhook_samples
from tests.sql.sets import series


def samples(desk: Desk) -> dict[str, Parameters]:
    """The parameters by query, for a calendar that is made here."""
    alone(desk)
    provider_id = desk.provider()
    home, full, target, *_ = desk.slots(6, provider_id=provider_id)
    ada, ben = desk.account(), desk.account()
    hers, _ = desk.appointment(ada, home), desk.appointment(ben, full)
    name = desk.one("SELECT username FROM account WHERE id = %s", ada)
    desk.run("account_set_key", account_id=ben, username_key="")
    return (
        account_samples(ada, name)
        | customer_samples(desk, provider_id)
        | provider_samples(provider_id)
        | service_samples(desk, provider_id, room_id=desk.provider())
        | slot_samples(provider_id, target)
        | appointment_samples(ada, hers, home, full, target)
        | set_samples(desk, ada, hers, home, target)
        | reading_samples(ada, hers, provider_id, target)
        | hold_samples(desk, ada, target)
        | waitlist_samples(desk, ada, full)
        | time_samples(desk, ada, provider_id)
        | hours_samples(desk, provider_id)
        | webhook_samples(desk, desk.account())
        | calendar_samples(desk, ada, hers, provider_id)
        | idempotency_samples(ada)
        | event_samples(desk, ada)
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
            "words": ["somebody"],
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
        "account_told": {"account_id": ada},
        "account_without_words": {"after_id": 0, "limit": 10},
        "account_set_words": {"account_id": ada, "words": ["somebody"]},
        "account_set_key": {"account_id": ada, "username_key": "another"},
    }


def customer_samples(desk: Desk, provider_id: int) -> dict[str, Parameters]:
    grace, other = desk.person("Grace", made_by=provider_id), desk.person("Other", provider_id)
    unsearched = desk.person("Nobody finds them")
    desk.cursor.execute("UPDATE account SET words = NULL WHERE id = %s", [unsearched])
    said = {
        "name": "Grace Hopper",
        "email": None,
        "phone": "+49 170 1234",
        "time_zone": "UTC",
        "language": "en",
        "words": ["gracehopper", "hopper"],
    }
    one = {"customer_id": grace, "staff_of": provider_id}
    page = {"staff_of": provider_id, "after_id": 0, "limit": 2, "most_looks": 10**6}
    return {
        "customer_create": said | {"made_by": provider_id},
        "customer_get": one,
        "customer_lock": one,
        "customer_change": said | {"customer_id": grace},
        "customer_list": page,
        "customer_find": page | {"words": "'grac':*"},
        "customer_lock_both": {"customer_id": [grace, other]},
        "customer_merge": {"customer_id": grace, "into_id": other},
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
            "no_overlap": True,
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
            "no_overlap": True,
        },
        "appointment_end": {
            "appointment_id": [hers, 0],
            "action": ["cancel", "noshow"],
            "begins": ["booked,pending", "booked"],
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


def set_samples(desk: Desk, ada: int, hers: int, home: int, target: int) -> dict[str, Parameters]:
    provider_id = desk.provider()
    service_id = desk.service(provider_id)
    series_id = series(desk, service_id, provider_id, hers)
    keys = {"account_id": [ada], "key": ["a key"], "fingerprint": ["f"]}
    return {
        "moves_put_aside": keys
        | {
            "of_set": [1],
            "appointment_id": [hers],
            "from_slot_id": [home],
            "to_slot_id": [target],
            "provider_id": [0],
            "starts_at": [None],
            "no_overlap": True,
        },
        "moves_settle": {"grown_id": [home], "room": [0], "shown_id": [home]},
        "moves_keep": keys | {"body": ["[]"]},
        "series_create": {
            "service_id": service_id,
            "provider_id": provider_id,
            "day": ["2027-01-04", "2027-01-11"],
            "starts_at": ["2027-01-04T10:00:00+00:00", None],
            "appointment_id": [hers, None],
            "code": [None, "no_such_time"],
        },
        "series_get": {"series_id": series_id, "account_id": ada, "staff_of": 0},
    }


def waitlist_samples(desk: Desk, ada: int, full: int) -> dict[str, Parameters]:
    join = {
        "account_id": ada,
        "slot_id": full,
        "service_id": 0,
        "provider_id": 0,
        "from_at": None,
        "until_at": None,
        "size": 1,
        "max_waiting": 10,
        "max_open": 0,
        "no_overlap": False,
    }
    [joined] = desk.run("waitlist_join", **join)
    return {
        "waitlist_join": join,
        "waitlist_offer": {
            "provider_id": 0,
            "from_at": "2027-01-04T10:00:00+00:00",
            "until_at": "2027-01-05T10:00:00+00:00",
        },
        "waitlist_list": {"account_id": ada, "after_id": 0, "limit": 10},
        "waitlist_leave": {"waiting_id": joined.id, "account_id": ada},
    }


def hold_samples(desk: Desk, ada: int, target: int) -> dict[str, Parameters]:
    held, lost = (desk.held(desk.account(), slot_id) for slot_id in desk.slots(2))
    desk.run_out(lost)
    whose = desk.one("SELECT account_id FROM appointment WHERE id = %s", held)
    return {
        "appointment_hold": {
            "account_id": [ada, ada],
            "actor_id": [ada, ada],
            "staff_of": [0, 0],
            "slot_id": [target, 0],
            "size": [1, 1],
            "notes": ["Hello", ""],
            "seconds": [60, 60],
            "expand": [True, False],
            "key": ["", "a key"],
            "fingerprint": ["", "f"],
            "max_open": 3,
            "no_overlap": True,
            "max_holds": 3,
            "hold_seconds": 600,
        },
        "appointment_hold_get": {
            "appointment_id": held,
            "actor_id": whose,
            "staff_of": 0,
            "expand": True,
        },
        "appointment_hold_confirm": {
            "appointment_id": [held, lost],
            "notes": [None, "Hello"],
            "version": [0, 0],
            "actor_id": [whose, ada],
            "staff_of": [0, ALL],
            "expand": [True, False],
            "key": ["a key", ""],
            "fingerprint": ["f", ""],
        },
        "appointment_hold_expire": {"most": 10},
    }


def event_samples(desk: Desk, ada: int) -> dict[str, Parameters]:
    """With events, and one more that waits for its number."""
    desk.run("event_number", full=True, most=100)
    desk.cursor.execute("INSERT INTO outbox (type, subject_id) VALUES ('schedule.changed', 0)")
    page = {"after_id": 0, "limit": 10}
    seen = {"account_id": ada, "staff_of": ALL, "types": [], "most_looks": 100}
    return {
        "event_number": {"full": True, "most": 100},
        "event_head": {},
        "event_page": page | seen,
        "event_after": page,
        "event_backlog": {"most": 100},
        "event_forget": {"kept": "90 days", "most": 100},
        "event_renew": {},
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


def reading_samples(ada: int, hers: int, provider_id: int, free: int) -> dict[str, Parameters]:
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
    of_staff = page | {"provider_ids": [provider_id], "outside_hours": False}
    return {
        "appointment_get": one | {"expand": True},
        "appointment_history": one | {"staff_only": ["noshow"], "after_id": 0, "limit": 2},
        "appointment_list": {
            "account_id": [ada] * 2,
            "provider_ids": ["", f"{provider_id},0"],
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
        "appointment_list_provider": of_staff,
        "appointment_list_provider_back": of_staff,
        "appointment_list_time": page | {"account_id": ada, "provider_ids": [], "sign": -1},
        "appointment_keep": one | {"message": "Done", "reason": "", "version": 0, "expand": True},
        "appointment_desk_admit": {
            "account_id": ada,
            "slot_id": free,
            "actor_id": ada,
            "staff_of": provider_id,
            "opens": True,
        },
        "appointment_desk_note": {
            "appointment_id": hers,
            "actor_id": ada,
            "reason": "Why not",
            "overrides": ["closed"],
            "closes": False,
            "closed": False,
        },
    }
