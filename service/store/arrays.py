"""Sets as the parameters of a query, and lists as PostgreSQL writes arrays.

The driver would write ARRAY[1, 2], an expression, which for the columns of a set costs both sides
several times as much to write and to read as the one literal '{1,2}'.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any


def columns(items: Sequence[Any]) -> dict[str, list[Any]]:
    """A set of named tuples of one kind, at least one: a list for each field, by its name."""
    return dict(zip(items[0]._fields, map(list, zip(*items, strict=True)), strict=True))


def written(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a query, its lists as array literals. Raises TypeError."""
    return {
        name: literal(value) if isinstance(value, list) else value
        for name, value in parameters.items()
    }


def literal(values: list[Any]) -> str:
    """The array literal of integers, booleans, texts, days, points in time and None.

    Raises TypeError for anything else. (PostgreSQL documentation, 8.15.6.)
    """
    kinds = set(map(type, values))
    if unknown := kinds.difference(_WRITE):
        raise TypeError(f"no array of {unknown.pop().__name__}")
    write = _WRITE[kinds.pop()] if len(kinds) == 1 else _element
    return f"{{{','.join(map(write, values))}}}"


def _element(value: Any) -> str:
    return _WRITE[type(value)](value)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _instant(value: datetime) -> str:
    return f'"{value}"'


_WRITE: dict[type, Callable[[Any], str]] = {
    int: str,
    bool: ("f", "t").__getitem__,
    str: _quoted,
    date: str,
    datetime: _instant,
    type(None): lambda _: "NULL",
}
