"""One HTML page with everything: it asks for no other file, and prints well."""

from typing import Any


def page(result: dict[str, Any]) -> str:
    """The whole report of a proof."""
    raise NotImplementedError
