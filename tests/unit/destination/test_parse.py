"""Every scheme of a destination_conf is understood, and what is wrong is named with its remedy."""

import pickle
from datetime import date
from typing import Any

import pytest

from receiver.destination.destination import Scheme
from receiver.destination.parse import CONF_CHARS_MAX, looks_like_conf, parse_destination
from receiver.errors import DestinationInvalid
from receiver.secret import Secret

KEYS = "access-key-id=AKIA&secret-access-key=wJalr%2FXUtn"
SAS = "sv=2021-06-08&ss=b&srt=o&sp=w&se=2031-01-01T00:00:00Z&sig=ab%2Bcd%2F%3D"
AZURE = "acme.blob.core.windows.net"

UNDERSTOOD: list[tuple[str, dict[str, Any]]] = [
    (
        "s3://acme-logs/http/{DATE}?region=us-east-1&sse=AES256",
        {"bucket": "acme-logs", "path": "http/{DATE}/", "region": "us-east-1", "sse": "AES256"},
    ),
    ("s3://acme-logs?region=us-east-1", {"bucket": "acme-logs", "path": ""}),
    ("s3://acme-logs/?region=us-east-1", {"bucket": "acme-logs", "path": ""}),
    (
        f"s3://acme-logs/http?region=us-east-1&{KEYS}",
        {"access_key_id": Secret("AKIA"), "secret_access_key": Secret("wJalr/XUtn")},
    ),
    (
        f"s3://b/p?region=sfo2&{KEYS}&endpoint=sfo2.digitaloceanspaces.com",
        {"endpoint": "sfo2.digitaloceanspaces.com", "region": "sfo2"},
    ),
    (
        f"s3://b/p?region=auto&{KEYS}&endpoint=minio.example.com:9000",
        {"endpoint": "minio.example.com:9000"},
    ),
    (
        f"r2://b/p/{{DATE}}?account-id=0123abc&{KEYS}",
        {"bucket": "b", "path": "p/{DATE}/", "account": "0123abc", "access_key_id": Secret("AKIA")},
    ),
    ("gs://acme-logs/http/{DATE}", {"bucket": "acme-logs", "path": "http/{DATE}/"}),
    ("gs://acme-logs", {"bucket": "acme-logs", "path": ""}),
    (
        f"azure://{AZURE}/logs/http/{{DATE}}?{SAS}",
        {"bucket": "logs", "path": "http/{DATE}/", "account": AZURE, "sas": Secret(SAS)},
    ),
    (f"azure://{AZURE}/logs?{SAS}", {"bucket": "logs", "path": ""}),
    (f"azure://{AZURE}/$root?{SAS}", {"bucket": "$root"}),
    ("file:///var/log/{DATE}/x", {"bucket": "/var/log", "path": "{DATE}/x/"}),
    ("file:///var/log/dt={DATE}", {"bucket": "/var/log", "path": "dt={DATE}/"}),
    ("file:///var/log", {"bucket": "/var/log", "path": ""}),
    ("file:///var//a%20b/./c%23/", {"bucket": "/var/a b/c#", "path": ""}),
    ("file:///{DATE}", {"bucket": "/", "path": "{DATE}/"}),
    (
        "sumo://endpoint1.sumologic.com/receiver/v1/http/ZaVnC4dhaV3",
        {
            "bucket": "endpoint1.sumologic.com",
            "path": "receiver/v1/http/",
            "path_secret": Secret("ZaVnC4dhaV3"),
        },
    ),
    (
        "https://Logs.example.com/in?header_Authorization=Basic%20abc&tags=host:x,dataset:y",
        {
            "bucket": "logs.example.com",
            "path": "in",
            "headers": (("Authorization", Secret("Basic abc")),),
            "parameters": (("tags", Secret("host:x,dataset:y")),),
        },
    ),
    (
        "splunk://splunk.example:8088/services/collector/raw?channel=1-2&header_Authorization=t",
        {"bucket": "splunk.example:8088", "path": "services/collector/raw"},
    ),
    (
        "datadog://http-intake.logs.datadoghq.com/api/v2/logs?header_DD-API-KEY=k&ddsource=x",
        {"bucket": "http-intake.logs.datadoghq.com", "path": "api/v2/logs"},
    ),
    (
        "https://log-api.eu.newrelic.com/log/v1?Api-Key=k&format=cloudflare",
        {"parameters": (("Api-Key", Secret("k")), ("format", Secret("cloudflare")))},
    ),
    (
        "sentinelone://s1.example.com/services/collector/raw?sourcetype=x&header_Authorization=t",
        {"bucket": "s1.example.com"},
    ),
    (
        "ibmcl://i.ingress.eu-de.logs.cloud.ibm.com/logs/v1/singles?ibm_api_key=k",
        {"bucket": "i.ingress.eu-de.logs.cloud.ibm.com", "path": "logs/v1/singles"},
    ),
    (
        "kinesis://stream?region=r&sts-assume-role-arn=arn:aws:iam::1:role/x",
        {"bucket": "stream", "path": ""},
    ),
    (
        "bq://projects/p/datasets/d/tables/t?credentials=base64:abc",
        {"bucket": "projects", "path": "p/datasets/d/tables/t"},
    ),
    (
        "wss://logs.cloudflare.com/instant-logs/ws/sessions/0123456789abcdef",
        {"path": "instant-logs/ws/sessions/", "path_secret": Secret("0123456789abcdef")},
    ),
]

