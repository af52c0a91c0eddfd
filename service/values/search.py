"""By which words people are found: accents, case and whatever separates parts do not matter.

What is kept are the words that each part of a text begins, up to its end: of O'Brien `obrien` and
`brien`, of ada@example.org `adaexampleorg`, `exampleorg` and `org`. What is asked for is the
beginning of one. Of a phone number all ends are kept, so that it is found with its country or
without, and by its last digits.
"""

import re
import unicodedata

MOST_PARTS = 20  # of a text
LONGEST_WORD = 40  # characters; more tell nobody apart
FEWEST_DIGITS = 3  # at the end of a phone number

_PART = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"[0-9]+")
_TRUNK = re.compile(r"\(0\)")  # +49 (0)170: dialled at home, or nowhere
# Letters that no accent makes: Unicode takes them for letters of their own.
_PLAIN = str.maketrans(
    {"\xf8": "o", "\u0142": "l", "\u0111": "d", "\xf0": "d", "\xfe": "th", "\xe6": "ae",
     "\u0153": "oe", "\u0131": "i"}
)  # fmt: skip


def words(*texts: str | None, phone: str | None = None) -> list[str]:
    """The words by which whoever has these texts and this phone number is found, each once."""
    found: dict[str, None] = {}
    for text in texts:
        parts = _PART.findall(folded(text or ""))[:MOST_PARTS]
        found |= dict.fromkeys("".join(parts[n:])[:LONGEST_WORD] for n in range(len(parts)))
    digits = _number(phone or "")
    found |= dict.fromkeys(digits[n:] for n in range(len(digits) - FEWEST_DIGITS + 1))
    return list(found)


def begun(typed: str) -> list[str]:
    """What words have to begin with, one for each word that was typed; none: nothing was."""
    asked = ("".join(_PART.findall(word)) for word in folded(_TRUNK.sub("", typed)).split())
    # A number may be known without the zeros that it is dialled with.
    bare = (one.lstrip("0") or one if _DIGITS.fullmatch(one) else one for one in asked)
    return [one[:LONGEST_WORD] for one in bare if one]


def folded(text: str) -> str:
    """The text without accents and case, in compatible characters: Zoë and ZOE are one."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(one for one in apart if not unicodedata.combining(one))
    return unicodedata.normalize("NFKC", plain).casefold().translate(_PLAIN)


def _number(phone: str) -> str:
    """The digits of a phone number, without the zeros that it is dialled with."""
    return "".join(_DIGITS.findall(folded(_TRUNK.sub("", phone)))).lstrip("0")
