"""POST /api/appointments/"""

from tests.cast import Api, Given, Person


async def test_it_works(api: Api, given: Given, ada: Person, okafor: Person) -> None:
    slot_id = (await given.make_slots(1))[0]
    reply = await api.book(ada, slot_id, "Initial consultation")
    assert reply.status == 201
    assert reply.json == {
        "id": reply.json["id"],
        "slot": {"id": slot_id, "start_time": "10:00", "end_time": "10:30", "provider": "Clinic"},
        "user": "ada",
        "notes": "Initial consultation",
        "status": "booked",
    }


async def test_it_refuses_a_taken_slot_and_offers_others(
    api: Api, given: Given, ada: Person, ben: Person
) -> None:
    first, *others = await given.make_slots(5)
    assert (await api.book(ada, first)).status == 201
    reply = await api.book(ben, first)
    assert reply.status == 409
    assert reply.json["code"] == "slot_taken"
    assert [one["id"] for one in reply.json["alternatives"]] == others[:3]
