"""What a Destination shows of itself: its name, its identity, and never a secret."""

import pytest

from receiver.destination.parse import parse_destination
from receiver.errors import DestinationInvalid

PLANTED = "wJalrXUtnFEMIK7MDENG"
KEYS = f"access-key-id={PLANTED}&secret-access-key={PLANTED}"
AZURE = "acme.blob.core.windows.net"

WITH_SECRETS = [
    f"s3://b/p?region=r&{KEYS}",
    f"s3://b/p?region=r&{KEYS}&endpoint=s3.example.com",
    f"r2://b/p?account-id=a&{KEYS}",
    f"azure://{AZURE}/c/p?sp=w&sig={PLANTED}",
    f"azure://c/p?sp=w&sig={PLANTED}",
    f"sumo://h/receiver/v1/http/{PLANTED}",
    f"sumo://h/receiver/v1/http/{PLANTED}/",
    f"https://h/p?header_Authorization=Basic%20{PLANTED}&Api-Key={PLANTED}&tags={PLANTED}",
    f"https://h/p?{PLANTED}",
    f"https://h/p?{PLANTED}==",
    f"splunk://h/services/collector/raw?channel={PLANTED}&header_Authorization=Splunk%20{PLANTED}",
    f"datadog://h/v1/input?header_DD-API-KEY={PLANTED}",
    f"sentinelone://h/services/collector/raw?header_Authorization={PLANTED}",
    f"ibmcl://h/logs/v1/singles?ibm_api_key={PLANTED}",
    f"kinesis://s?region=r&{KEYS}",
    f"bq://projects/p/datasets/d/tables/t?credentials=base64:{PLANTED}",
    f"wss://h/instant-logs/ws/sessions/{PLANTED}",
]

BROKEN_WITH_SECRETS = [
    PLANTED,
    f" s3://b?region=r&{KEYS}",
    f"s3//b?region=r&{KEYS}",
    f"s3a://b?region=r&{KEYS}",
    f"s3://{PLANTED}:{PLANTED}@b/p",
    f"s3://b&{KEYS}",
    f"s3://b/p&{KEYS}",
    f"s3://b/p/{KEYS}",
    f"s3://b/p?region=r?{KEYS}",
    f"s3://b/p?{PLANTED}",
    f"s3://b/p?{PLANTED}={PLANTED}",
    f"s3://b/p?region={PLANTED}/{PLANTED}",
    f"s3://b/p?sse={PLANTED}",
    f"s3://b/p?endpoint=https://{PLANTED}&{KEYS}",
    f"s3://b/p?secret-access-key={PLANTED}",
    f"s3://b/p?secret-access-key={PLANTED}&secret-access-key={PLANTED}",
    f"s3://b/{{date}}?{KEYS}",
    f"s3://b/p#{KEYS}",
    f"r2://b/p?{KEYS}",
    f"gs://b/p?{KEYS}",
    f"azure://{AZURE}/c/p?sp={PLANTED}",
    f"azure://{AZURE}/c/p&sig={PLANTED}",
    f"azure://{AZURE}?sig={PLANTED}",
    f"https://{AZURE}/c?sig={PLANTED}",
    f"https://u:{PLANTED}@h/p",
    f"https://h/p?header_A{PLANTED}%0A={PLANTED}",
    f"sumo://h/receiver/v2/http/{PLANTED}",
    f"https://e.sumologic.com/receiver/v1/http/{PLANTED}",
    f"file:///p?{PLANTED}",
]


@pytest.mark.parametrize("conf", WITH_SECRETS)
def test_a_destination_shows_no_secret(conf: str) -> None:
    destination = parse_destination(conf)
    shown = [str(destination), repr(destination), f"{destination}", destination.identity]
    assert not [text for text in shown if PLANTED in text]


@pytest.mark.parametrize("conf", BROKEN_WITH_SECRETS)
def test_an_error_shows_no_secret(conf: str) -> None:
    with pytest.raises(DestinationInvalid) as refused:
        parse_destination(conf)
    assert PLANTED not in str(refused.value) + repr(refused.value)


@pytest.mark.parametrize(
    ("conf", "shown"),
    [
        ("s3://acme-logs/http/{DATE}?region=r", "s3://acme-logs/http/{DATE}"),
        ("s3://acme-logs/http/<DATE>/", "s3://acme-logs/http/{DATE}"),
        ("s3://acme-logs/", "s3://acme-logs"),
        (f"r2://b/p?account-id=a&{KEYS}", "r2://b/p"),
        (f"azure://{AZURE}/c/p?sig=x", f"azure://{AZURE}/c/p"),
        ("azure://c/p?sig=x", "azure://c/p"),
        ("file:///var/log/{DATE}", "file:///var/log/{DATE}"),
        ("file:///{DATE}/", "file:///{DATE}"),
        ("sumo://h/receiver/v1/http/code", "sumo://h/receiver/v1/http/[redacted]"),
        ("https://h/p?a=b", "https://h/p"),
        ("wss://h/s/abc", "wss://h/s/[redacted]"),
    ],
)
def test_a_destination_is_shown_without_its_parameters(conf: str, shown: str) -> None:
    assert str(parse_destination(conf)) == shown


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("s3://b/p?region=a", "s3://b/p/?region=b&sse=AES256"),
        ("s3://b/p?region=a", f"s3://b/p?region=a&{KEYS}"),
        ("s3://b/<DATE>", "S3://b/{DATE}/"),
        ("s3://b/p?endpoint=S3.example.com", "s3://b/p?endpoint=s3.example.com"),
        ("gs://b", "gs://b/"),
        (f"azure://{AZURE}/c/p?sig=x", f"azure://{AZURE.upper()}/c/p/?sig=y"),
        ("file:///a//b/{DATE}", "file:///a/b/{DATE}/"),
        ("https://h/p?header_A=x&tags=a", "https://H/p?tags=a&header_A=y&Api-Key=z"),
        ("wss://h/s/abc", "wss://h/s/abc"),
    ],
)
def test_what_makes_no_difference_leaves_the_identity(one: str, other: str) -> None:
    assert parse_destination(one).identity == parse_destination(other).identity


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("s3://b/p", "s3://b/q"),
        ("s3://b/p", "s3://b/p//"),
        ("s3://b/p", "gs://b/p"),
        ("s3://b/p", "s3://b/p?endpoint=s3.example.com"),
        ("s3://h/b/p", "s3://b/p?endpoint=h"),
        (f"r2://b/p?account-id=a&{KEYS}", f"r2://b/p?account-id=c&{KEYS}"),
        (f"azure://{AZURE}/c/p?sig=x", f"azure://{AZURE}/d/p?sig=x"),
        (f"azure://{AZURE}/c/p?sig=x", "azure://other.blob.core.windows.net/c/p?sig=x"),
        ("file:///a/b", "file:///a/c"),
        ("sumo://h/receiver/v1/http/one", "sumo://h/receiver/v1/http/two"),
        ("https://h/p?tags=a", "https://h/p?tags=b"),
        ("https://h/p", "splunk://h/p"),
    ],
)
def test_what_makes_a_difference_makes_another_identity(one: str, other: str) -> None:
    assert parse_destination(one).identity != parse_destination(other).identity
