"""Bodies that are no JSON, or JSON that nobody should take."""

import itertools
import json
import random
from collections.abc import Callable

import pytest

from tests.bad_input.targets import WITH_BODY, Target
from tests.bad_input.words import accidents, nested, some
from tests.bad_input.world import World

# Each is refused by RFC 8259, or by us for what it would do further on.
MALFORMED = [
    b"", b" ", b"\n", b"\0", b"\xff", b"\xef\xbb\xbf", b"{", b"}", b"[", b"]", b"{}}", b"{]", b"[}",
    b"{,}", b"[,]", b"[1,]", b"[1,,2]", b"[,1]", b"[1 2]", b"{1:1}", b"{a:1}", b"{'a':1}",
    b'{"a"}', b'{"a":}', b'{"a" 1}', b'{"a":1,}', b'{"a":1,,"b":2}', b'{"a":1 "b":2}', b'{"a"::1}',
    b'{:1}', b'{"a":1', b'{"a', b'{"a"', b'{"a":"b', b'"', b"'", b'"a', b'"\\', b'"\\"', b'"\\x"',
    b'"\\u"', b'"\\u00"', b'"\\u00g0"', b'"\\U00000041"', b'"\n"', b'"\t"', b'"\x00"', b'"\x1f"',
    b"NaN", b"Infinity", b"-Infinity", b"nan", b"inf", b"-", b"+1", b"--1", b"01", b"-01", b"1.",
    b".5", b"1.e1", b"1e", b"1e+", b"0x10", b"1_000", b"1,000", b"0b1", b"\xd9\xa1",
    b"True", b"None", b"nul", b"nulll", b"undefined", b"tru", b"/**/{}", b"{}//", b"{}#", b"{} {}",
    b"{}\0", b"{}\xff", b"\xfe\xff\x00{\x00}", b"{\x00}\x00", b"\x00\x00\x00{", b"\xef\xbb\xbf{}",
    b'"\xed\xa0\x80"', b'"\xc0\xaf"', b'"\xf4\x90\x80\x80"', b'"\xe2\x82"', b'{"\xff":1}',
    b'{"slot":NaN}', b'{"slot":1,"slot":2}', b'{"a":{"b":1,"b":1}}', b'{"\\u0061":1,"a":2}',
    b'{"slot":"\\u0000"}', b'{"slot":"\\ud800"}', b'{"\\u0000":1}', b'{"\\udfff":1}',
    b'["\\ud800"]', b"a=1&b=2", b"<xml/>", b"---\na: 1", b"\x1f\x8b\x08\x00", b"\x80\x04\x95",
    b"\x00" * 1000, b"\xff" * 1000, nested(3).encode()[:-1], nested(1000).encode()[:-1],
    nested(100_000).encode(), nested(100_000).encode()[:100_000], b'{"a":' * 100_000,
    b'{"a":' * 50_000 + b"1" + b"}" * 50_000, b"9" * 5000, b"-" + b"9" * 5000,
    b'{"slot":' + b"9" * 4301 + b"}", b'{"slot":1' + b" " * 100_000,
]  # fmt: skip

# Well-formed, but not the object that was asked for.
NO_OBJECT = [
    b"null", b"true", b"false", b"0", b"-0", b"1.5", b"1e999", b'""', b'"a"', b"[]", b"[[]]",
    b"[null]", b"[1]", b'["a"]', nested(500).encode(), b" [ ] ", b'[{},{"a":1},3]',
]  # fmt: skip

MAY_BE_EMPTY = {
    ("reason",), ("from", "reason"), ("notes", "if_still_free"), ("overlap_hours",), ("from",),
}  # fmt: skip


@pytest.mark.parametrize("target", WITH_BODY, ids=str)
def test_what_is_no_json_is_refused(world: World, target: Target) -> None:
    bodies = some(MALFORMED, WITH_BODY.index(target))
    answered = world.ask_all(target.ask(world, body) for body in bodies)
    for body, (_, answer) in zip(bodies, answered, strict=True):
        allowed = (200, 202, 404, 409) if body == b"" and target.fields in MAY_BE_EMPTY else (400,)
        assert answer.status in allowed, body[:100]


@pytest.mark.parametrize("target", WITH_BODY, ids=str)
def test_json_that_is_no_object_is_refused(world: World, target: Target) -> None:
    for raw, answer in world.ask_all(target.ask(world, body) for body in NO_OBJECT):
        assert answer.status == 400, raw
        assert answer.json["code"] == "invalid"


@pytest.mark.parametrize("target", WITH_BODY, ids=str)
def test_accidents_in_a_body_do_no_harm(
    world: World, count: Callable[[float], int], chance: random.Random, target: Target
) -> None:
    seeds = [json.dumps(target.good(world), indent=indent).encode() for indent in (None, 1)]
    share = count(0.22 / len(WITH_BODY))
    bodies = itertools.islice(accidents(seeds, chance), share)
    answered = world.ask_all(target.ask(world, body) for body in bodies)
    assert sum(1 for _ in answered) == share


@pytest.mark.parametrize("target", WITH_BODY, ids=str)
def test_a_body_that_says_it_is_something_else_is_refused(world: World, target: Target) -> None:
    for kind in (
        "text/plain", "text/html", "application/x-www-form-urlencoded", "application/xml", "json",
        "application/jsonp", "application/json2", "application/json; charset=utf-16", "*/*",
        "application/json; charset=latin-1", "multipart/form-data; boundary=x", "", ";", "\xff",
        "application/json, text/plain", "application/json; charset=utf-8; charset=utf-7",
    ):  # fmt: skip
        raw = target.example(world).replace(
            b"Content-Type: application/json", f"Content-Type: {kind}".encode("latin-1")
        )
        assert world.ask(raw).status == 415, kind
