"""http/headers/grammar.py: the grammar of header fields, by the examples of the RFCs themselves."""

import time

import pytest

from service.http.headers import grammar
from service.http.headers.grammar import Media, Tag

JSON = "application/json"
PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ("foo,bar", ["foo", "bar"]),  # RFC 9110, 5.6.1.2
        ("foo ,bar,", ["foo", "bar"]),
        ("foo , ,bar,charlie", ["foo", "bar", "charlie"]),
        ("", []),
        (",", []),
        (",   ,", []),
        ('a;b="x,y", c', ['a;b="x,y"', "c"]),
        (r'a;b="\",", c', [r'a;b="\","', "c"]),
    ],
)
def test_a_list_is_split_at_its_commas(field: str, found: list[str]) -> None:
    assert list(grammar.elements(field)) == found


@pytest.mark.parametrize(
    "same",
    [  # RFC 9110, 8.3.1
        "text/html;charset=utf-8",
        "Text/HTML;Charset=utf-8",
        'text/html; charset="utf-8"',
        "text/html;charset=utf-8;",
        "text/html ;; charset=utf-8 ",
    ],
)
def test_a_media_type_may_be_written_in_many_ways(same: str) -> None:
    assert grammar.media(same) == Media("text/html", (("charset", "utf-8"),))


@pytest.mark.parametrize(
    "text", ["", "json", "a/", "/b", "a/b;c", "a/b; c = d", "a b/c", "a/b,c/d"]
)
def test_what_is_no_media_type_is_none(text: str) -> None:
    assert grammar.media(text) is None


@pytest.mark.parametrize(
    ("field", "yes"),
    [
        (JSON, True),
        ("Application/JSON", True),
        (f"{JSON};", True),
        (f"{JSON}; charset=utf-8;", True),
        (f"{JSON};;charset=utf-8", True),
        (f"{JSON} ; charset=UTF-8", True),
        (f'{JSON}; charset="utf-8"', True),
        (f"{JSON}; version=1; charset=utf-8", True),
        (f"{JSON}; charset=latin-1", False),
        (f"{JSON}; charset=utf-8; charset=utf-16", False),
        (f"{JSON}, {JSON}", False),
        ("application/merge-patch+json", False),
        ("text/plain", False),
        ("json", False),
        ("", False),
    ],
)
def test_json_is_known_by_its_type_and_charset(field: str, yes: bool) -> None:
    assert grammar.is_json(field, JSON) == yes


RANGES = (
    "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, "
    "text/plain;format=fixed;q=0.4, */*;q=0.5"
)


@pytest.mark.parametrize(
    ("accept", "offered", "quality"),
    [
        (RANGES, "text/plain;format=flowed", 1),  # RFC 9110, 12.5.1
        (RANGES, "text/plain", 0.7),
        (RANGES, "text/html", 0.3),
        (RANGES, "image/jpeg", 0.5),
        (RANGES, "text/plain;format=fixed", 0.4),
        (RANGES, "text/html;level=3", 0.3),
        ("audio/*; q=0.2, audio/basic", "audio/mpeg", 0.2),
        ("audio/*; q=0.2, audio/basic", "audio/basic", 1),
        ("audio/*; q=0.2, audio/basic", "text/html", None),
        ("text/plain; q=0.5, text/html, text/x-dvi; q=0.8, text/x-c", "text/x-dvi", 0.8),
        ("text/*, text/plain, text/plain;format=flowed, */*", "text/plain", 1),
        ("*/*;q=0.1, application/json;q=0", JSON, 0),
        ("application/json;q=0, */*", JSON, 0),
        ("application/json;charset=utf-8", JSON, 1),
        ("application/json;v=2", JSON, 1),
        ("application/json;v=2;q=0.2, application/*;q=0.9", JSON, 0.9),
        ("text/html, image/gif, *; q=.2, */*; q=.2", JSON, 0.2),
        ("application/json;q=1.000", JSON, 1),
        ("application/json;q=2", JSON, 1),
        ("application/json;q=0.1;;;q", JSON, None),
    ],
)
def test_the_most_specific_range_counts(accept: str, offered: str, quality: float | None) -> None:
    known = grammar.media(offered)
    assert known is not None
    assert grammar.quality(accept, known) == quality


@pytest.mark.parametrize(
    ("accept", "yes"),
    [
        ("", True),
        (",", True),
        ("*", True),
        ("*/*", True),
        ("application/*", True),
        ("text/html, */*;q=0.1", True),
        (PROBLEM, True),
        ("text/html", False),
        ("image/*", False),
        ("application/json;q=0", False),
        ("application/json;q=0.0, */*", False),
        ("*/*;q=0", False),
        ("*/*;q=0, application/json", True),
    ],
)
def test_only_what_rules_json_out_is_not_acceptable(accept: str, yes: bool) -> None:
    assert grammar.acceptable(accept, JSON, PROBLEM) == yes


