"""service/values/names.py"""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from precis_i18n import get_profile

from service.values.names import (
    BLANK,
    CONTROL,
    TITLE_PATTERN,
    USERNAME_PATTERN,
    title,
    username,
    username_key,
)

PROFILE = get_profile("UsernameCaseMapped")
# Where folding goes wrong: letters with more than one small form, wide ones, marks, joiners.
TRICKY = (
    "iI\u0131\u0130\u03c3\u03c2\u03a3\u00df\u1e9e\u01c5\u01c6"
    "\u00c5\u00c5K\uff21\uff41\uff76\uff9e\u0301\u0307\u0308\u094d\u200c\u200d\u00b7aZ9_.@+-"
)
typed = st.text(max_size=12) | st.text(TRICKY, max_size=8)


def _allowed(name: str) -> bool:
    try:
        return bool(username(name))
    except ValueError:
        return False


@pytest.mark.parametrize(
    "name",
    [
        "juliet@example.com",
        "fussball",
        "fu\xdfball",
        "\u03c0",
        "\u03a3",
        "\u03c3",
        "\u03c2",
        "प्रिया",
        "ดิเรก",
        "தமிழ்",
        "שָׁלוֹם",
        "ශ්\u200dරී",
        "l·l",
        "علي7",
        "zoe\u0301",
        "\uff21\uff24\uff21",
        150 * "x",
    ],
    ids=ascii,
)
def test_names_of_all_scripts_are_allowed_and_shown_as_typed(name: str) -> None:
    assert username(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "foo bar",
        "henry\u2163",
        "\u265a",
        "x²",
        "ﬁn",
        "a!b",
        "a\uff20b",
        "\u0301da",
        "ad\u200ba",
        "ada\u200d",
        "ad\xada",
        "ada\n",
        "a\0",
        "ada\u202e",
        "a\ue000",
        "a\u0378",
        "\u3164",
        "ada\ufe0f",
        "٣ab",
        "שabc",
        151 * "x",
        76 * "\u0958",
    ],
    ids=ascii,
)
def test_what_can_not_be_seen_or_told_apart_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"Enter a valid|no more than 150|not be blank"):
        username(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Foo", "foo"),
        ("\u03a3", "\u03c3"),
        ("ΝΙΚΟΣ", "νικος"),
        ("\uff21\uff24\uff21", "ada"),
        ("ﾊﾟﾅ", "パナ"),
        ("zoe\u0301", "ZO\xc9"),
        ("\u212bngstr\xf6m", "ångström"),
        ("İpek", "ipek"),
    ],
    ids=ascii,
)
def test_spellings_of_one_name_have_one_key(one: str, other: str) -> None:
    assert username_key(one) == username_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("fussball", "fu\xdfball"), ("\u03c3", "\u03c2"), ("ines", "\u0131nes"), ("ada", "ad\u0430")],
    ids=ascii,
)
def test_names_that_differ_have_keys_that_do(one: str, other: str) -> None:
    assert username_key(one) != username_key(other)


@given(typed)
@example("i\u0307\u0307")
@example("I\u0323\u0307")
def test_a_key_is_its_own_key_and_that_of_every_form(name: str) -> None:
    key = username_key(name)
    assert username_key(key) == key
    for form in ("NFC", "NFD"):
        assert username_key(unicodedata.normalize(form, name)) == key


@given(typed.filter(_allowed))
def test_the_pattern_of_the_document_takes_every_name_that_is_allowed(name: str) -> None:
    assert re.search(USERNAME_PATTERN, name)


@pytest.mark.parametrize("sign", [chr(n) for n in range(128) if not chr(n).isalnum()], ids=ascii)
def test_the_pattern_of_the_document_takes_the_signs_that_are_allowed(sign: str) -> None:
    assert bool(re.search(USERNAME_PATTERN, f"a{sign}a")) == _allowed(f"a{sign}a")


@given(typed.filter(_allowed))
@example("İpek")
def test_the_key_of_an_allowed_name_is_what_the_profile_makes_but_for_a_dot(name: str) -> None:
    made = unicodedata.normalize("NFC", re.sub("i\u0307+", "i", PROFILE.enforce(username(name))))
    assert username_key(name) == made


@given(st.text("abcXYZ019@.+-_", max_size=20))
def test_of_ascii_the_key_is_what_the_migration_makes_in_sql(name: str) -> None:
    assert username_key(name) == name.translate({n: n + 32 for n in range(65, 91)})


def test_a_key_of_a_text_without_end_takes_no_time() -> None:
    assert len(username_key("\u0301\u0323" * 500_000)) <= 600


@pytest.mark.parametrize(
    ("typed", "kept"),
    [(" Dr Grey\t", "Dr Grey"), ("\ufeffZoe\u0301", "Zo\xe9"), ("❤️ Clinic", "❤️ Clinic")],
    ids=ascii,
)
def test_a_title_is_trimmed_and_composed(typed: str, kept: str) -> None:
    assert title(typed) == kept
    assert re.search(TITLE_PATTERN, typed.strip("\t\ufeff"))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (" ", BLANK),
        ("\u200b", BLANK),
        ("\t\n", BLANK),
        ("\u3164 \u2800", BLANK),
        ("\ufe0f", BLANK),
        ("a\tb", CONTROL),
        ("a\u2028b", CONTROL),
        ("a\x1b[2Jb", CONTROL),
        ("\u202egpj.exe", CONTROL),
        (200 * "\u0958", "Ensure this field has no more than 200 characters."),
    ],
    ids=ascii,
)
def test_a_title_has_something_to_see_and_no_controls(typed: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        title(typed)


@given(st.from_regex(TITLE_PATTERN.replace("$", r"\Z"), fullmatch=True).filter(str.isprintable))
def test_the_pattern_of_the_document_makes_titles(text: str) -> None:
    assert title(text[:200]) if re.search(TITLE_PATTERN, text[:200]) else True
