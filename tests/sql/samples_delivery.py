"""Parameters for the queries of other calendars."""

from tests.sql.desk import ALL, Desk
from tests.sql.samples_calendar import Parameters


def calendar_samples(desk: Desk, ada: int, hers: int, provider_id: int) -> dict[str, Parameters]:
    [made] = desk.run("calendar_link_create", **link(ada, "a" * 64))
    link_id = desk.one("SELECT id FROM calendar_link WHERE token_sha256 = %s", "a" * 64)
    assert made.verdict == "made"
    return {
        "calendar_link_create": link(ada, "b" * 64, provider_id),
        "calendar_link_list": {"account_id": ada},
        "calendar_link_delete": {"link_id": link_id, "account_id": ada},
        "calendar_link_find": {"digest": "a" * 64},
        "calendar_link_use": {"link_id": link_id},
        "calendar_feed": feed(ada, provider_id),
        "calendar_feed_one": {"appointment_id": hers, "actor_id": ada, "staff_of": ALL},
    }


def link(account_id: int, digest: str, provider_id: int = 0, most: int = 10) -> Parameters:
    return {
        "account_id": account_id,
        "provider_id": provider_id,
        "digest": digest,
        "most": most,
    }


def feed(account_id: int, provider_id: int = 0, known: str = "", most: int = 100) -> Parameters:
    return {
        "account_id": account_id,
        "provider_id": provider_id,
        "writer": "",
        "known": known,
        "most": most,
    }
