"""Values that have broken services before, each short enough to read."""

import os
import random
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

T = TypeVar("T")

TEXTS = [
    "", " ", "\t", "\n", "\r\n", "\0", "a\0b", "\x01", "\x1b[31m", "\x7f", "\x85", "\xad",
    "\ufeff", "\u200b", "\u202e", "\u2028", "\ufffd", "\uffff", "\ud800", "\udfff", "a\ud83db",
    "\U0001f9d1\u200d\U0001f4bb", "e\u0301", "\u0130", "\u1e9e", "Ⅷ", "\uff15", "٣", "²", "½",
    "田中さん", "שלום", "Z̮̞̠͙͔ͅa͏l", "ﷺ" * 18, "ÿ" * 37, "🏳️‍🌈" * 12,
    "null", "None", "undefined", "true", "NaN", "Infinity", "-Infinity", "-0", "1e3", "0x1f",
    "1_000", "1.0", "\u0660", "9223372036854775808", "1" * 5000,
    "'", "''", '"', "`", "\\", "\\'", "%", "%s", "%(slot)s", "%%", "{}", "{0}", "${jndi:x}", "$$",
    "' OR 1=1 --", "'; DROP TABLE slot; --", "1; SELECT pg_sleep(9)", "$1", "$body$", "/*", "--",
    "../../etc/passwd", "..%2f", "%00", "%0d%0aX: y", "a\r\nX-Injected: yes", "<script>", "&lt;",
    "{{7*7}}", "() { :; };", "| cat", "*", "*)(uid=*", "a" * 73, "a" * 256, "a" * 4001,
    "a@b", "@", "a@", "@b.c", "a@b@c", "a@b.c\n", "a b@c.d", "a" * 250 + "@b.co",
    "UTC", "utc", "Europe/Nowhere", "posixrules", "localtime", "../UTC", "Europe/Berlin\0",
]  # fmt: skip

INSTANTS = [
    "2027-01-04", "2027-01-04T10:00", "2027-01-04T10:00:00", "2027-01-04 10:00:00+00:00",
    "2027-02-30T10:00:00Z", "2027-13-01T00:00:00Z", "2027-01-04T24:00:00Z", "2027-01-04T10:00:60Z",
    "2027-01-04T10:00:00+23:59", "2027-01-04T10:00:00-23:59", "2027-01-04T10:00:00+16:00",
    "2027-01-04T10:00:00+15:59", "2027-01-04T10:00:00+99:99", "2027-01-04T10:00:00+00:00:01",
    "2027-01-04T10:00:00.999999999999Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+23:59", "1969-12-31T23:59:59Z",
    "9998-12-31T23:59:59Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59-23:59", "10000-01-01T00:00:00Z", "-0001-01-01T00:00:00Z", "20270104",
    "2027-W01-1", "2027-W01-1T00:00:00Z", "2027-001", "infinity", "-infinity", "now", "tomorrow",
    "epoch", "today allballs", "2027-01-04t10:00:00z", "\uff12\uff10\uff12\uff17-01-04T10:00:00Z",
    "4713-01-01 BC", "1804204800", "2027-01-04T10:00:00+00:00[Europe/Berlin]",
]  # fmt: skip

NUMBERS = [
    0, -1, 1, 2, 500, 501, 1000, 1001, 2**31 - 1, 2**31, -(2**31) - 1, 2**32, 2**53 + 1,
    2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64, 2**64 + 1, 10**30, 10**400,
    0.0, -0.0, 0.5, 1.0, 1.5, 1e3, 1e15, 1e16, 1e19, 1e300, -1e300, 5e-324,
]  # fmt: skip

VALUES: list[Any] = [
    None, True, False, *NUMBERS, *TEXTS, *INSTANTS,
    [], {}, [1], [[]], [None], {"id": 1}, {"": ""}, {"$gt": 0}, {"slot": 1}, [1] * 1001,
    "a" * 100_000, ["a"] * 10_000,
]  # fmt: skip


def some(values: Sequence[T], number: int, parts: int = 3) -> Sequence[T]:
    """What one place gets of a list that goes to many: a campaign sends all of it everywhere, each
    run a part, another one to the next place."""
    return values if "BAD_REQUESTS" in os.environ else values[number % parts :: parts]


def nested(depth: int, opening: str = "[", closing: str = "]") -> str:
    """JSON within JSON."""
    return opening * depth + closing * depth


def mutated(raw: bytes, chance: random.Random) -> bytes:
    """The bytes with one to three small accidents in them."""
    data = bytearray(raw)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(5):
            case 0:
                data[at:at] = bytes([chance.randrange(256)])
            case 1:
                del data[at : at + chance.randint(1, 4)]
            case 2:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case 3:
                piece = data[at : at + chance.randint(1, 20)]
                data[at:at] = piece
            case _:
                data[at:at] = chance.choice(SPLINTERS)
    return bytes(data)


def accidents(seeds: list[bytes], chance: random.Random) -> Iterator[bytes]:
    """Mutations of the seeds without end."""
    while True:
        yield mutated(chance.choice(seeds), chance)


SPLINTERS = [
    b"\0", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b" ", b"\t", b":", b";", b",", b'"', b"'", b"\\",
    b"{", b"}", b"[", b"]", b"%00", b"%", b"\\u0000", b"\\ud800", b"\xff", b"\xc0\x80",
    b"\xed\xa0\x80", b"\xef\xbb\xbf", b"9" * 30, b"-", b"1e999", b"NaN", b"null", b"//", b"..",
]  # fmt: skip
