"""Which addresses of other people's servers are taken."""

from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util import parse_url

from imagebatch.intake.urls import (
    at_origin,
    is_public_address,
    url_rejection_reason,
    why_not_callable,
)

PRIVATE = [
    "0.0.0.0",  # noqa: S104 - nothing is bound to it
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::127.0.0.1",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:808:808::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
PUBLIC = ["8.8.8.8", "93.184.215.14", "172.32.0.1", "2001:4860:4860::8888", "2a00:1450:4001::1"]


READ_DIFFERENTLY = [
    "https://169.254.169.254\\.example.com/",
    "https://169.254.169.254\\@shop.example/",
    "https://shop.example\\hook",
    "https://127.0.0.1\u3002/",
    "https://127\u30020\u30020\u30021/",
    "https://\uff11\uff12\uff17.0.0.1/",
    "https://\uff4cocalhost/",
    "https://shop\uff0eexample/",
    "https://127.0.0.1%2eexample.com/",
    "https://%31%32%37.0.0.1/",
    "https:/127.0.0.1/",
    "https:127.0.0.1/",
    "https:\\\\127.0.0.1\\",
    "https:///127.0.0.1/",
    "https:////127.0.0.1/",
    "https://shop.example:443:80/",
    "https://shop.example:/",
    "https://shop..example/",
    "https://.shop.example/",
    "https://shop.example;127.0.0.1/",
    "https://shop.example,127.0.0.1/",
    "https://[::ffff:127.0.0.1]/",
    "https://[fe80::1%25eth0]/",
    "https://[::1].example/",
    "https://0x7f.0.0.0x1/",
    "https://127.0.0.1./",
    "https://shop.example/\thook",
    "https://shop\t.example/",
    "https://127.0.\n0.1/",
    "https://shop\u00ad.example/",
    "https://shop\u200b.example/",
    " https://shop.example/",
    "https://shop.example\x00.evil/",
]
"""Seen as public by one parser and as something else by another."""


@pytest.mark.parametrize("address", PRIVATE)
def test_non_internet_address_is_not_public(address: str) -> None:
    assert not is_public_address(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_on_the_open_internet_is_public(address: str) -> None:
    assert is_public_address(address)


@pytest.mark.parametrize("text", ["", "localhost", "8.8.8", "0x8080808", "8.8.8.8:80", " 8.8.8.8"])
def test_what_is_no_address_is_not_public(text: str) -> None:
    assert not is_public_address(text)


@pytest.mark.parametrize("address", [a for a in PRIVATE if ":" not in a])
def test_a_url_of_a_private_ipv4_address_is_refused(address: str) -> None:
    assert url_rejection_reason(f"https://{address}/hook") == "must have a public host"


@pytest.mark.parametrize("address", [a for a in PRIVATE if ":" in a and "%" not in a])
def test_a_url_of_a_private_ipv6_address_is_refused(address: str) -> None:
    assert url_rejection_reason(f"https://[{address}]/hook") == "must have a public host"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hook",
        "http://shop.example/hook",
        "ftp://shop.example/hook",
        "file:///etc/passwd",
        "gopher://shop.example/",
        "https:///hook",
        "https://localhost/hook",
        "https://LOCALHOST./hook",
        "https://receiver/hook",
        "https://printer.local/hook",
        "https://db.internal/hook",
        "https://127.1/hook",
        "https://2130706433/hook",
        "https://0x7f000001/hook",
        "https://0x7f.1/hook",
        "https://0177.0.0.1/hook",
        "https://user@shop.example/hook",
        "https://:secret@shop.example/hook",
        "https://shop.example/a b",
        "https://shop.example:99999/hook",
        "https://[::1/hook",
        "https://shop.example/" + "a" * 2048,
        *READ_DIFFERENTLY,
    ],
)
def test_non_public_https_url_is_rejected(url: str) -> None:
    assert url_rejection_reason(url)
    assert why_not_callable(url)


HOSTILE = [
    *"/\\@:?#[]%.\u3002\uff0e\uff61 \t\n\r\0\uff41\uff11",
    "127.0.0.1",
    "shop.example",
    "https:",
    "//",
    "0x7f",
    "localhost",
]


@given(st.lists(st.sampled_from(HOSTILE), max_size=9).map(lambda p: "https://" + "".join(p)))
def test_what_is_taken_is_read_alike_by_every_parser(url: str) -> None:
    if url_rejection_reason(url) is not None:
        return
    host = urlsplit(url).hostname
    assert host
    assert httpx.URL(url).host == parse_url(url).host == host
    assert "127.0.0.1" not in host.split("://")
    assert host.rstrip(".") != "localhost"


@pytest.mark.parametrize(
    "url",
    [
        "HTTPS://Shop.Example./a?b=é",
        "https://shop.example/hook",
        "https://shop.example:8443/hook?key=7#part",
        "https://xn--frhling-o2a.example/hook",
        "https://8.8.8.8/hook",
        "https://[2001:4860:4860::8888]/hook",
    ],
)
def test_a_url_of_a_public_https_server_is_taken(url: str) -> None:
    assert url_rejection_reason(url) is None
    assert why_not_callable(url) is None


RECEIVER = "http://127.0.0.1:9000"


@pytest.mark.parametrize("path", ["", "/", "/hook?key=7"])
def test_the_development_receiver_alone_need_not_be_public(path: str) -> None:
    assert why_not_callable(RECEIVER + path, RECEIVER) is None
    assert why_not_callable(RECEIVER + path) == "must be an https URL"


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:9000/hook",
        "http://127.0.0.1:9001/hook",
        "http://127.0.0.1/hook",
        "http://127.0.0.1:9000@169.254.169.254/hook",
        "http://user@127.0.0.1:9000/hook",
        "http://127.0.0.1:9000.example/hook",
        "http://[::1/hook",
    ],
)
def test_what_only_looks_like_the_development_receiver_is_refused(url: str) -> None:
    assert not at_origin(url, RECEIVER)
    assert why_not_callable(url, RECEIVER)


@pytest.mark.parametrize("url", ["", "//", "http://", "https://shop.example"])
def test_without_a_development_receiver_nothing_is_at_its_origin(url: str) -> None:
    assert not at_origin(url, "")
