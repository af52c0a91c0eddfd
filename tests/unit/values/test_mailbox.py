"""service/values/mailbox.py"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.values.mailbox import mailbox


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Ada@Example.ORG", "Ada@example.org"),
        ("a@localhost", "a@localhost"),
        ("o'brien+x=1@b.c", "o'brien+x=1@b.c"),
        ('"john doe"@example.org', '"john doe"@example.org'),
        ("a@[192.0.2.1]", "a@[192.0.2.1]"),
        ("a@[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]"),
        ("пётр@Почта.РФ", "пётр@почта.рф"),
        ("a@日本。jp", "a@日本.jp"),
        ("zoe\u0301@example.org", "zo\xe9@example.org"),
        ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
        (64 * "x" + "@example.org", 64 * "x" + "@example.org"),
    ],
)
def test_an_address_is_kept_with_its_domain_in_lower_case(typed: str, kept: str) -> None:
    assert mailbox(typed) == kept
    assert mailbox(kept) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "nobody",
        "@example.org",
        "ada@",
        "a@b@c",
        "a..b@example.org",
        ".a@example.org",
        "a.@example.org",
        "a b@example.org",
        "a@exam ple.org",
        "a@example.org\n",
        "a@example..org",
        "a@example.org.",
        "a@-example.org",
        "a@under_score.org",
        "a@☃.net",
        "a@[300.0.2.1]",
        "a@[IPv6:x]",
        "a@xn--a.example",
        "ada\u200b@example.org",
        "ada@example.org\u200e",
        "a\xadda@example.org",
        "ada@exam\u2060ple.org",
        "\u202eada@example.org",
        "ada\u3164@example.org",
        "ada\ufe0f@example.org",
        "ada\x7f@example.org",
        "ada\ue000@example.org",
        65 * "x" + "@example.org",
        33 * "é" + "@example.org",
        "a@" + 64 * "x" + ".org",
        "a@" + ".".join([60 * "x"] * 5),
    ],
    ids=ascii,
)
def test_what_no_mail_reaches_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="An e-mail address"):
        mailbox(typed)


@given(st.emails())
def test_ordinary_addresses_are_taken(typed: str) -> None:
    local, _, domain = typed.rpartition("@")
    assert mailbox(typed).startswith(f"{local}@{domain[:1].lower()}")