NOTED = [
    ("s3://foo", "no region"),
    ("S3://foo?region=r", "capitals"),
    ("s3://foo/<DATE>?region=r", "write {DATE} in the job"),
    ("s3://foo/{HOUR}/?region=r", "`{HOUR}` is no token"),
    ("s3://foo/a%20b?region=r", "percent escape"),
    ("s3://foo//a?region=r", "`//`"),
    ("s3://foo/a/../b?region=r", "`..`"),
    ("s3://foo?region=r&access-key-id=a&secret-access-key=b+c", "%2B"),
    (f"s3://foo?region=r&{KEYS}&endpoint=http://127.0.0.1:9000", "test server"),
    (f"s3://foo?region=r&{KEYS}&endpoint=http://minio:9000", "test server"),
    (f"s3://foo?region=r&{KEYS}&endpoint=foo.s3.example.com", "without the bucket"),
    ("s3://foo?region=r&endpoint=s3.example.com", "`endpoint` without access-key-id"),
    (f"azure://logs/http?{SAS}", "no account host"),
    (f"azure://{AZURE}/logs", "no SAS"),
    (f"azure://{AZURE}/logs?ss=b&srt=sco&sp=rwl&sig=x", "srt=o"),
    (f"azure://127.0.0.1:10000/devstoreaccount1/logs?{SAS}", "test server"),
    ("https://logs.example.com/{DATE}", "not documented"),
    ("kinesis://stream/{DATE}?region=r", "not documented"),
    ("splunk://h/other?channel=c&header_Authorization=t", "the path is not"),
    ("splunk://h:9/services/collector/raw?channel=c&header_Authorization=t", "the port is not"),
    ("splunk://h/services/collector/raw?header_Authorization=t", "`channel` is missing"),
    ("datadog://h/v1/input", "`header_DD-API-KEY` is missing"),
]

REFUSED = [
    ("", "it is empty"),
    ("  ", "it is empty"),
    (" s3://b?region=r", "blank"),
    ("s3://b?region=r\n", "line break"),
    ("s3://b/a\u200bb", "cannot be seen"),
    ("s3://b/" + "a" * CONF_CHARS_MAX, "longer than 4096"),
    ('"s3://b"', "quotation mark"),
    ("bucket/path", "does not begin with a scheme"),
    ("s3:/bucket/path", "does not begin with a scheme"),
    ("/var/log", "file:///folder"),
    ("s3a://b", "write s3://"),
    ("gcs://b", "write gs://"),
    ("http://h/x", "write https://"),
    ("abfss://c@a", "write azure://"),
    ("spunk://h", "write splunk://"),
    ("quux://h", "Logpush has s3, r2, gs"),
    ("s3://b/a#b", "write %23"),
    ("s3://AKIA:xyz@b/path", "given as parameters"),
    ("s3://b?region=r&amp;sse=AES256", "write `&` itself"),
    ("s3://b?region=r\\u0026sse=AES256", "write `&` itself"),
    ("s3://b/p&region=r", "the first one follows a `?`"),
    ("s3://", "the bucket is missing"),
    ("s3:///p", "the bucket is missing"),
    ("s3://a b/p", "the bucket's name holds ' '"),
    ("s3://b/{date}", "`{date}` is not in capitals"),
    ("s3://b/p?region={DATE}", "in the parameters"),
    ("s3://b?Region=r", "did you mean `region`"),
    ("s3://b?access_key_id=r", "did you mean `access-key-id`"),
    ("s3://b?foo=r", "none of access-key-id, endpoint"),
    ("s3://b?region=a&region=b", "`region` is given twice"),
    ("s3://b?region=", "`region` has no value"),
    ("s3://b?region=a/b", "`region` is not the name"),
    ("s3://b?sse=aws:kms", "`sse` can only be AES256"),
    ("s3://b?region=r&access-key-id=a", "go together"),
    ("s3://b?region=r&secret-access-key=a", "go together"),
    ("s3://b?endpoint=https://x.example.com", "has a scheme"),
    ("s3://b?endpoint=http://x.example.com", "has a scheme"),
    ("s3://b?endpoint=x.example.com/b", "has a path"),
    ("s3://b?endpoint=x.example.com:99999", "is not a host"),
    ("s3://b?endpoint=x:http", "is not a host"),
    ("s3://b?region=%FF", "not UTF-8"),
    ("s3://b?access-key-id=a&secret-access-key=b%0A", "control character"),
    ("r2://b?account-id=a&access-key-id=b", "`secret-access-key` is missing"),
    (f"r2://b?{KEYS}", "`account-id` is missing"),
    (f"r2://b?account-id=a.b&{KEYS}", "`account-id` is not"),
    ("gs://b?region=r", "takes none"),
    (f"azure://{AZURE}/logs?sv=2021&sp=w", "no signature"),
    (f"azure://{AZURE}/logs?sig=&sv=1", "no signature"),
    (f"azure://{AZURE}?{SAS}", "the container is missing"),
    (f"azure:///logs?{SAS}", "the container is missing"),
    (f"azure://acme.dfs.core.windows.net/logs?{SAS}", ".blob."),
    ("file://host/x", "three slashes"),
    ("file://x", "three slashes"),
    ("file:///", "names no folder"),
    ("file:///a/../b", "`..`"),
    ("file:///a/%2E%2E/b", "`..`"),
    ("file:///a%00", "control character"),
    ("file:///a?b=c", "takes none"),
    ("sumo://h/x", "/receiver/v1/http/<code>"),
    ("https://", "the host is missing"),
    ("https://h:0/x", "the host is not"),
    ("https://user:pw@h/x", "given as parameters"),
    ("https://h/x?header_=v", "no header's name"),
    ("https://h/x?header_A%20B=v", "no header's name"),
    ("https://h/x?header_A=v%0D%0AB:c", "control character"),
    (f"https://{AZURE}/logs?{SAS}", "write azure://"),
    ("https://b.s3.amazonaws.com/p", "write s3://"),
    ("https://s3.eu-west-1.amazonaws.com/b/p", "write s3://"),
    ("https://s3-us-west-2.amazonaws.com:443/b/p", "write s3://"),
    ("https://storage.googleapis.com/b/p", "write gs://"),
    ("https://0123.r2.cloudflarestorage.com/b", "write r2://"),
    ("https://e.us2.sumologic.com/receiver/v1/http/code", "write sumo://"),
]


