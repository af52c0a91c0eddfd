"""Where a page of a list begins, as clients have it: opaque to them, typed for the rules.

What a page ends with is an integer or a named tuple of integers and instants; one without arguments
is the beginning of the list.
"""

import base64
import re
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec

from service.errors import InvalidFields
from service.http.fields import INT64

End = TypeVar("End")

_NUMBERS = re.compile(r"[0-9]{1,19}(?:-[0-9]{1,19})?", re.ASCII)
_INSTANT = re.compile(  # as PostgreSQL writes it; Python takes more than PostgreSQL does
    r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?\+00", re.ASCII
)


def written(end: Any) -> str:
    """The cursor of the page that begins after this end."""
    return base64.urlsafe_b64encode(msgspec.json.encode(end)).decode().rstrip("=")


def read(text: str, kind: type[End]) -> End:
    """The end that a page begins after; without a cursor, the beginning of the list. Raises
    InvalidFields for a cursor that we did not write."""
    if not text:
        return kind()
    for decode in (_decoded, _decoded_former):
        try:
            end = decode(text, kind)
        except (ValueError, msgspec.MsgspecError):
            continue
        if all(map(_is_possible, end if isinstance(end, tuple) else [end])):
            return end
    raise InvalidFields({"cursor": ["Invalid cursor."]})


def _decoded(text: str, kind: type[End]) -> End:
    end = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=kind)
    if written(end) != text:  # base64 and JSON have many ways to say one thing, we have one
        raise ValueError(text)
    return end


def _decoded_former(text: str, kind: type[End]) -> End:
    """From a cursor of before there was one form, which the next version need not know: numbers
    with a dash between them, but of slots an instant and a number as JSON."""
    if not _NUMBERS.fullmatch(text):
        at, slot_id = msgspec.json.decode(base64.urlsafe_b64decode(text), type=tuple[str, int])
        if not _INSTANT.fullmatch(at):
            raise ValueError(at)
        return msgspec.convert([datetime.fromisoformat(at), slot_id], kind)
    numbers = [int(number) for number in text.split("-")]
    if not issubclass(kind, tuple):
        return msgspec.convert(numbers[0] if len(numbers) == 1 else numbers, kind)
    left_out = len(kind._fields) - len(numbers)  # type: ignore[attr-defined]
    return msgspec.convert([0] * left_out + numbers, kind)


def _is_possible(part: Any) -> bool:
    """Whether PostgreSQL may have said so."""
    if isinstance(part, datetime):
        return part.utcoffset() == timedelta(0)
    return bool(0 <= part <= INT64)