@pytest.mark.parametrize(
    ("one", "other", "strong", "weak"),
    [  # RFC 9110, 8.8.3.2
        ('W/"1"', 'W/"1"', False, True),
        ('W/"1"', 'W/"2"', False, False),
        ('W/"1"', '"1"', False, True),
        ('"1"', '"1"', True, True),
    ],
)
def test_tags_are_compared_strongly_or_weakly(
    one: str, other: str, strong: bool, weak: bool
) -> None:
    [first], [second] = grammar.tags(one), grammar.tags(other)
    assert grammar.same(first, second, strong=True) == strong
    assert grammar.same(first, second, strong=False) == weak
    assert grammar.knows(one, other) == weak


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ('"xyzzy"', [Tag(False, "xyzzy")]),  # RFC 9110, 13.1.1
        (
            '"xyzzy", "r2d2xxxx", "c3piozzzz"',
            [Tag(False, "xyzzy"), Tag(False, "r2d2xxxx"), Tag(False, "c3piozzzz")],
        ),
        ('W/"xyzzy" ,, "a,b"', [Tag(True, "xyzzy"), Tag(False, "a,b")]),
        ('""', [Tag(False, "")]),
        ("", []),
        ("xyzzy", []),
        ('w/"xyzzy"', []),
        ('"a" "b"', []),
        ('"a", nonsense', []),
        ('"a', []),
        ('"a b"', []),
    ],
)
def test_a_list_of_tags_is_read_whole_or_not_at_all(field: str, found: list[Tag]) -> None:
    assert grammar.tags(field) == found


def test_versions_are_named_by_strong_tags() -> None:
    assert grammar.versions('"3", "4.7", "5.7-2", "6-2"') == {3, 4, 5, 6}
    assert grammar.versions('W/"3", "x", "-1", "1.0.0"') == set()
    assert grammar.versions('"0"') == {-1}


@pytest.mark.parametrize("field", ["*", " * "])
def test_an_asterisk_means_whatever_there_is(field: str) -> None:
    assert grammar.is_any(field)
    assert grammar.knows(field, '"1"')


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", ("basic", "QWxhZGRpbjpvcGVuIHNlc2FtZQ==")),
        ("Token x", ("token", "x")),
        ("TOKEN   x", ("token", "x")),
        ("Token", ("token", "")),
        ("Token\tx", ("", "")),
        ("Token=x", ("", "")),
        ("", ("", "")),
    ],
)
def test_any_number_of_spaces_is_between_scheme_and_token(
    field: str, found: tuple[str, str]
) -> None:
    assert grammar.credentials(field) == found


@pytest.mark.parametrize(
    ("field", "encoded"),
    [("", False), ("identity", False), ("Identity, ,", False), ("gzip", True), ("x, gzip", True)],
)
def test_only_identity_is_no_coding(field: str, encoded: bool) -> None:
    assert grammar.is_encoded(field) == encoded


@pytest.mark.parametrize(
    ("field", "key"),
    [
        ('"8e03978e-40d5-43e8-bc93-6894a57f9324"', "8e03978e-40d5-43e8-bc93-6894a57f9324"),
        ("8e03978e-40d5-43e8-bc93-6894a57f9324", "8e03978e-40d5-43e8-bc93-6894a57f9324"),
        ('"hello world"', "hello world"),  # RFC 8941, 3.3.3
        (r'"a \"quoted\" \\ key"', r'a "quoted" \ key'),
        ('"k";retry=1; last', "k"),
        ("a" * 255, "a" * 255),
        ("a" * 256, None),
        (f'"{"a" * 256}"', None),
        ('""', None),
        ("", None),
        ("a b", None),
        ('"a', None),
        (r'"a\b"', None),
        ('"ä"', None),
        ('"a" b', None),
    ],
)
def test_a_key_is_a_structured_string_or_bare(field: str, key: str | None) -> None:
    assert grammar.key(field) == key


@pytest.mark.parametrize(
    "piece", ['"', '"a', "\\", '\\"', ";", "; a=", ",", " ", "a/b;", "W/", 'a="']
)
def test_no_field_takes_longer_to_read_than_its_length_is_worth(piece: str) -> None:
    field = piece * (32_000 // len(piece))
    began = time.process_time()
    for whole in (field, f'a/b; c="{field}', f'"{field}'):
        list(grammar.elements(whole))
        grammar.media(whole)
        grammar.tags(whole)
        grammar.acceptable(whole, JSON)
        grammar.key(whole)
        grammar.credentials(whole)
    assert time.process_time() - began < 2
