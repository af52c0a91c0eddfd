"""What calendars of somebody else close, and what becomes of who has booked."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from tests.api.calendar.hours.scene import value
from tests.api.calendar.times.scene import HOUR, NINE
from tests.api.checks import check_problem
from tests.api.delivery.diary import SECRET, Diary, event
from tests.cast import Given, Person


async def test_busy_times_close_a_provider_in_the_list_explain_a_dry_run_and_booking(
    diary: Diary, ada: Person
) -> None:
    clinic = diary.clinic
    visit = await clinic.open()
    assert (await clinic.starts(visit))[:4] == ["09:00", "10:00", "11:00", "12:00"]
    assert await diary.says(event(NINE + HOUR / 2, 1)) == "read"
    assert (await clinic.starts(visit))[:3] == ["11:00", "12:00", "13:00"]
    for start in NINE, NINE + HOUR:
        asked = {"provider": clinic.provider_id, "starts_at": start.isoformat()}
        path = f"/api/services/{visit}/explain/?{urlencode(asked)}"
        told = (await clinic.api.get(path, who=ada)).json
        assert [one["code"] for one in told["reasons"]] == ["closed"]
        check_problem(await clinic.book(ada, visit, start, "?dry_run=true"), 422, "closed")
        check_problem(await clinic.book(ada, visit, start), 422, "closed")
    assert (await clinic.book(ada, visit, NINE + 2 * HOUR)).status == 201
    assert await diary.says() == "read"
    assert (await clinic.starts(visit))[:3] == ["09:00", "10:00", "12:00"]


async def test_a_published_slot_in_the_way_can_not_be_booked_until_it_is_free_again(
    diary: Diary, given: Given, ada: Person, stranger: Person
) -> None:
    clinic = diary.clinic
    provider_id = clinic.provider_id
    one, two, three = await given.make_slots(3, provider_id=provider_id, starts_at=NINE)
    await clinic.api.patch(f"/api/slots/{two}/", {"status": "busy-unavailable"}, who=clinic.keeper)
    before = (await clinic.api.get(f"/api/slots/{one}/")).headers["ETag"]
    await diary.says(event(NINE, 1))

    async def statuses() -> list[str]:
        slots = [(await clinic.api.get(f"/api/slots/{slot}/")).json for slot in (one, two, three)]
        return [slot["status"] for slot in slots]

    assert await statuses() == ["busy-unavailable", "busy-unavailable", "free"]
    assert (await clinic.api.get(f"/api/slots/{one}/")).headers["ETag"] != before
    taken = await clinic.api.book(ada, one)
    check_problem(taken, 409, "slot_taken", "alternatives")
    assert [slot["id"] for slot in taken.json["alternatives"]] == [three]
    moved = await given.make_appointment(stranger, three)
    assert (await clinic.api.reschedule(stranger, moved, one)).status == 409
    path = f"/api/slots/?provider={provider_id}&status=free"
    assert (await clinic.api.get(path)).json == []
    [later] = await given.make_slots(
        1, provider_id=provider_id, starts_at=NINE - HOUR / 2, minutes=30
    )
    assert (await clinic.api.get(f"/api/slots/{later}/")).json["status"] == "free"
    await diary.says()
    assert await statuses() == ["free", "busy-unavailable", "busy"]  # by hand, and booked
    assert (await clinic.api.book(ada, one)).status == 201


async def test_a_slot_that_is_published_where_a_calendar_is_busy_is_shut_at_once(
    diary: Diary, given: Given
) -> None:
    await diary.says(event(NINE, 1))
    [slot_id] = await given.make_slots(1, provider_id=diary.clinic.provider_id, starts_at=NINE)
    shown = (await diary.clinic.api.get(f"/api/slots/{slot_id}/")).json
    assert shown["status"] == "busy-unavailable"


async def test_staff_book_a_shut_slot_all_the_same_and_it_stays_shut(
    diary: Diary, given: Given, ada: Person
) -> None:
    clinic = diary.clinic
    [slot_id] = await given.make_slots(
        1, provider_id=clinic.provider_id, starts_at=NINE, capacity=2
    )
    await given.make_appointment(ada, slot_id)
    await diary.says(event(NINE, 1))
    body = {"slot": slot_id, "override": ["closed"], "reason": "She knows"}
    booked = await clinic.api.post("/api/appointments/", body, who=clinic.keeper)
    assert booked.status == 201, booked
    shown = (await clinic.api.get(f"/api/slots/{slot_id}/")).json
    assert (shown["status"], shown["remaining"]) == ("busy-unavailable", 0)


async def test_who_has_booked_stays_and_staff_are_told(
    diary: Diary, given: Given, ada: Person, ben: Person, since: int
) -> None:
    clinic = diary.clinic
    visit = await clinic.open()
    booked = (await clinic.book(ada, visit)).json["id"]
    [slot_id] = await given.make_slots(
        1, provider_id=clinic.provider_id, starts_at=NINE + 10 * HOUR
    )
    published = await given.make_appointment(ben, slot_id)
    await diary.says(event(NINE, 1), event(NINE + 10 * HOUR, 1))
    shown = await clinic.api.get(f"/api/appointments/{booked}/", who=ada)
    assert shown.json["status"] == "booked"
    calendar_now = await diary.shown()
    assert [one["appointment_id"] for one in calendar_now["conflicts"]] == [booked, published]
    assert calendar_now["conflicts_total"] == 2
    path = f"/api/appointments/?provider={clinic.provider_id}&outside_hours=true"
    outside = (await clinic.api.get(path, who=clinic.keeper)).json
    assert [one["id"] for one in outside] == [booked, published]
    path = f"/api/events/?after={since}&types=appointment.conflict&wait=20"
    told = [one["data"] for one in (await clinic.api.get(path, who=clinic.keeper)).json]
    assert [(one["appointment_id"], one["conflict"]) for one in told] == [
        (booked, "closure"),
        (published, "closure"),
    ]
    await clinic.api.post(
        f"/api/appointments/{booked}/keep/", {"reason": "Fine"}, who=clinic.keeper
    )
    await diary.says(event(NINE, 1), event(NINE + 10 * HOUR, 1), event(NINE + 30 * HOUR, 1))
    left = (await diary.shown())["conflicts"]
    assert [one["appointment_id"] for one in left] == [published]
    assert (await clinic.api.cancel(ada, booked)).status == 200
    assert "09:00" not in await clinic.starts(visit)


async def test_our_own_appointments_coming_back_close_nothing(diary: Diary, ada: Person) -> None:
    clinic = diary.clinic
    visit = await clinic.open()
    await clinic.book(ada, visit)
    made = await clinic.api.post("/api/calendar-links/", {"of": "provider"}, who=clinic.keeper)
    feed = await clinic.api.get(made.json["url"].removeprefix(clinic.api.url))
    diary.there.say(feed.body)
    assert await diary.look() == "read"
    assert (await diary.shown())["events"] == 0


async def test_only_when_somebody_is_busy_is_kept(diary: Diary, ada: Person) -> None:
    clinic = diary.clinic
    visit = await clinic.open()
    await diary.says(event(NINE))
    with diary.database.cursor() as cursor:
        cursor.execute("SELECT coalesce(string_agg(closure::text, ''), '') FROM closure")
        [(kept,)] = cursor.fetchall()
    assert SECRET not in kept
    for reply in (
        await clinic.api.get(f"/api/services/{visit}/times/", who=ada),
        await clinic.api.get(f"/api/slots/?provider={clinic.provider_id}", who=ada),
        await clinic.api.get("/api/closures/", who=clinic.keeper),
        await clinic.api.get(f"/api/closures/?provider={clinic.provider_id}", who=clinic.keeper),
        await clinic.api.get(diary.path, who=clinic.keeper),
    ):
        assert reply.status == 200
        for word in (SECRET, "secret", "@else", diary.there.url):
            assert word.encode() not in reply.body, word
    assert (await clinic.api.get(f"/api/closures/?provider={clinic.provider_id}",
                                 who=clinic.keeper)).json == []  # fmt: skip
    closure_id = value(diary.database, "SELECT id FROM closure WHERE source_id = %s", diary.id)
    check_problem(
        await clinic.api.delete(f"/api/closures/{closure_id}/", who=clinic.keeper), 404, "not_found"
    )


async def test_a_calendar_that_is_forgotten_frees_what_it_closed(
    diary: Diary, given: Given
) -> None:
    clinic = diary.clinic
    visit = await clinic.open()
    [slot_id] = await given.make_slots(
        1, provider_id=clinic.provider_id, starts_at=NINE + 10 * HOUR
    )
    await diary.says(event(NINE, 12))
    assert await clinic.starts(visit) == []
    path = f"{diary.path}{diary.id}/"
    assert (await clinic.api.delete(path, who=clinic.keeper)).status == 204
    assert len(await clinic.starts(visit)) == 8
    assert (await clinic.api.get(f"/api/slots/{slot_id}/")).json["status"] == "free"
    assert (await clinic.api.get(diary.path, who=clinic.keeper)).json == []
    check_problem(await clinic.api.delete(path, who=clinic.keeper), 404, "not_found")


async def test_who_waits_gets_what_a_calendar_frees(diary: Diary, stranger: Person) -> None:
    clinic = diary.clinic
    visit = await clinic.open()
    await diary.says(event(NINE, 8))
    wish = {"service": visit, "from": NINE.isoformat(), "to": (NINE + HOUR).isoformat()}
    joined = await clinic.api.post("/api/waitlist/", wish, who=stranger)
    assert joined.json["status"] == "waiting", joined
    await diary.says(event(NINE + 4 * HOUR, 4))
    waiting = {
        one["id"]: one for one in (await clinic.api.get("/api/waitlist/", who=stranger)).json
    }
    assert waiting[joined.json["id"]]["status"] == "offered"


async def test_a_calendar_is_asked_for_again_when_somebody_says_so(diary: Diary) -> None:
    clinic = diary.clinic
    await diary.says(event(NINE))
    first = datetime.fromisoformat((await diary.shown())["next_at"])
    path = f"{diary.path}{diary.id}/refresh/"
    assert (await clinic.api.post(path, who=clinic.keeper)).status == 202
    sooner = datetime.fromisoformat((await diary.shown())["next_at"])
    now = datetime.now(UTC)
    assert first - now > timedelta(minutes=12)
    assert sooner - now < timedelta(minutes=1)  # not at once: it was asked for just now
    check_problem(await clinic.api.post(f"{diary.path}0/refresh/", who=clinic.keeper), 404,
                  "not_found")  # fmt: skip
