"""ETag, If-None-Match and If-Match (RFC 9110, section 13)."""

from typing import Any

import pytest

from tests.api.checks import check_problem
from tests.cast import Api, Given, Person, Reply


async def _get(api: Api, path: str, who: Person, **headers: str) -> Reply:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await api.get(path, who=who, headers=sent)


async def _things(given: Given, who: Person) -> tuple[int, int, int]:
    """An appointment of this person, its slot, and a free slot of the same provider."""
    slot_id, other = await given.make_slots(2)
    return await given.make_appointment(who, slot_id), slot_id, other


READS = [
    "/api/appointments/{appointment}/",
    "/api/appointments/{appointment}/?expand=slot",
    "/api/appointments/",
    "/api/appointments/{appointment}/history/",
    "/api/slots/{slot}/",
    "/api/slots/?limit=5",
    "/api/providers/?limit=5",
    "/api/providers/{provider}/",
    "/api/me/",
]


@pytest.mark.parametrize("path", READS)
async def test_what_is_known_already_is_not_sent_again(
    api: Api, given: Given, stranger: Person, path: str
) -> None:
    appointment_id, slot_id, _ = await _things(given, stranger)
    path = path.format(
        appointment=appointment_id,
        slot=slot_id,
        provider=await given.make_provider("Clinic", "UTC"),
    )
    first = await _get(api, path, stranger)
    tag = first.headers["ETag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        reply = await _get(api, path, stranger, If_None_Match=known)
        assert (reply.status, reply.json) == (304, None), known
        assert reply.headers["ETag"] == tag
        assert "X-Request-ID" in reply.headers
    for unknown in ('"other"', "nonsense", tag.strip('"'), ""):
        reply = await _get(api, path, stranger, If_None_Match=unknown)
        assert (reply.status, reply.json) == (200, first.json), unknown


async def test_what_has_changed_is_sent(api: Api, given: Given, stranger: Person) -> None:
    appointment_id, slot_id, other = await _things(given, stranger)
    paths = [path.format(appointment=appointment_id, slot=slot_id) for path in READS[:5]]
    tags = [(await _get(api, path, stranger)).headers["ETag"] for path in paths]
    await api.reschedule(stranger, appointment_id, other)
    for path, tag in zip(paths, tags, strict=True):
        reply = await _get(api, path, stranger, If_None_Match=tag)
        assert reply.status == 200
        assert reply.headers["ETag"] != tag


async def test_an_expanded_appointment_changes_with_its_slot(
    api: Api, given: Given, stranger: Person, admin: Person
) -> None:
    appointment_id, slot_id, _ = await _things(given, stranger)
    path = f"/api/appointments/{appointment_id}/"
    plain = (await _get(api, path, stranger)).headers["ETag"]
    whole = (await _get(api, f"{path}?expand=slot", stranger)).headers["ETag"]
    await api.patch(f"/api/slots/{slot_id}/", {"capacity": 2}, who=admin)
    assert (await _get(api, path, stranger, If_None_Match=plain)).status == 304
    changed = await _get(api, f"{path}?expand=slot", stranger, If_None_Match=whole)
    assert (changed.status, changed.json["slot"]["capacity"]) == (200, 2)


async def _writes(api: Api, who: Person, staff: Person, things: Any, tag: str) -> list[Reply]:
    """Every write that can be tied to a version, tied to this one; all want the same thing."""
    appointment_id, slot_id, other = things
    if_match = {"If-Match": tag}
    one, slot = f"/api/appointments/{appointment_id}", f"/api/slots/{slot_id}/"
    return [
        await api.patch(f"{one}/reschedule/", {"new_slot": other}, who=who, headers=if_match),
        await api.post(f"{one}/cancel/", who=who, headers=if_match),
        await api.patch(slot, {"capacity": 5}, who=staff, headers=if_match),
        await api.delete(slot, who=staff, headers=if_match),
    ]


@pytest.mark.parametrize(
    "tag", ['"99"', '"0"', '"-1"', '"1.0.0"', "1", 'W/"1"', '"nonsense"', '""', "", '"9999999999"']
)
async def test_what_is_tied_to_another_version_is_not_done(
    api: Api, given: Given, ada: Person, admin: Person, tag: str
) -> None:
    things = await _things(given, ada)
    for reply in await _writes(api, ada, admin, things, tag):
        check_problem(reply, 412, "precondition_failed")
    kept = await api.get(f"/api/appointments/{things[0]}/", who=ada)
    assert (kept.headers["ETag"], kept.json["status"]) == ('"1"', "booked")


async def test_the_version_of_a_booking_is_enough_to_move_it(
    api: Api, given: Given, ada: Person
) -> None:
    slot_id, other, third = await given.make_slots(3)
    booked = await api.book(ada, slot_id)
    path = f"/api/appointments/{booked.json['id']}/reschedule/"
    tag = {"If-Match": booked.headers["ETag"]}
    moved = await api.patch(path, {"new_slot": other}, who=ada, headers=tag)
    assert moved.status == 200
    again = await api.patch(path, {"new_slot": third}, who=ada, headers=tag)
    check_problem(again, 412, "precondition_failed")
    tag = {"If-Match": moved.headers["ETag"]}
    assert (await api.patch(path, {"new_slot": third}, who=ada, headers=tag)).status == 200


@pytest.mark.parametrize("path", ["", "?expand=slot"])
async def test_every_tag_one_was_shown_can_be_used(
    api: Api, given: Given, ada: Person, path: str
) -> None:
    appointment_id, _, _ = await _things(given, ada)
    shown = await api.get(f"/api/appointments/{appointment_id}/{path}", who=ada)
    tag = {"If-Match": shown.headers["ETag"]}
    cancelled = await api.post(f"/api/appointments/{appointment_id}/cancel/", who=ada, headers=tag)
    assert cancelled.status == 200


async def test_a_slot_that_was_booked_meanwhile_is_not_changed(
    api: Api, given: Given, ada: Person, admin: Person
) -> None:
    (slot_id,) = await given.make_slots(1, capacity=2)
    path = f"/api/slots/{slot_id}/"
    tag = {"If-Match": (await api.get(path)).headers["ETag"]}
    appointment_id = await given.make_appointment(ada, slot_id)
    stale = await api.patch(path, {"capacity": 1}, who=admin, headers=tag)
    check_problem(stale, 412, "precondition_failed")
    await api.cancel(ada, appointment_id)
    reply = await api.patch(path, {"capacity": 3}, who=admin, headers={"If-Match": "*"})
    for capacity in (1, 2):
        tag = {"If-Match": reply.headers["ETag"]}
        reply = await api.patch(path, {"capacity": capacity}, who=admin, headers=tag)
        assert (reply.status, reply.json["capacity"]) == (200, capacity)
    tag = {"If-Match": (await api.get(path)).headers["ETag"]}
    assert (await api.delete(path, who=admin, headers=tag)).status == 204


async def test_a_foreign_appointment_is_missing_whatever_the_version(
    api: Api, given: Given, ada: Person, stranger: Person
) -> None:
    things = await _things(given, ada)
    for tag in ('"1"', '"99"', '"1", "2"'):
        replies = await _writes(api, stranger, stranger, things, tag)
        assert [reply.status for reply in replies] == [404, 404, 403, 403]


@pytest.mark.parametrize(
    ("tag", "done"),
    [
        ('"99", "1"', True),
        ('"1" , "99",', True),
        ('"x", W/"2", "1-3"', True),
        ('"98", "99"', False),
        ('"98", W/"1"', False),
        ('"1", nonsense', False),
    ],
)
async def test_one_of_several_versions_is_enough(
    api: Api, given: Given, ada: Person, admin: Person, tag: str, done: bool
) -> None:
    calendar = await given.make_provider("Clinic", "UTC")
    slot_id, other = await given.make_slots(2, provider_id=calendar)
    free, gone, target = await given.make_slots(3)
    one, another = [await given.make_appointment(ada, each) for each in (slot_id, other)]
    headers = {"If-Match": tag}
    replies = [
        await api.patch(f"/api/slots/{free}/", {"capacity": 5}, who=admin, headers=headers),
        await api.delete(f"/api/slots/{gone}/", who=admin, headers=headers),
        await api.patch(
            f"/api/appointments/{one}/reschedule/", {"new_slot": target}, who=ada, headers=headers
        ),
        await api.post(f"/api/appointments/{another}/cancel/", who=ada, headers=headers),
        await api.patch(
            f"/api/providers/{calendar}/", {"name": "Other"}, who=admin, headers=headers
        ),
    ]
    assert [reply.status for reply in replies] == ([200, 204, 200, 200, 200] if done else [412] * 5)


async def test_a_change_tied_to_several_versions_is_answered_again(
    api: Api, given: Given, ada: Person
) -> None:
    appointment_id, _, _ = await _things(given, ada)
    headers = {"If-Match": '"1", "7"', "Idempotency-Key": f"several-{appointment_id}"}
    path = f"/api/appointments/{appointment_id}/cancel/"
    first, again = [await api.post(path, who=ada, headers=headers) for _ in range(2)]
    assert (first.status, again.status) == (200, 200)
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_a_provider_is_changed_only_as_it_was_read(
    api: Api, given: Given, admin: Person
) -> None:
    path = f"/api/providers/{await given.make_provider('Before', 'UTC')}/"
    tag = (await api.get(path)).headers["ETag"]
    for other in ('"of-somebody-elses-reading"', f"W/{tag}", '"99"', ""):
        refused = await api.patch(path, {"name": "X"}, who=admin, headers={"If-Match": other})
        check_problem(refused, 412, "precondition_failed")
    changed = await api.patch(path, {"name": "After"}, who=admin, headers={"If-Match": tag})
    assert (changed.status, changed.json["name"]) == (200, "After")
    stale = await api.patch(path, {"name": "X"}, who=admin, headers={"If-Match": tag})
    check_problem(stale, 412, "precondition_failed")
    read = await api.get(path)
    assert (read.json["name"], read.headers["ETag"]) == ("After", changed.headers["ETag"])
    missing = "/api/providers/4000000000000/"
    gone = await api.patch(missing, {"name": "X"}, who=admin, headers={"If-Match": tag})
    check_problem(gone, 404, "not_found")


@pytest.mark.parametrize("change", [{"name": "Renamed"}, {"time_zone": "Pacific/Auckland"}])
async def test_what_shows_a_provider_changes_with_it(
    api: Api, given: Given, stranger: Person, admin: Person, change: dict[str, str]
) -> None:
    calendar = await given.make_provider("Before", "UTC")
    slot_id, _ = await given.make_slots(2, provider_id=calendar)
    appointment_id = await given.make_appointment(stranger, slot_id)
    paths = [path.format(appointment=appointment_id, slot=slot_id, provider=calendar)
             for path in READS]  # fmt: skip
    before = [await _get(api, path, stranger) for path in paths]
    assert (await api.patch(f"/api/providers/{calendar}/", change, who=admin)).status == 200
    for path, first in zip(paths, before, strict=True):
        known = await _get(api, path, stranger, If_None_Match=first.headers["ETag"])
        now = await _get(api, path, stranger)
        assert (known.status == 200) == (now.json != first.json), path
        tag = now.headers["ETag"]
        assert (await _get(api, path, stranger, If_None_Match=tag)).status == 304
    tag = before[0].headers["ETag"]
    cancelled = await api.post(
        f"/api/appointments/{appointment_id}/cancel/", who=stranger, headers={"If-Match": tag}
    )
    assert cancelled.status == 200, "it is the version of the appointment that it is tied to"
