"""Lists of objects within a body: each is checked by itself, and what is wrong with it is told by
its place, as in `providers.0.weight`, however deep it is."""

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from service.errors import InvalidFields, InvalidRequest
from service.http.fields import Body

B = TypeVar("B", bound=Body)
Convert = Callable[[Any, type[Any], str], Any]  # a decoded object, its type, its place


def convert(value: Any, kind: type[B], one: Convert, prefix: str = "") -> B:
    """A decoded object as a body with lists of bodies in it, each converted by `one`.

    Raises InvalidRequest, InvalidFields.
    """
    errors: dict[str, Any] = {}
    lists = _lists(kind) if isinstance(value, dict) else {}
    for name, inner in lists.items():
        if isinstance(value.get(name), list):
            items = enumerate(value[name])
            place = f"{prefix}{name}"
            found = [_item(item, inner, one, f"{place}.{n}", errors) for n, item in items]
            value = value | {name: [] if errors else found}
    try:
        body: B = one(value, kind, prefix)
    except InvalidFields as error:
        raise InvalidFields(error.errors | errors) from None
    if errors:
        raise InvalidFields(errors)
    return body


def convert_all(values: list[Any], kind: type[B], one: Convert, place: str = "") -> list[B]:
    """Decoded objects as bodies; what is wrong with one is told by its place, from 0.

    Raises InvalidFields.
    """
    errors: dict[str, Any] = {}
    prefix = place and f"{place}."
    found = [_item(item, kind, one, f"{prefix}{n}", errors) for n, item in enumerate(values)]
    if errors:
        raise InvalidFields(errors)
    return found


def _item(item: Any, kind: type[Body], one: Convert, place: str, errors: dict[str, Any]) -> Any:
    try:
        return convert(item, kind, one, f"{place}.")
    except InvalidFields as error:
        errors |= error.errors
    except InvalidRequest as error:
        errors[place] = [error.detail]


@functools.cache
def _lists(kind: type[Body]) -> Mapping[str, type[Body]]:
    """The fields that are lists of bodies, with the type of what is in them."""
    fields = {one.encode_name: inspect.type_info(one.type) for one in msgspec.structs.fields(kind)}
    return {name: inner for name, info in fields.items() if (inner := _inner(info))}


def _inner(info: inspect.Type) -> type[Body] | None:
    if isinstance(info, inspect.UnionType):
        return next(filter(None, map(_inner, info.types)), None)
    if isinstance(info, inspect.Metadata):
        return _inner(info.type)
    item = info.item_type if isinstance(info, inspect.ListType) else None
    if isinstance(item, inspect.StructType) and issubclass(item.cls, Body):
        return item.cls
    return None
