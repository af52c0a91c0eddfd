"""values/search.py: by which words people are found."""

import pytest

from service.values.search import LONGEST_WORD, MOST_PARTS, begun, folded, words


def found(typed: str, *texts: str, phone: str = "") -> bool:
    """Whether each word that was typed begins one of those that are kept."""
    kept = words(*texts, phone=phone)
    asked = begun(typed)
    return bool(asked) and all(any(word.startswith(one) for word in kept) for one in asked)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Zoë", "zoe"),
        ("ZOË", "Zoe\u0308"),
        ("Straße", "strasse"),
        ("Łukasz Øre", "lukasz ore"),
        ("Đặng", "dang"),
        ("İnci \u0131ş\u0131k", "inci isik"),
        ("Ærø", "aero"),
        ("\uff21\uff44\uff41", "ada"),
        ("Йосиф", "иосиф"),
    ],
)
def test_accents_case_and_width_do_not_matter(one: str, other: str) -> None:
    assert folded(one) == folded(other)
    assert found(one, other)
    assert found(other, one)


@pytest.mark.parametrize(
    "typed",
    [
        "o'brien",
        "OBrien",
        "brien",
        "O Brien",
        "jean-luc",
        "jeanluc",
        "luc",
        "Jean Luc O'Br",
        "br je",
    ],
)
def test_separators_and_order_do_not_matter(typed: str) -> None:
    assert found(typed, "Jean-Luc O\u2019Brien")


@pytest.mark.parametrize("typed", ["rien", "jean ada", "lucbrien", "x", "", " ", "-", "'"])
def test_what_begins_no_word_finds_nobody(typed: str) -> None:
    assert not found(typed, "Jean-Luc O\u2019Brien")


@pytest.mark.parametrize(
    "typed", ["ada", "ADA@", "ada.l", "ada.lovelace@ex", "lovelace", "example.org", "org"]
)
def test_an_address_is_found_by_each_of_its_parts(typed: str) -> None:
    assert found(typed, "ada.lovelace@example.org")


@pytest.mark.parametrize("kept", ["+49 170 123 45 67", "0170/1234567", "+49 (0)170 1234567"])
@pytest.mark.parametrize(
    "typed", ["0170 1234567", "01701234567", "170-123", "4567", "567", "(0170) 12 34"]
)
def test_a_phone_number_is_found_with_its_country_or_without(kept: str, typed: str) -> None:
    assert found(typed, phone=kept)


@pytest.mark.parametrize("typed", ["0049 170 1234567", "+491701234567", "49170", "+49(0)170"])
def test_a_country_is_found_where_it_is_known(typed: str) -> None:
    assert found(typed, phone="+49 170 1234567")
    assert not found(typed, phone="0170 1234567")


def test_no_text_makes_words_without_end() -> None:
    long = words(" ".join(f"{n}{'x' * 100}" for n in range(1000)))
    assert len(long) == MOST_PARTS
    assert max(map(len, long)) == LONGEST_WORD
    assert found("0" + 100 * "x", "0" + 100 * "x")


def test_words_are_letters_and_digits_alone() -> None:
    kept = words('a\'b & c:* | !d \\ "e" (f) <-> g_h', phone="+49 (170) 12")
    assert all(word.isalnum() for word in kept + begun('a\'b & c:* | !d \\ "e" g_h'))
