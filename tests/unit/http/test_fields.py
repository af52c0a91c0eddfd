"""http/fields.py: strict JSON, typed structs, a message for every wrong field."""

import contextlib
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import DomainError, InvalidFields, InvalidRequest
from service.http import fields
from service.http.fields import Id, Instant, Limit

INTEGER = "A valid integer is required."


class Body(fields.Body):
    number: Id
    text: Annotated[str, msgspec.Meta(max_length=5)] = ""
    choice: Literal["a", "b"] | None = None
    at: Instant | None = None
    yes: bool = False
    many: Annotated[int, msgspec.Meta(ge=1)] | None = 1


class Query(msgspec.Struct):
    limit: Limit = 100
    from_at: Instant | None = msgspec.field(default=None, name="from")
    text: str = ""


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"{}", {}),
        (b' [1, -0, 1.5, 1E3, "\\u00e9", null, true] ', [1, 0, 1.5, 1000.0, "é", None, True]),
        ('"漢🩺"'.encode(), "漢🩺"),
        (b'"\\ud83e\\ude7a"', "🩺"),
        (b'{"a": {"a": {"a": 1}}}', {"a": {"a": {"a": 1}}}),
        (b'["' + b"[{\\u0022," * 800 + b'"]', ['[{",' * 800]),
        (b"[" + b"[]," * 300 + b"[]]", [[]] * 301),
    ],
)
def test_json_is_read(raw: bytes, value: Any) -> None:
    assert fields.decode(raw) == value


@pytest.mark.parametrize(
    ("raw", "detail"),
    [
        (b"", "The request has no body; JSON was expected."),
        (b"\xff", "JSON parse error: the body is not UTF-8: line 1 column 1."),
        (b'{\n "a": "\xe4"}', "JSON parse error: the body is not UTF-8: line 2 column 8."),
        (
            b"\xef\xbb\xbf{}",
            "JSON parse error: it begins with a byte order mark; leave that out.",
        ),
        (b'{\n "a": }', "JSON parse error: Expecting value: line 2 column 7 (char 8)."),
        (b'{"x":' * 201 + b"1" + b"}" * 201, "JSON parse error: it is nested too deeply."),
        (b"[" * 201 + b'"\\u0041"' + b"]" * 201, "JSON parse error: it is nested too deeply."),
        (
            b"[" + b"{}," * 10_000 + b"{}]",
            "JSON parse error: it has more values than any request needs.",
        ),
        (b"[" * 9_000, "JSON parse error: it is nested too deeply."),
        (b"[NaN]", "JSON parse error: NaN is no JSON number."),
        (b'{"a":1,"a":1}', "JSON parse error: a name stands twice in one object."),
        (b'["\\u0000"]', "JSON parse error: text has a NUL or a lone surrogate."),
        (b'{"\\udc00": 1}', "JSON parse error: text has a NUL or a lone surrogate."),
        (b"5" * 5000, "JSON parse error: a number has too many digits."),
    ],
)
def test_what_is_no_json_is_refused_in_words(raw: bytes, detail: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        fields.decode(raw)
    assert refused.value.detail == detail


@settings(max_examples=60, derandomize=True, database=None, deadline=None)
@given(st.binary(max_size=40) | st.text(max_size=40).map(lambda text: text.encode("utf-8")))
def test_whatever_bytes_come_it_is_a_value_or_a_refusal(raw: bytes) -> None:
    with contextlib.suppress(DomainError):
        assert isinstance(fields.convert(fields.decode(raw), Body), Body)


def test_an_object_becomes_a_struct_and_unknown_names_are_refused_or_left_out() -> None:
    known = {"number": 5, "text": "x", "at": "2027-01-04T10:00:00+02:00"}
    body = Body(5, "x", None, datetime(2027, 1, 4, 8, tzinfo=UTC))
    assert fields.convert(known, Body) == body
    more = known | {"id": 1, "tex": "y"}
    assert fields.convert(more, Body, lenient=True) == body
    with pytest.raises(InvalidFields) as refused:
        fields.convert(more, Body)
    no_such = "There is no such name here."
    assert refused.value.errors == {"id": [no_such], "tex": [f'{no_such} Did you mean "text"?']}


@pytest.mark.parametrize(
    ("value", "errors"),
    [
        ({}, {"number": "This field is required."}),
        ({"number": None}, {"number": "This field may not be null."}),
        ({"number": None, "at": None}, {"number": "This field may not be null."}),
        ({"number": "5"}, {"number": INTEGER}),
        ({"number": "999999999999999999999"}, {"number": INTEGER}),
        ({"number": True}, {"number": INTEGER}),
        ({"number": 5.5}, {"number": INTEGER}),
        ({"number": float("inf")}, {"number": INTEGER}),
        ({"number": 2**63}, {"number": INTEGER}),
        (
            {"number": 1, "text": 6 * "x"},
            {"text": "Ensure this field has no more than 5 characters."},
        ),
        ({"number": 1, "text": None}, {"text": "This field may not be null."}),
        ({"number": 1, "choice": "c"}, {"choice": '"c" is not a valid choice.'}),
        ({"number": 1, "yes": 1}, {"yes": "Must be a valid boolean."}),
        (
            {"text": 5, "choice": 7, "yes": "no"},
            {
                "number": "This field is required.",
                "text": "Not a valid string.",
                "choice": '"7" is not a valid choice.',
                "yes": "Must be a valid boolean.",
            },
        ),
    ],
)
def test_every_wrong_field_is_named(value: dict[str, Any], errors: dict[str, str]) -> None:
    for prefix in ("", "3."):
        with pytest.raises(InvalidFields) as refused:
            fields.convert(value, Body, prefix)
        assert refused.value.errors == {prefix + name: [text] for name, text in errors.items()}


@pytest.mark.parametrize("value", [[], None, 5, "x", [{"number": 1}]])
def test_only_an_object_becomes_a_struct(value: Any) -> None:
    with pytest.raises(InvalidRequest) as refused:
        fields.convert(value, Body)
    assert refused.value.detail == "A JSON object was expected."


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2027-01-04T10:00:00Z", datetime(2027, 1, 4, 10, tzinfo=UTC)),
        ("2027-01-04T10:00:00+01:00", datetime(2027, 1, 4, 9, tzinfo=UTC)),
        ("2027-01-04T10:00:00 01:00", datetime(2027, 1, 4, 9, tzinfo=UTC)),
        ("2027-01-04T10:00:00 0100", datetime(2027, 1, 4, 9, tzinfo=UTC)),
        ("2027-01-04T10:00:00+0100", datetime(2027, 1, 4, 9, tzinfo=UTC)),
        ("2027-01-04t10:00:00z", datetime(2027, 1, 4, 10, tzinfo=UTC)),
        ("2027-01-04T10:00:00.5-05:30", datetime(2027, 1, 4, 15, 30, 0, 500_000, tzinfo=UTC)),
        ("2027-01-04", datetime(2027, 1, 4, tzinfo=UTC)),
    ],
)
def test_a_query_takes_days_and_a_plus_sign_sent_bare(text: str, instant: datetime) -> None:
    assert fields.query({"from": [text.encode()]}, Query).from_at == instant


