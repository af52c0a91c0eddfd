"""Which addresses of the network anybody can be reached at, and no machine of our own."""

import ipaddress

# What is_global says yes to depends on the version of Python, and it knows no tunnels. So: of IPv6
# what is given out as global unicast (RFC 4291), and of both nothing that is special
# (RFC 6890 and its registries), or that leads to an IPv4 address by another way.
_GLOBAL = ipaddress.ip_network("2000::/3")
_SPECIAL = [
    ipaddress.ip_network(one)
    for one in (
        "0.0.0.0/8",  # this machine
        "10.0.0.0/8",
        "100.64.0.0/10",  # behind a carrier's translation
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local: the metadata of clouds, too
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # examples
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # never given out; the broadcast
        "2001::/23",  # Teredo, benchmarks, ORCHID
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
    )
]


def is_public(address: str) -> bool:
    """Whether an address, as text with or without a zone, is of the public net. An IPv4 address
    inside an IPv6 one is none, whatever it is. Raises ValueError: it is no address."""
    ip = ipaddress.ip_address(address)
    if ip.version == 6 and ip not in _GLOBAL:
        return False
    return not any(ip.version == special.version and ip in special for special in _SPECIAL)
