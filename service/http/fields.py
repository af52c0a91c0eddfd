"""What comes in: strict JSON bodies and query strings, checked against typed structs.

The types are the documentation. Every wrong field is named with a message in the style of Django
REST Framework; msgspec alone would stop at the first.
"""

import codecs
import difflib
import functools
import json
import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, inspect
from msgspec.structs import FieldInfo

from service.errors import InvalidFields, InvalidRequest
from service.values import names, url
from service.values.mailbox import LONGEST, MAILBOX, mailbox

S = TypeVar("S", bound=msgspec.Struct)

UNKNOWN = 10  # names that there are none of, told at most
SHOWN = 50  # characters of a wrong value that its message repeats
INT64 = 2**63 - 1
EXACT = 2**53  # up to here a float is the integer it was written as
LONGEST_INTEGER = 1000  # digits; Python itself refuses 4,301 in words of its own
MOST_PIECES = 10_000  # quotes, commas, brackets and braces of a body: they are what costs time
DEEPEST = 200  # arrays and objects within each other
Id = Annotated[int, Meta(ge=-INT64, le=INT64)]
ProviderId = Annotated[int, Meta(ge=1, le=INT64)]  # where 0 would mean anybody, or everybody
Providers = Annotated[tuple[Id, ...], Meta(max_length=20)]
Limit = Annotated[int, Meta(ge=1, le=500)]
Cursor = Annotated[str, Meta(extra_json_schema={"format": "cursor"})]
Instant = Annotated[datetime, Meta(tz=True)]
Username = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=names.LONGEST_USERNAME,
        description=names.USERNAME,
        extra_json_schema={"format": "username", "pattern": names.USERNAME_PATTERN},
    ),
]
Email = Annotated[
    str,
    Meta(
        min_length=3,
        max_length=LONGEST,
        description=MAILBOX,
        extra_json_schema={"format": "idn-email"},
    ),
]
Url = Annotated[str, Meta(max_length=url.LONGEST, extra_json_schema={"format": "uri"})]
Title = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=names.LONGEST_TITLE,
        extra_json_schema={"pattern": names.TITLE_PATTERN},
    ),
]


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """A JSON object with these fields and no others."""


INVALID = {
    "pattern": "Enter a valid value: {description}",
    inspect.IntType: "A valid integer is required.",
    inspect.StrType: "Not a valid string.",
    inspect.BoolType: "Must be a valid boolean.",
    inspect.DateType: "Date has wrong format. Use YYYY-MM-DD.",
    inspect.DateTimeType: "Datetime has wrong format. Use RFC 3339 with an offset, "
    "for example 2027-01-04T10:00:00+00:00.",
}


def decode(raw: bytes, most: int = MOST_PIECES) -> Any:
    """The value of a JSON text in UTF-8 (RFC 8259), with no duplicate names, NaN, NUL or lone
    surrogate in it, and no more than so many pieces. Raises InvalidRequest."""
    if not raw:
        raise InvalidRequest("The request has no body; JSON was expected.")
    if raw.startswith(codecs.BOM_UTF8):
        raise InvalidRequest("JSON parse error: it begins with a byte order mark; leave that out.")
    _refuse_bulk(raw, most)
    try:
        value = _DECODER.decode(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        where = _place(raw, error.start)
        raise InvalidRequest(f"JSON parse error: the body is not UTF-8: {where}.") from None
    except ValueError as error:
        raise InvalidRequest(f"JSON parse error: {error}.") from None
    if b"\\u" in raw:
        _refuse_odd_text(value)
    return value


def _refuse_bulk(raw: bytes, most: int) -> None:
    """Refuse, at the speed of C, what would cost much to read."""
    nested = raw.count(b"[") + raw.count(b"{")
    if nested + raw.count(b",") + raw.count(b'"') > most:
        raise InvalidRequest("JSON parse error: it has more values than any request needs.")
    if nested <= DEEPEST:
        return
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub(b"", raw)):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > DEEPEST:
            raise InvalidRequest("JSON parse error: it is nested too deeply.")
        if depth < 0:
            return  # no JSON: let the decoder say where


def _place(raw: bytes, at: int) -> str:
    """A place in a text as people count, from one; columns of what is no UTF-8 are bytes."""
    line, column = raw.count(b"\n", 0, at) + 1, at - raw.rfind(b"\n", 0, at)
    return f"line {line} column {column}"


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _integer(digits: str) -> int:
    if len(digits) > LONGEST_INTEGER:
        raise ValueError("a number has too many digits")
    return int(digits)


def _number(text: str) -> int | float:
    """JSON knows one kind of numbers, and JSON Schema calls 5.0 an integer."""
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < EXACT else number


