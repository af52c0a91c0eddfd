"""Parameters for the queries of other calendars."""

from tests.sql.desk import ALL, HOUR, NOON, Desk
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
        **source_samples(desk, provider_id),
        "calendar_feed_one": {"appointment_id": hers, "actor_id": ada, "staff_of": ALL},
    }


def source_samples(desk: Desk, provider_id: int) -> dict[str, Parameters]:
    [made] = desk.run("calendar_source_create", **source(provider_id))
    one = {"source_id": made.id}
    of_provider = one | {"provider_id": provider_id}
    told = {"etag": '"1"', "modified": None, "digest": "x", "error": None}
    return {
        "calendar_source_create": source(provider_id),
        "calendar_source_list": {"provider_id": provider_id, "most": 10},
        "calendar_source_refresh": of_provider,
        "calendar_source_delete": of_provider,
        "calendar_source_claim": {"pause": 900},
        "calendar_source_told": one | told,
        "calendar_source_failed": one | {"error": "Gone.", "doubted": False},
        "calendar_source_lock": one,
        "calendar_source_replace": one | {"starts_at": [NOON], "ends_at": [NOON + HOUR]},
        "calendar_source_block": {"provider_id": provider_id},
        "calendar_source_tell": of_provider,
        "calendar_source_conflicts": of_provider | {"most": 10},
        "calendar_source_stale": {},
    }


def source(provider_id: int, most: int = 10) -> Parameters:
    return {
        "provider_id": provider_id,
        "actor_id": 0,
        "url": "https://example.org/secret.ics",
        "most": most,
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
