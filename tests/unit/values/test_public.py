"""service/values/public.py: what only our own machines can be reached at, in all its forms."""

import ipaddress

import pytest

from service.values.public import is_public

OURS = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1",
    "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1",
    "192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255",
    "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1",
    "64:ff9b::1", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1",
    "2002:7f00:1::", "3fff::1", "5f00::1", "4000::1", "fc00::1", "fd00:ec2::254", "fe80::1",
    "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
    "126.255.255.255", "128.0.0.0", "172.15.255.255", "172.32.0.0", "192.88.98.1", "192.169.0.0",
    "223.255.255.255", "2001:200::1", "2001:4860:4860::8888", "2606:4700:4700::1111",
    "2a00:1450:4001::1", "3ffe:ffff::1",
]  # fmt: skip


@pytest.mark.parametrize("address", OURS)
def test_an_address_of_our_own_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_anybody_is_public(address: str) -> None:
    assert is_public(address)


def test_nothing_is_public_that_python_knows_to_be_private() -> None:
    """Its first addresses stand for each network, of both kinds."""
    numbers = [*range(0, 2**32, 2**16)], [one << 112 for one in range(2**16)]
    made = zip((ipaddress.IPv4Address, ipaddress.IPv6Address), numbers, strict=True)
    tried = [kind(one) for kind, ones in made for one in ones]
    assert [ip for ip in tried if is_public(str(ip)) and not ip.is_global] == []


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "0x7f.0.0.1", "1.2.3.4:80"])
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="does not appear"):
        is_public(text)
