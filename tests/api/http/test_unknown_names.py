"""Names of parameters and fields that there are none of: refused, unless UNKNOWN_FIELDS=ignore."""

import pytest

from service.handlers.routes import ROUTES
from service.http.base import ApiHandler
from service.openapi.operation import METHODS, declared
from tests.api.checks import check_invalid
from tests.api.conftest import Served
from tests.cast import PASSWORD, Api, Given, Person

NO_SUCH = "There is no such name here."
PATHS = sorted(
    (method.upper(), pattern.removesuffix("/?").replace("([0-9]+)", "1").replace("\\", "") + "/")
    for pattern, handler in ROUTES
    if issubclass(handler, ApiHandler) and pattern.startswith("/api/") and pattern.endswith("/?")
    for method in METHODS
    if declared(getattr(handler, method))
)


@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_every_route_refuses_a_parameter_it_does_not_have(
    api: Api, given: Given, method: str, path: str
) -> None:
    who = await given.make_person(f"asks-{method}{path.replace('/', '-')}", "admin")
    reply = await api.call(method, f"{path}?nonsense=1", who=who)
    check_invalid(reply, {"nonsense": [NO_SUCH]})


@pytest.mark.parametrize(
    ("query", "name", "meant"),
    [
        ("provider_id=1", "provider_id", "provider"),
        ("Status=free", "Status", "status"),
        ("form=2031-01-01", "form", "from"),
        ("provider=1&limt=1", "limt", "limit"),
        ("status[]=free", "status[]", "status"),
    ],
)
async def test_it_names_the_nearest_that_there_is(
    api: Api, query: str, name: str, meant: str
) -> None:
    reply = await api.get(f"/api/slots/?{query}")
    check_invalid(reply, {name: [f'{NO_SUCH} Did you mean "{meant}"?']})


async def test_a_list_of_slots_expands_nothing(api: Api) -> None:
    check_invalid(await api.get("/api/slots/?expand=slot"), {"expand": [NO_SUCH]})


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/docs/"])
async def test_who_watches_the_service_may_ask_as_ever(api: Api, path: str) -> None:
    assert (await api.get(f"{path}?cache=7")).status == 200


@pytest.mark.parametrize(
    "query", ["limit=1&limit=2", "to=2031-01-01&to=2031-01-02", "from=2031-01-01&from=2031-01-02"]
)
async def test_what_can_be_but_one_is_refused_twice(api: Api, query: str) -> None:
    name = query.partition("=")[0]
    check_invalid(await api.get(f"/api/slots/?{query}"), {name: ["Give this once."]})


async def test_expanding_twice_expands(api: Api, given: Given, ada: Person) -> None:
    await given.make_appointment(ada, (await given.make_slots(1))[0])
    reply = await api.get("/api/appointments/?expand=slot&expand=slot&limit=1", who=ada)
    assert "capacity" in reply.json[0]["slot"]


async def test_a_body_is_refused_for_a_field_it_does_not_have(
    api: Api, given: Given, ada: Person
) -> None:
    (slot_id,) = await given.make_slots(1)
    reply = await api.post("/api/appointments/", {"slot": slot_id, "note": "Hi", "x": 1}, who=ada)
    check_invalid(reply, {"note": [f'{NO_SUCH} Did you mean "notes"?'], "x": [NO_SUCH]})
    assert (await api.get(f"/api/slots/{slot_id}/")).json["remaining"] == 1


async def test_each_of_many_is_named_by_its_number(api: Api, given: Given, keeper: Person) -> None:
    slot = {"starts_at": "2031-01-01T10:00:00Z", "ends_at": "2031-01-01T11:00:00Z"}
    slot |= {"provider": keeper.session.provider_id}
    reply = await api.post("/api/slots/", [slot, slot | {"seats": 2}], who=keeper)
    check_invalid(reply, {"1.seats": [NO_SUCH]})


async def test_no_more_are_named_than_one_can_read(api: Api, ada: Person) -> None:
    reply = await api.post("/api/appointments/", {f"{n:03}" * 99: 0 for n in range(200)}, who=ada)
    assert reply.status == 400
    assert len(reply.json["errors"]) == 11, "ten of them, and the slot that is missing"
    assert max(map(len, reply.json["errors"])) == 50


async def test_old_clients_are_let_off_where_it_is_set(
    served: Served, given: Given, ada: Person
) -> None:
    (slot_id,) = await given.make_slots(1)
    async with served(unknown_fields="ignore") as api:
        new = {"username": "lenient", "email": "a@example.org", "password": PASSWORD, "x": 1}
        assert (await api.post("/api/register/", new)).status == 201
        body = {"slot": slot_id, "note": "Hi"}
        assert (await api.post("/api/appointments/?x=1", body, who=ada)).json["notes"] == ""
        assert (await api.get("/api/appointments/?page=2&limit=1", who=ada)).status == 200
        assert (await api.post("/api/appointments/", {"note": 1}, who=ada)).status == 400
