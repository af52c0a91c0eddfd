"""From things with attributes to named tuples."""

from typing import Any, TypeVar

Tuple = TypeVar("Tuple", bound=tuple[Any, ...])


def named(kind: type[Tuple], source: Any) -> Tuple:
    """The named tuple of what a row or a body has under the names of the tuple's fields."""
    make: Any = kind
    return kind(*(getattr(source, name) for name in make._fields))