@pytest.mark.parametrize(("conf", "expected"), UNDERSTOOD, ids=[conf for conf, _ in UNDERSTOOD])
def test_each_documented_form_is_understood(conf: str, expected: dict[str, Any]) -> None:
    destination = parse_destination(conf)
    assert destination.scheme == conf.partition("://")[0]
    assert destination.conf == Secret(conf)
    assert {name: getattr(destination, name) for name in expected} == expected
    assert destination.notes == ()


def test_every_scheme_has_its_row() -> None:
    assert {conf.partition("://")[0] for conf, _ in UNDERSTOOD} == set(Scheme)


@pytest.mark.parametrize(("conf", "says"), NOTED)
def test_what_is_unusual_is_read_with_a_note(conf: str, says: str) -> None:
    assert says in " | ".join(parse_destination(conf).notes)


@pytest.mark.parametrize(("conf", "says"), REFUSED)
def test_what_is_wrong_is_refused_with_its_remedy(conf: str, says: str) -> None:
    with pytest.raises(DestinationInvalid) as refused:
        parse_destination(conf)
    assert str(refused.value).startswith("destination_conf")
    assert says in str(refused.value)


def test_the_short_form_of_azure_has_no_account() -> None:
    destination = parse_destination(f"azure://logs/http?{SAS}")
    assert (destination.account, destination.bucket, destination.path) == (None, "logs", "http/")


def test_a_test_server_s_account_is_the_first_segment() -> None:
    destination = parse_destination(f"azure://127.0.0.1:10000/devstoreaccount1/logs/http?{SAS}")
    assert destination.account == "127.0.0.1:10000/devstoreaccount1"
    assert (destination.bucket, destination.path) == ("logs", "http/")


def test_the_documents_spelling_is_the_same_token() -> None:
    destination = parse_destination("gs://b/http/<DATE>/x")
    assert destination.dated
    assert destination.prefix(date(2026, 11, 22)) == "http/20261122/x/"
    assert destination.prefix_literal == "http/"
    assert destination.day_of("http/20261122/x/y.log.gz") == date(2026, 11, 22)


@pytest.mark.parametrize("path", ["a//b/", "/a/", "./a/", "a/../b/", "a%2Fb/", "ü/"])
def test_a_bucket_s_path_is_kept_as_it_is_written(path: str) -> None:
    assert parse_destination(f"s3://b/{path}").path == path


def test_a_folder_does_not_read_its_neighbour() -> None:
    destination = parse_destination("s3://b/logs")
    assert not "logs-staging/x.log.gz".startswith(destination.prefix(date(2026, 11, 22)))


def test_only_stores_of_objects_are_stored() -> None:
    stored = {conf.partition("://")[0] for conf, _ in UNDERSTOOD if parse_destination(conf).stored}
    assert stored == {"s3", "r2", "gs", "azure", "file"}


def test_a_destination_goes_to_a_worker_whole() -> None:
    for conf, _ in UNDERSTOOD:
        destination = parse_destination(conf)
        assert pickle.loads(pickle.dumps(destination)) == destination


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ("s3://b", True),
        ("S3://b", True),
        (" gs://b", True),
        ("file:///x", True),
        ("quux://b", False),
        ("s3", False),
        ("/var/log/x.log.gz", False),
        ("-", False),
        ("", False),
    ],
)
def test_a_conf_is_told_from_a_file_s_name(text: str, looks: bool) -> None:
    assert looks_like_conf(text) is looks
