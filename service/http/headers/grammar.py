"""The grammar of the header fields that we read: RFC 9110, and RFC 8941 for Idempotency-Key.

Repetitions are possessive, so that no field takes longer to read than its length is worth.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_QUOTED = r'"(?:[^"\\]|\\.)*+"'
_PARAMETER = rf"[ \t]*+;[ \t]*+(?:({_TOKEN})=({_TOKEN}|{_QUOTED}))?+"

_ELEMENT = re.compile(r'((?:[^",]|"(?:[^"\\]|\\.)*+"?)*+)(?:,|\Z)')
_EACH = re.compile(_PARAMETER)
_MEDIA = re.compile(rf"({_TOKEN}/{_TOKEN})((?:{_PARAMETER})*+)[ \t]*+")
_TAGS = re.compile(r'[ \t]*+(?:(W/)?"([!#-~\x80-\xff]*+)")?[ \t]*+(?:,|\Z)')
_CREDENTIALS = re.compile(rf"({_TOKEN})(?: ++(.*))?")
_STRING = re.compile(rf'"((?:[ !#-\[\]-~]|\\["\\])*+)"(?:; *+[a-z*][a-z0-9_.*-]*+(?:={_TOKEN})?)*+')
_BARE = re.compile(r"[!#-~]+")

_VERSION = re.compile(r"([0-9]{1,9})(?:\.[0-9]+)?(?:-[0-9]+)?")

LONGEST_KEY = 255  # characters
MERGE_PATCH = "application/merge-patch+json"  # RFC 7396, which all of our changes keep to


class Media(NamedTuple):
    """A media type, or a range of them, in lower case; parameters as they were given, in order."""

    kind: str
    parameters: tuple[tuple[str, str], ...]


class Tag(NamedTuple):
    """An entity tag."""

    weak: bool
    text: str


def elements(field: str) -> Iterator[str]:
    """The elements of a list; empty ones do not count (RFC 9110, 5.6.1)."""
    for match in _ELEMENT.finditer(field):
        if text := match[1].strip(" \t"):
            yield text


def media(text: str) -> Media | None:
    """A media type with its parameters (RFC 9110, 8.3.1); None for what is none."""
    match = _MEDIA.fullmatch(text)
    if match is None:
        return None
    pairs = _EACH.findall(match[2]) if match[2] else []
    return Media(match[1].lower(), tuple((name.lower(), _plain(v)) for name, v in pairs if name))


def is_json(field: str, *kinds: str) -> bool:
    """Whether a Content-Type is one of these kinds of JSON, which is always in UTF-8."""
    found = media(field)
    if found is None or found.kind not in kinds:
        return False
    charsets = [value.lower() for name, value in found.parameters if name == "charset"]
    return all(charset == "utf-8" for charset in charsets)


def quality(accept: str, offered: Media) -> float | None:
    """How welcome a media type is, from 0 to 1, by the most specific range that has it; None where
    none has it (RFC 9110, 12.5.1). A parameter that it lacks is overlooked if nothing else fits."""
    closest, found = -1, None
    for wanted in _ranges(accept):
        weight, asked = 1.0, set()
        for name, value in wanted.parameters:
            if name == "q":
                weight = _weight(value)
                break
            asked.add((name, value.lower()))
        near = _nearness(wanted.kind, asked, offered)
        if near > closest:
            closest, found = near, weight
    return found


def acceptable(accept: str, *offered: str) -> bool:
    """Whether the first of these media types is welcome, or, where nothing is said of it, another.
    An Accept that names nothing asks for nothing in particular."""
    for one in offered:
        known = media(one)
        weight = quality(accept, known) if known else None
        if weight is not None:
            return weight > 0
    return not any(_ranges(accept))


def is_any(field: str) -> bool:
    """Whether If-Match or If-None-Match means whatever there is."""
    return field.strip(" \t") == "*"


def tags(field: str) -> list[Tag]:
    """The entity tags of If-Match or If-None-Match (RFC 9110, 8.8.3); none of a malformed list."""
    found, at = [], 0
    while at < len(field):
        match = _TAGS.match(field, at)
        if match is None:
            return []
        if match[2] is not None:
            found.append(Tag(match[1] is not None, match[2]))
        at = match.end()
    return found


def same(one: Tag, other: Tag, *, strong: bool) -> bool:
    """Whether two tags match by the strong or the weak comparison (RFC 9110, 8.8.3.2)."""
    return one.text == other.text and not (strong and (one.weak or other.weak))


def knows(if_none_match: str, etag: str) -> bool:
    """Whether a client has this representation already: weak tags will do (RFC 9110, 13.1.2)."""
    if is_any(if_none_match):
        return True
    return any(same(one, now, strong=False) for now in tags(etag) for one in tags(if_none_match))


def versions(if_match: str) -> set[int]:
    """The versions of a thing of ours that If-Match names by strong tags: `"3"`, or with those of
    what is shown with it, `"3.7-2"`. -1 stands for one that never was (RFC 9110, 13.1.1)."""
    found = [_VERSION.fullmatch(tag.text) for tag in tags(if_match) if not tag.weak]
    return {int(match[1]) or -1 for match in found if match}


def credentials(authorization: str) -> tuple[str, str]:
    """The scheme in lower case, and what follows it (RFC 9110, 11.4); empty for what is neither."""
    match = _CREDENTIALS.fullmatch(authorization)
    return (match[1].lower(), match[2] or "") if match else ("", "")


def is_encoded(content_encoding: str) -> bool:
    """Whether a body comes in any coding; `identity` is none (RFC 9110, 8.4)."""
    return any(coding.lower() != "identity" for coding in elements(content_encoding))


def key(idempotency_key: str) -> str | None:
    """The key, a structured string (RFC 8941, 3.3.3) or bare; None where it is neither, empty or
    too long. Parameters mean nothing."""
    if idempotency_key.startswith('"'):
        match = _STRING.fullmatch(idempotency_key)
        found = re.sub(r"\\(.)", r"\1", match[1]) if match else ""
    else:
        found = idempotency_key if _BARE.fullmatch(idempotency_key) else ""
    return found if 0 < len(found) <= LONGEST_KEY else None


def _ranges(accept: str) -> Iterator[Media]:
    for text in elements(accept):
        if text.startswith("*") and not text.startswith("*/"):
            text = f"*/*{text[1:]}"  # as old clients of Java write it
        if wanted := media(text):
            yield wanted


def _nearness(kind: str, asked: set[tuple[str, str]], offered: Media) -> int:
    """How specific a range is among those that have the media type; -1 if it has not."""
    if kind == offered.kind:
        has = {(name, value.lower()) for name, value in offered.parameters}
        return 3 + len(asked) if asked <= has | {("charset", "utf-8")} else 0
    if kind == f"{offered.kind.partition('/')[0]}/*":
        return 2
    return 1 if kind == "*/*" else -1


def _weight(text: str) -> float:
    """A qvalue; what is none is no wish."""
    return float(text) if re.fullmatch(r"0?\.[0-9]{1,9}|0\.?|1(?:\.0*)?", text) else 1.0


def _plain(value: str) -> str:
    """A parameter's value without its quotes."""
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