_DECODER = json.JSONDecoder(
    object_pairs_hook=_no_duplicates,
    parse_constant=_no_constant,
    parse_int=_integer,
    parse_float=_number,
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_ODD = re.compile("[\0\ud800-\udfff]")
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)  # also one without an end
_ZEROS = re.compile(r"(?<![0-9.eE])0+(?=[0-9])")  # before a number, as in a path
_BRACKET = re.compile(rb"[\[\]{}]")


def _refuse_odd_text(value: Any) -> None:
    """PostgreSQL can't keep NUL, UTF-8 has no lone surrogates; both come as escapes."""
    match value:
        case str():
            if _ODD.search(value):
                raise InvalidRequest("JSON parse error: text has a NUL or a lone surrogate.")
        case list():
            for one in value:
                _refuse_odd_text(one)
        case dict():
            for name, one in value.items():
                _refuse_odd_text(name)
                _refuse_odd_text(one)


def convert(
    value: Any, kind: type[S], prefix: str = "", *, strict: bool = True, lenient: bool = False
) -> S:
    """A decoded object as a struct, lenient to names that it has no fields for. Raises
    InvalidRequest, InvalidFields."""
    if not isinstance(value, dict):
        raise InvalidRequest("A JSON object was expected.")
    if lenient:
        value = {name: value[name] for name in field_names(kind) if name in value}
    try:
        converted = msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError:
        raise InvalidFields(_messages(value, kind, prefix, strict)) from None
    for field in _optional(kind):
        if getattr(converted, field.name) is None:
            setattr(converted, field.name, field.default)
    for field, tidy in _tidied(kind):
        given = getattr(converted, field.name)
        if given is None or given is msgspec.UNSET:
            continue
        try:
            setattr(converted, field.name, tidy(given))
        except ValueError:
            raise InvalidFields(_messages(value, kind, prefix, strict)) from None
    return converted


def _in_utc(at: datetime) -> datetime:
    """PostgreSQL knows no offset beyond 15:59."""
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError(INVALID[inspect.DateTimeType]) from None


# What a type alone can't say: how a value is kept, or a ValueError with a message.
TIDY: dict[Any, Callable[[Any], Any]] = {
    Instant: _in_utc,
    Username: names.username,
    Email: mailbox,
    Title: names.title,
    Url: url.checked,
}


@functools.cache
def _fields(kind: type[msgspec.Struct]) -> tuple[FieldInfo, ...]:
    # msgspec evaluates the annotations anew each time, which costs more than all the rest here.
    return msgspec.structs.fields(kind)


@functools.cache
def _tidied(kind: type[msgspec.Struct]) -> list[tuple[FieldInfo, Callable[[Any], Any]]]:
    return [(one, tidy) for one in _fields(kind) if (tidy := _tidy_of(one.type))]


def _tidy_of(kind: Any) -> Callable[[Any], Any] | None:
    rest = (None, msgspec.UnsetType | None)
    return next((t for one, t in TIDY.items() if kind in (one, *(one | r for r in rest))), None)


@functools.cache
def _optional(kind: type[msgspec.Struct]) -> list[FieldInfo]:
    """Those for which null means that they were left out, as generated clients say it; one that is
    UNSET has a null of its own."""
    return [
        one
        for one in _fields(kind)
        if one.default not in (None, msgspec.NODEFAULT, msgspec.UNSET)
        and isinstance(inspect.type_info(one.type), inspect.UnionType)
    ]


@functools.cache
def _integers(kind: type[msgspec.Struct]) -> frozenset[str]:
    found = {one.encode_name: inspect.type_info(one.type) for one in _fields(kind)}
    return frozenset(name for name, info in found.items() if _is_int(info))


def _is_int(info: inspect.Type) -> bool:
    if isinstance(info, inspect.UnionType):
        return any(map(_is_int, info.types))
    if isinstance(info, inspect.VarTupleType):
        return _is_int(info.item_type)
    return isinstance(info.type if isinstance(info, inspect.Metadata) else info, inspect.IntType)


@functools.cache
def field_names(kind: type[msgspec.Struct]) -> frozenset[str]:
    """The names of a struct's fields, as clients write them."""
    return frozenset(field.encode_name for field in _fields(kind))


def unknown(given: Collection[str], known: Collection[str], prefix: str = "") -> dict[str, Any]:
    """The messages of names that there are none of, each with the nearest that there is."""
    errors = {}
    for name in sorted(set(given) - set(known))[:UNKNOWN]:
        near = difflib.get_close_matches(name[:SHOWN].lower(), known, 1)
        meant = f' Did you mean "{near[0]}"?' if near else ""
        errors[prefix + name[:SHOWN]] = [f"There is no such name here.{meant}"]
    return errors


