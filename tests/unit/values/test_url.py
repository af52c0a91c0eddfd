"""service/values/url.py: which URLs can be sent to, and what goes onto the wire of them."""

import pytest

from service.values.url import LONGEST, Target, names_no_public_address, target


@pytest.mark.parametrize(
    ("url", "scheme", "host", "port", "path", "authority"),
    [
        ("https://example.org", "https", "example.org", 443, "/", "example.org"),
        ("HTTPS://Example.ORG:443/", "https", "example.org", 443, "/", "example.org"),
        ("http://example.org:81/a?b=c", "http", "example.org", 81, "/a?b=c", "example.org:81"),
        ("https://[2001:DB8::1]:8/x", "https", "2001:db8::1", 8, "/x", "[2001:db8::1]:8"),
        ("https://b\u00fc.example", "https", "xn--b-eha.example", 443, "/", "xn--b-eha.example"),
        ("https://a.example/\u00e4?b=%41", "https", "a.example", 443, "/%C3%A4?b=%41", "a.example"),
        ("https://example.org?q=a/b?c", "https", "example.org", 443, "/?q=a/b?c", "example.org"),
        ("http://127.0.0.1/", "http", "127.0.0.1", 80, "/", "127.0.0.1"),
        ("http://\uff11\uff12\uff17.0.0.1/", "http", "127.0.0.1", 80, "/", "127.0.0.1"),
    ],
)  # fmt: skip
def test_a_url_says_where_to_go_and_what_to_ask_for(
    url: str, scheme: str, host: str, port: int, path: str, authority: str
) -> None:
    assert target(url) == Target(scheme, host, port, path, authority)


@pytest.mark.parametrize(
    "url",
    [
        "", "example.org", "//example.org/", "ftp://example.org/", "file:///etc/passwd", "https://",
        "https:///x", "https://:443/", "https://example.org:0/", "https://example.org:65536/",
        "https://example.org:x/", "https://[::1/", "https://[v1.a]/",
        "https://[fe80::1%25eth0]/x y",
        "https://user@example.org/", "https://user:pass@example.org/", "https://@example.org/",
        "https://example.org/#part", "https://example.org#", "https://exa mple.org/",
        "https://example.org/\r\nX: y", "https://example.org/\n", "https://example.org/\u202e",
        "https://-example.org/", "https://exa\\mple.org/", f"https://{'a.' * 130}org/",
        "https://a_b\u00ad\u00ad!.example/", f"https://example.org/{'x' * LONGEST}",
    ],
)  # fmt: skip
def test_what_cannot_be_sent_to_is_told_in_a_sentence(url: str) -> None:
    with pytest.raises(ValueError, match=r"[.]$"):
        target(url)


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("http://127.0.0.1/", True),
        ("http://[::1]/", True),
        ("https://169.254.169.254/latest", True),
        ("https://\uff11\uff10.0.0.1/", True),
        ("https://8.8.8.8/", False),
        ("https://localhost/", False),
        ("nonsense", False),
    ],
)
def test_an_address_that_is_written_out_is_seen_at_once(url: str, named: bool) -> None:
    assert names_no_public_address(url) is named
