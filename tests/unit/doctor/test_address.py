"""Where a conf leads: the address that Logpush posts to, byte for byte."""

import pytest

from receiver.destination.parse import parse_destination
from receiver.doctor.address import address_of


def url_of(conf: str) -> str:
    return address_of(parse_destination(conf)).url.reveal()


@pytest.mark.parametrize(
    ("conf", "url"),
    [
        ("https://h.example.com", "https://h.example.com/"),
        ("https://h.example.com?a=b", "https://h.example.com/?a=b"),
        ("https://h.example.com/p?header_A=b", "https://h.example.com/p"),
        (
            "https://h.example.com/p?header_A=b%20c&tags=host:x,dataset:y&z",
            "https://h.example.com/p?tags=host:x,dataset:y&z",
        ),
        ("https://h.example.com/a%2fb?q=%7e%2F", "https://h.example.com/a%2fb?q=%7e%2F"),
        ("https://h.example.com/a b?q=ä{}", "https://h.example.com/a%20b?q=%C3%A4%7B%7D"),
        ("https://h.example.com/p?q=100%&r=%zz", "https://h.example.com/p?q=100%25&r=%25zz"),
        ("https://H.example.com:8443/P", "https://h.example.com:8443/P"),
        (
            "splunk://h.example.com:8088/raw?channel=1&insecure-skip-verify=true&sourcetype=cf",
            "https://h.example.com:8088/raw?channel=1&sourcetype=cf",
        ),
        (
            "sumo://endpoint4.collection.sumologic.com/receiver/v1/http/Zm9v==",
            "https://endpoint4.collection.sumologic.com/receiver/v1/http/Zm9v==",
        ),
        (
            "datadog://http-intake.logs.datadoghq.com/api/v2/logs?header_DD-API-KEY=x&ddtags=a:b",
            "https://http-intake.logs.datadoghq.com/api/v2/logs?ddtags=a:b",
        ),
    ],
)
def test_the_address_is_the_confs_own_without_its_headers(conf: str, url: str) -> None:
    assert url_of(conf) == url


@pytest.mark.parametrize(
    ("authority", "host", "port"),
    [
        ("h.example.com", "h.example.com", 443),
        ("h.example.com:8443", "h.example.com", 8443),
        ("[::1]:8443", "::1", 8443),
        ("[2001:db8::1]", "2001:db8::1", 443),
        ("127.0.0.1", "127.0.0.1", 443),
    ],
)
def test_host_and_port_are_told_apart(authority: str, host: str, port: int) -> None:
    address = address_of(parse_destination(f"https://{authority}/in"))
    assert (address.host, address.port) == (host, port)


def test_only_splunk_may_skip_verifying() -> None:
    query = "channel=1&header_Authorization=x&insecure-skip-verify="
    for scheme, value, skips in (
        ("splunk", "true", True),
        ("splunk", "false", False),
        ("https", "true", False),
    ):
        conf = f"{scheme}://h.example.com/services/collector/raw?{query}{value}"
        assert address_of(parse_destination(conf)).skips_verifying is skips


def test_an_address_shows_no_path() -> None:
    conf = "sumo://e.collection.sumologic.com/receiver/v1/http/c0de?x=s3cr3t"
    address = address_of(parse_destination(conf))
    assert "c0de" not in repr(address)
    assert "s3cr3t" not in repr(address)
