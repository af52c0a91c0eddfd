"""service/values/address.py: what peers and proxies write, read as one plain address."""

import pytest

from service.values.address import forwarded, network_of, plain


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:567", "192.0.2.7"),
        ("192.0.2.7:_made-up", "192.0.2.7"),
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("[::1]:99", "::1"),
        ("2001:DB8:0:0::7", "2001:db8::7"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("[::ffff:192.0.2.7]:80", "192.0.2.7"),
    ],
)
def test_an_address_is_the_same_with_port_brackets_and_zone(text: str, address: str) -> None:
    assert plain(text) == address


@pytest.mark.parametrize(
    "text", ["", "unknown", "_hidden", "example.org", "1.2.3", "1.2.3:4", "[::1", "1" * 10_000]
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert plain(text) is None


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("", ""),
    ],
)
def test_who_has_a_whole_network_is_counted_once(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("field", "pairs"),
    [
        ("for=192.0.2.60;proto=http;by=203.0.113.43", ["192.0.2.60", "http"]),
        ('For="[2001:db8:cafe::17]:4711"', ["[2001:db8:cafe::17]:4711", None]),
        ("for=192.0.2.43, for=198.51.100.17;proto=https", ["198.51.100.17", "https"]),
        ("for=192.0.2.43, for=unknown", ["unknown", None]),
        ('for="_a,b;c\\"d";proto=http', ['_a,b;c"d', "http"]),
        ("for=192.0.2.43 ; proto=http ,, ", ["192.0.2.43", "http"]),
        ("for=192.0.2.43, for=x y", [None, None]),
        ('for="192.0.2.43', [None, None]),
        ("for=192.0.2.43" + " " * 1000, [None, None]),
        ("", [None, None]),
    ],
)
def test_of_a_forwarded_field_the_last_element_is_read(field: str, pairs: list[str | None]) -> None:
    found = forwarded(field)
    assert [found.get("for"), found.get("proto")] == pairs
