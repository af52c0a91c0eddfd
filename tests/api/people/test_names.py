"""Names and addresses of people: which are taken, how they are shown, when two are one."""

import re
import secrets

import pytest

from tests.api.checks import check_invalid
from tests.cast import PASSWORD, Api, Person

# As people of these scripts write them: letters with marks, joiners, from right to left.
NAMES = {
    "Hindi": "प्रिया",
    "Thai": "ดิเรก",
    "Tamil": "தமிழ்",
    "Hebrew": "שָׁלוֹם",
    "Arabic": "علي",
    "Sinhala": "ශ\u0dca\u200dරී",
    "Catalan": "col·la",
    "NFD": "zoe\u0301",
}


def _own(name: str) -> str:
    """A name that nobody else has."""
    return f"{name}{secrets.randbelow(10**9)}"


async def _register(api: Api, username: str, email: str = "a@example.org") -> int:
    body = {"username": username, "email": email, "password": PASSWORD}
    return (await api.post("/api/register/", body)).status


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
async def test_names_of_all_scripts_register_and_match_the_document(api: Api, name: str) -> None:
    name = _own(name)
    assert await _register(api, name) == 201
    document = (await api.get("/api/openapi.json")).json
    pattern = document["components"]["schemas"]["RegisterBody"]["properties"]["username"]["pattern"]
    assert re.search(pattern, name)


async def test_a_name_is_shown_as_typed_and_is_one_in_every_spelling(api: Api) -> None:
    number = secrets.randbelow(10**9)
    wide = f"\uff22\uff4f\uff22zoe\u0301{number}"
    assert await _register(api, wide) == 201
    for spelt in (f"bobzoé{number}", f"BOBZOE\u0301{number}", wide):
        assert await _register(api, spelt) == 409
        reply = await api.post("/api/login/", {"username": spelt, "password": PASSWORD})
        assert (reply.status, reply.json["username"]) == (200, f"\uff22\uff4f\uff22zoé{number}")


async def test_full_width_ada_is_ada(api: Api, ada: Person) -> None:
    body = {"username": "\uff21\uff24\uff21", "password": PASSWORD}
    reply = await api.post("/api/login/", body)
    assert (reply.status, reply.json["username"]) == (200, "ada")


@pytest.mark.parametrize(
    "name", ["ad\u200ba", "x²", "\u0301da", "\u202eada", "a\u3164", "ada שלום", "שabc"], ids=ascii
)
async def test_names_that_look_like_others_are_refused(api: Api, name: str) -> None:
    body = {"username": name, "email": "a@example.org", "password": PASSWORD}
    said = ["Enter a valid value: Letters, digits and @/./+/-/_ only."]
    check_invalid(await api.post("/api/register/", body), {"username": said})


async def test_every_wrong_field_is_told_whatever_is_wrong_with_it(api: Api) -> None:
    body = {"username": "ad\u200ba", "email": "ad\u200ba@example.org", "password": 5}
    reply = await api.post("/api/register/", body)
    assert set(reply.json["errors"]) == {"username", "email", "password"}


async def test_an_address_keeps_its_local_part_and_has_its_domain_in_lower_case(api: Api) -> None:
    sent = {"username": _own("mail"), "email": "Ada.L@B\xfccher.EXAMPLE", "password": PASSWORD}
    reply = await api.post("/api/register/", sent)
    assert (reply.status, reply.json["email"]) == (201, "Ada.L@b\xfccher.example")


@pytest.mark.parametrize(
    "email",
    ["ada\u200b@example.org", "ada@example.org\u200e", "a\xadda@b.c", "ada@ex\u2060am.org"],
    ids=ascii,
)
async def test_an_address_with_something_invisible_is_refused(api: Api, email: str) -> None:
    body = {"username": _own("mail"), "email": email, "password": PASSWORD}
    said = ["Enter a valid value: An e-mail address."]
    check_invalid(await api.post("/api/register/", body), {"email": said})


@pytest.mark.parametrize("name", [" ", "\u200b", "\t\n", "\u3164", "a\u202eb"], ids=ascii)
async def test_a_provider_has_a_name_that_can_be_seen(api: Api, admin: Person, name: str) -> None:
    for reply in (
        await api.post("/api/providers/", {"name": name, "time_zone": "UTC"}, who=admin),
        await api.patch("/api/providers/1/", {"name": name}, who=admin),
    ):
        assert (reply.status, list(reply.json["errors"])) == (400, ["name"])


async def test_a_provider_s_name_is_trimmed(api: Api, admin: Person) -> None:
    body = {"name": " Zoe\u0301's \n", "time_zone": "UTC"}
    reply = await api.post("/api/providers/", body, who=admin)
    assert (reply.status, reply.json["name"]) == (201, "Zoé's")
