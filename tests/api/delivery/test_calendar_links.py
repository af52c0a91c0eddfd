"""GET, POST and DELETE /api/calendar-links/"""

import asyncio
import hashlib
from typing import Any

from tests.api.checks import check_invalid, check_problem
from tests.api.delivery.conftest import Subscribe
from tests.cast import Api, Given, Person

ROOT = "/api/calendar-links/"
OWN = {"of": "me"}


async def test_a_link_to_ones_own_appointments(api: Api, stranger: Person) -> None:
    made = await api.post(ROOT, OWN, who=stranger)
    assert made.status == 201
    link = {
        "id": made.json["id"],
        "of": "me",
        "provider": None,
        "created_at": made.json["created_at"],
        "last_used_at": None,
    }
    url = made.json["url"]
    assert url.startswith(f"{api.url}/calendar/")
    assert url.endswith(".ics")
    webcal = url.replace("http://", "webcal://")
    assert made.json == link | {"url": url, "webcal_url": webcal}
    assert (await api.get(ROOT, who=stranger)).json == [link]


async def test_a_link_is_shown_once_and_kept_as_a_digest_alone(
    api: Api, stranger: Person, database: Any
) -> None:
    key = {"Idempotency-Key": "the same"}
    [one, two] = [await api.post(ROOT, OWN, who=stranger, headers=key) for _ in range(2)]
    assert one.json["url"] != two.json["url"]  # not even a key brings it back
    token = one.json["url"].rpartition("/")[2].removesuffix(".ics")
    with database.cursor() as cursor:
        cursor.execute("SELECT * FROM calendar_link WHERE id = %s", [one.json["id"]])
        kept = str(cursor.fetchone())
        cursor.execute("SELECT count(*) FROM idempotency WHERE key = 'the same'")
        assert cursor.fetchone() == (0,)
    assert token not in kept
    assert hashlib.sha256(token.encode()).hexdigest() in kept


async def test_staff_link_the_calendar_they_keep(api: Api, keeper: Person) -> None:
    made = await api.post(ROOT, {"of": "provider"}, who=keeper)
    assert (made.json["of"], made.json["provider"]) == ("provider", keeper.session.provider_id)


async def test_an_admin_says_which_provider(api: Api, given: Given, admin: Person) -> None:
    provider_id = await given.make_provider()
    made = await api.post(ROOT, {"of": "provider", "provider": provider_id}, who=admin)
    assert made.json["provider"] == provider_id
    unsaid = await api.post(ROOT, {"of": "provider"}, who=admin)
    check_invalid(unsaid, {"provider": ["This field is required."]})
    none = await api.post(ROOT, {"of": "provider", "provider": 10**9}, who=admin)
    check_problem(none, 404, "not_found")
    both = await api.post(ROOT, OWN | {"provider": provider_id}, who=admin)
    check_invalid(both, {"provider": ["Only with of: provider."]})
    await api.delete(f"{ROOT}{made.json['id']}/", who=admin)


async def test_nobody_links_the_calendar_of_another(
    api: Api, keeper: Person, rival: Person, stranger: Person
) -> None:
    theirs = {"of": "provider", "provider": keeper.session.provider_id}
    check_problem(await api.post(ROOT, theirs, who=rival), 403, "permission_denied")
    check_problem(await api.post(ROOT, theirs, who=stranger), 403, "permission_denied")
    check_problem(await api.post(ROOT, {"of": "provider"}, who=stranger), 403, "permission_denied")


async def test_nobody_has_more_than_ten(api: Api, stranger: Person) -> None:
    made = await asyncio.gather(*(api.post(ROOT, OWN, who=stranger) for _ in range(15)))
    assert sorted(one.status for one in made) == [201] * 10 + [422] * 5
    refused = next(one for one in made if one.status == 422)
    check_problem(refused, 422, "limit_reached", "limit")
    assert refused.json["limit"] == "calendar_links"
    first = next(one for one in made if one.status == 201).json["id"]
    assert (await api.delete(f"{ROOT}{first}/", who=stranger)).status == 204
    assert (await api.post(ROOT, OWN, who=stranger)).status == 201


async def test_a_link_that_was_deleted_opens_nothing(
    api: Api, stranger: Person, ben: Person, subscribe: Subscribe
) -> None:
    feed = await subscribe(stranger)
    await feed.read()
    [link] = (await api.get(ROOT, who=stranger)).json
    path = f"{ROOT}{link['id']}/"
    check_problem(await api.delete(path, who=ben), 404, "not_found")
    assert (await api.delete(path, who=stranger)).status == 204
    gone = await api.get(feed.path)
    never = await api.get(f"/calendar/{'x' * 43}.ics")
    check_problem(gone, 404, "not_found")
    assert {**gone.json, "request_id": ""} == {**never.json, "request_id": ""}
    assert gone.headers["Cache-Control"] == never.headers["Cache-Control"] == "no-store"
    check_problem(await api.delete(path, who=stranger), 404, "not_found")


async def test_it_says_on_which_day_it_was_used(
    api: Api, stranger: Person, subscribe: Subscribe, database: Any
) -> None:
    feed = await subscribe(stranger)
    await feed.read()
    [first] = (await api.get(ROOT, who=stranger)).json
    assert first["last_used_at"] is not None
    await feed.read()
    assert (await api.get(ROOT, who=stranger)).json == [first]
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE calendar_link SET last_used_at = now() - interval '2 days' WHERE id = %s",
            [first["id"]],
        )
    database.commit()
    await feed.read()
    [later] = (await api.get(ROOT, who=stranger)).json
    assert later["last_used_at"] >= first["last_used_at"]


async def test_who_keeps_the_calendar_no_longer_reads_it_no_longer(
    api: Api, keeper: Person, subscribe: Subscribe, database: Any
) -> None:
    feed = await subscribe(keeper, of="provider")
    await feed.read()
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE account SET role = 'customer', provider_id = NULL WHERE id = %s", [keeper.id]
        )
    database.commit()
    check_problem(await api.get(feed.path), 404, "not_found")


async def test_who_may_not_log_in_any_more_has_no_links(
    api: Api, stranger: Person, subscribe: Subscribe, database: Any
) -> None:
    feed = await subscribe(stranger)
    with database.cursor() as cursor:
        cursor.execute("UPDATE account SET disabled_at = now() WHERE id = %s", [stranger.id])
    database.commit()
    check_problem(await api.get(feed.path), 404, "not_found")
