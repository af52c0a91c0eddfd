"""Phone numbers: kept as they are typed, as long as somebody can dial them."""

import re

from service.values.names import composed

LONGEST = 40  # characters
FEWEST, MOST = 3, 20  # digits
PHONE = "A phone number: digits, and + ( ) - . / and spaces between them."

_PHONE = re.compile(r"\+?[0-9(][0-9 ()./-]*", re.ASCII)


def phone(typed: str) -> str:
    """The number as it was typed, trimmed. Raises ValueError with a message for what is none."""
    number = composed(typed).strip()
    digits = sum(character.isdigit() for character in number)
    if len(number) > LONGEST or not _PHONE.fullmatch(number) or not FEWEST <= digits <= MOST:
        raise ValueError(f"Enter a valid value: {PHONE}")
    return number