def _messages(value: Mapping[str, Any], kind: type[S], prefix: str, strict: bool) -> dict[str, Any]:
    """The messages of every field that is wrong."""
    errors = unknown(value, field_names(kind), prefix) if issubclass(kind, Body) else {}
    for field in _fields(kind):
        name = field.encode_name
        if name not in value:
            if field.required:
                errors[prefix + name] = ["This field is required."]
            continue
        try:
            given = msgspec.convert(value[name], field.type, strict=strict)
            if given is not None and (tidy := _tidy_of(field.type)):
                tidy(given)
        except msgspec.ValidationError:
            errors[prefix + name] = [_message(value[name], inspect.type_info(field.type), strict)]
        except ValueError as error:
            errors[prefix + name] = [str(error)]
    return errors


def _message(value: Any, info: inspect.Type, strict: bool) -> str:
    if value is None:
        return "This field may not be null."
    description = ""
    if isinstance(info, inspect.Metadata):
        description = (info.extra_json_schema or {}).get("description", "")
        info = info.type
    if isinstance(info, inspect.UnionType):
        info = next(one for one in info.types if not isinstance(one, inspect.NoneType))
        return _message(value, info, strict)
    if isinstance(info, inspect.VarTupleType) and isinstance(value, list):
        if info.max_length is not None and len(value) > info.max_length:
            return f"Give this no more than {info.max_length} times."
        wrong = next(one for one in value if not _fits(one, info.item_type))
        return _message(wrong, info.item_type, strict)
    match info:
        case inspect.LiteralType():
            return f'"{str(value)[:SHOWN]}" is not a valid choice.'
        case inspect.IntType() if _is_integer(value, strict):
            return _out_of_range(int(value), info)
        case inspect.StrType() if isinstance(value, str):
            return _bad_text(value, info, description)
        case inspect.DictType():
            return INVALID["pattern"].format(description=description)
    return INVALID.get(type(info), "Not a valid value.")


def _fits(value: Any, info: inspect.Type) -> bool:
    """Whether one of several in a query string is right."""
    if isinstance(info, inspect.LiteralType):
        return value in info.values
    return _is_integer(value, strict=False) and abs(int(value)) <= INT64


def _is_integer(value: Any, strict: bool) -> bool:
    if isinstance(value, str):
        return not strict and bool(re.fullmatch(r"-?[0-9]{1,18}", value))
    return isinstance(value, int) and not isinstance(value, bool)


def _out_of_range(value: int, info: inspect.IntType) -> str:
    if abs(value) <= INT64 and info.ge is not None and value < info.ge:
        return f"Ensure this value is greater than or equal to {info.ge}."
    if abs(value) <= INT64 and info.le is not None and value > info.le:
        return f"Ensure this value is less than or equal to {info.le}."
    return INVALID[inspect.IntType]


def _bad_text(value: str, info: inspect.StrType, description: str) -> str:
    if not value:
        return "This field may not be blank."
    if info.max_length is not None and len(value) > info.max_length:
        return f"Ensure this field has no more than {info.max_length} characters."
    return INVALID["pattern"].format(description=description)


def query(arguments: Mapping[str, list[bytes]], kind: type[S]) -> S:
    """A query string as a struct; only a list may be given more than once. Raises InvalidFields."""
    values: dict[str, Any] = {}
    for field in _fields(kind):
        name = field.encode_name
        if name not in arguments:
            continue
        texts = [_text(name, one) for one in arguments[name]]
        if name in _integers(kind):
            texts = [_ZEROS.sub("", one) for one in texts]
        if isinstance(field.default, tuple):
            values[name] = texts
            continue
        if len(texts) > 1:
            raise InvalidFields({name: ["Give this once."]})
        [text] = texts
        if text.lower() == "null" and isinstance(inspect.type_info(field.type), inspect.UnionType):
            # msgspec would read it as None, but no parameter has such a value.
            raise InvalidFields({name: [_message(text, inspect.type_info(field.type), False)]})
        values[name] = _instant(text) if field.type in (Instant, Instant | None) else text
    return convert(values, kind, strict=False)


def _text(name: str, given: bytes) -> str:
    try:
        text = given.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidFields({name: ["Not a valid string."]}) from None
    if "\0" in text:
        raise InvalidFields({name: ["Null characters are not allowed."]})
    return text


def is_day(texts: list[bytes] | None) -> bool:
    """Whether a parameter was given as a day."""
    return texts is not None and bool(_DAY.fullmatch(texts[0].decode("latin-1")))


def _instant(text: str) -> str:
    """A day is its midnight in UTC at first; a plus sign that was sent bare arrives as a space."""
    if text[4:5] != "-":
        return ""  # msgspec would take a number for the seconds since 1970
    if _DAY.fullmatch(text):
        return f"{text}T00:00:00+00:00"
    return re.sub(r" (?=\d\d:?\d\d\Z)", "+", text)
