"""What others have collected: every case of JSONTestSuite for every body, every naughty string in
every field of text (see corpora/README.md)."""

import json
from pathlib import Path

import pytest

from service.errors import InvalidRequest
from service.http import fields
from tests.bad_input.targets import FIELDS, WITH_BODY, Target
from tests.bad_input.test_fields import ask
from tests.bad_input.words import some
from tests.bad_input.world import World

CORPORA = Path(__file__).parent / "corpora"
CASES: dict[str, bytes] = {
    name: text.encode().replace("\ufffd".encode(), b"\xff")
    for name, text in json.loads((CORPORA / "json_test_suite.json").read_text()).items()
}
NAUGHTY: list[str] = json.loads((CORPORA / "naughty_strings.json").read_text())
TEXT = {
    "username", "email", "password", "current_password", "new_password", "name", "time_zone",
    "notes", "reason",
}  # fmt: skip
# Well-formed, and refused all the same: names that stand twice, NUL.
OURS = {"y_object_duplicated_key", "y_object_duplicated_key_and_value"}
NUL = {"y_object_escaped_null_in_key", "y_string_null_escape"}
FIELDS_OF_TEXT = [one for one in FIELDS if one[1] in TEXT]


@pytest.mark.parametrize("name", [name for name in CASES if name[0] == "y"])
def test_what_is_json_is_read(name: str) -> None:
    if name in OURS | NUL:
        with pytest.raises(InvalidRequest):
            fields.decode(CASES[name])
    else:
        assert fields.decode(CASES[name]) == json.loads(CASES[name])


@pytest.mark.parametrize("name", [name for name in CASES if name[0] == "n"])
def test_what_is_none_is_not(name: str) -> None:
    with pytest.raises(InvalidRequest):
        fields.decode(CASES[name])


@pytest.mark.parametrize("target", WITH_BODY, ids=str)
def test_no_case_gets_past_a_body_that_wants_fields(world: World, target: Target) -> None:
    cases = some(list(CASES.items()), WITH_BODY.index(target))
    answered = world.ask_all(target.ask(world, body) for _, body in cases)
    for (name, body), (_, answer) in zip(cases, answered, strict=True):
        # Where no field has to be there, an object without any asks for nothing.
        harmless = not target.needed and body.strip() in (b"", b"{}")
        assert answer.status == 400 or harmless, (name, answer)


@pytest.mark.parametrize("number", range(len(FIELDS_OF_TEXT)), ids=lambda n: str(FIELDS_OF_TEXT[n]))
def test_a_field_takes_or_refuses_every_naughty_string(world: World, number: int) -> None:
    target, name = FIELDS_OF_TEXT[number]
    assert len(NAUGHTY) > 480
    ask(world, target, ({name: text} for text in some(NAUGHTY, number, 4)))