@pytest.mark.parametrize(
    "text", ["", "now", "2027-01-04T10:00:00", "2027-02-30", "10:00", "2027-01-04T25:00:00Z", "1"]
)
def test_a_query_takes_nothing_else_for_an_instant(text: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        fields.query({"from": [text.encode()]}, Query)
    assert set(refused.value.errors) == {"from"}


@pytest.mark.parametrize("text", ["7", "07", "007.0", "7.0", "0" * 5000 + "7"])
def test_a_number_in_a_query_may_have_zeros_before_it(text: str) -> None:
    query = fields.query({"limit": [text.encode()], "text": [text.encode()]}, Query)
    assert (query.limit, query.text) == (7, text)


def test_null_where_a_field_may_be_left_out_leaves_it_out() -> None:
    assert fields.convert({"number": 1, "many": None}, Body).many == 1


@pytest.mark.parametrize("values", [[b"1", b"x", b"7"], [b"7", b"7"]])
def test_a_name_that_is_repeated_is_refused(values: list[bytes]) -> None:
    with pytest.raises(InvalidFields) as refused:
        fields.query({"limit": values, "other": [b"x"]}, Query)
    assert refused.value.errors == {"limit": ["Give this once."]}


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"x", INTEGER),
        (b"1.5", INTEGER),
        (b"0", "Ensure this value is greater than or equal to 1."),
        (b"00", "Ensure this value is greater than or equal to 1."),
        (b"-07", "Ensure this value is greater than or equal to 1."),
        (b"0501", "Ensure this value is less than or equal to 500."),
        (b"0x7", INTEGER),
        (b"+7", INTEGER),
        (b"9" * 19, INTEGER),
        (b"501", "Ensure this value is less than or equal to 500."),
        (b"\xff", "Not a valid string."),
        (b"1\0", "Null characters are not allowed."),
    ],
)
def test_a_wrong_query_is_refused_in_words(raw: bytes, message: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        fields.query({"limit": [raw]}, Query)
    assert refused.value.errors == {"limit": [message]}
