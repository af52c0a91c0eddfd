"""What may be a name, and when two usernames are one (RFC 8265, UsernameCaseMapped).

A username is shown as it was typed and compared by its key. Names of others are for people to read:
they are trimmed, and have something in them that can be seen.
"""

import re
import unicodedata

from precis_i18n import get_profile

LONGEST_USERNAME, LONGEST_TITLE = 150, 200  # characters
_LONGEST_TYPED = 4 * LONGEST_USERNAME  # accents apart; a million of them take ages to order
USERNAME = "Letters, digits and @/./+/-/_ only."
CONTROL = "Control characters are not allowed."
LONG = "Ensure this field has no more than {} characters."
BLANK = "This field may not be blank."

# As far as a pattern goes that every language reads: without the signs of ASCII and of the blocks
# that have no letters. The rest is up to the profile.
USERNAME_PATTERN = (
    r"^[^\x00-*,/:-?\[-\^`{-\xa9\xab-\xb4\xb6\xb8\xb9\xbb-\xbf\xd7\xf7"
    r"\u2000-\u200b\u200e-\u206f\u2190-\u2bff\u3000-\u3004\ue000-\uf8ff\ufe00-\ufe0f\ufeff]+$"
)
# Beside letters, marks and digits; the last ones are as letters where the RFC allows them.
_OTHERS = frozenset("@.+-_\xb7\u0375\u05f3\u05f4\u200c\u200d\u30fb")
# Another dot on an i can't be seen: the small form of a Turkish capital I with one is an i.
_DOTTED = re.compile("i\u0307+")

# Tabs, ends of lines; what turns the direction of all that follows.
_CONTROLS = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
# Spaces, joiners, fillers, selectors: there, and yet nothing to see.
INVISIBLE = (
    r"\s\xa0\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u202f\u205f-\u2065\u206a-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
)
TITLE_PATTERN = f"^[^{_CONTROLS}]*[^{_CONTROLS}{INVISIBLE}][^{_CONTROLS}]*$"
_CONTROL = re.compile(f"[{_CONTROLS}]")
_VISIBLE = re.compile(f"[^{INVISIBLE}]")
_EDGES = re.compile(r"^[\s\u200b\u2060\ufeff]+|[\s\u200b\u2060\ufeff]+\Z")

_PROFILE = get_profile("UsernameCaseMapped")


def username_key(name: str) -> str:
    """What all spellings of one username have in common: width, case and form don't matter.

    Of any text; those of the names that are allowed are as the profile has them, but for a dot.
    """
    wide = _PROFILE.width_mapping_rule(composed(name[:_LONGEST_TYPED]))
    return composed(_DOTTED.sub("i", composed(_PROFILE.case_mapping_rule(wide))))


def username(typed: str) -> str:
    """A username as it is shown. Raises ValueError with a message for one that is not allowed."""
    name = composed(typed)
    if not name:
        raise ValueError(BLANK)
    if len(name) > LONGEST_USERNAME:
        raise ValueError(LONG.format(LONGEST_USERNAME))
    if _kind(name[0]) == "M" or not all(map(_of_username, name)):
        raise ValueError(f"Enter a valid value: {USERNAME}")
    try:
        _PROFILE.enforce(name)
    except UnicodeEncodeError:
        raise ValueError(f"Enter a valid value: {USERNAME}") from None
    return name


def title(typed: str) -> str:
    """The name of somebody or something, trimmed. Raises ValueError with a message."""
    name = _EDGES.sub("", composed(typed))
    if len(name) > LONGEST_TITLE:
        raise ValueError(LONG.format(LONGEST_TITLE))
    if _CONTROL.search(name):
        raise ValueError(CONTROL)
    if not _VISIBLE.search(name):
        raise ValueError(BLANK)
    return name


def composed(text: str) -> str:
    """The text in NFC: an accent is one with its letter, however it was typed."""
    return unicodedata.normalize("NFC", text)


def _of_username(character: str) -> bool:
    return _kind(character) in "LMN" or character in _OTHERS


def _kind(character: str) -> str:
    """L for a letter, M for a mark, N for a digit, and so on."""
    return unicodedata.category(character)[0]
