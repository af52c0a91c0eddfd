"""What all shapes have in common."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

Instant = Annotated[datetime, Meta(tz=True)]


class Shape(Struct, forbid_unknown_fields=True):
    """Exactly these keys, no others."""
