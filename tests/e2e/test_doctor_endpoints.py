"""The doctor before real HTTPS endpoints: each layer's fault has its own line and remedy."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import trustme

from receiver.clock import SystemClock
from receiver.destination.parse import parse_destination
from receiver.doctor.checkup import Checkup, Status
from receiver.doctor.examine import examine, verdict
from receiver.doctor.waits import WAITS
from tests.servers.endpoint import (
    HOST,
    Endpoint,
    Sent,
    context_from,
    context_of,
    rude_server,
    serving,
    trust,
)
from tests.servers.launch import free_port

DAY = timedelta(days=1)
NOW = datetime.now(UTC)
SHORT = msgspec.structs.replace(
    WAITS, connect_seconds=1.0, handshake_seconds=0.5, answer_seconds=0.5
)
# Planted in every conf, and in what endpoints answer: none may be in any line.
SECRETS = ("dXNlcjpwbGFudGVk", "pl4nted", "leaked-by-the-server")
HEADERS = "header_Authorization=Basic%20dXNlcjpwbGFudGVk&header_X-Key=pl4nted%2Fkey"
TAGS = "tags=host:a,dataset:http_requests&plain=pl4nted%2f%7e"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA(organization_name="Authority of the tests")


@pytest.fixture(autouse=True)
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine trusts the tests' authority and no other."""
    monkeypatch.setenv("SSL_CERT_FILE", str(trust(authority, tmp_path / "ca.pem")))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))


@pytest.fixture
async def endpoint(authority: trustme.CA) -> AsyncIterator[Endpoint]:
    running = Endpoint(
        answer_headers={"Location": "https://127.0.0.1/leaked-by-the-server"},
        answer_body="leaked-by-the-server",
    )
    async with serving(running, context_of(authority.issue_cert(HOST))):
        yield running


async def examined(
    port: int, *, write_probe: bool = False, conf: str = f"https://{{}}/in?{HEADERS}&{TAGS}"
) -> dict[str, list[Checkup]]:
    """Return the lines by name; nothing that was planted is in any of them."""
    lines = await examine(
        parse_destination(conf.format(f"{HOST}:{port}")),
        clock=SystemClock(),
        on_checkup=list[Checkup]().append,
        write_probe=write_probe,
        waits=SHORT,
    )
    shown = repr(lines)
    assert not [secret for secret in SECRETS if secret in shown]
    return {name: [x for x in lines if x.name == name] for name in {each.name for each in lines}}


async def one(port: int, name: str, **options: str) -> Checkup:
    (found,) = (await examined(port, **options))[name]  # type: ignore[arg-type]
    return found


# --- what is sent ---


async def test_without_a_write_probe_one_head_is_all_that_is_sent(endpoint: Endpoint) -> None:
    lines = await examined(endpoint.port)
    (sent,) = endpoint.requests
    assert (sent.method, sent.body) == ("HEAD", b"")
    assert sent.target == f"/in?{TAGS}"
    assert sent.headers["authorization"] == "Basic dXNlcjpwbGFudGVk"
    assert sent.headers["x-key"] == "pl4nted/key"
    assert lines["http"][0].status is Status.PASS
    assert "200" in lines["http"][0].message
    assert lines["probe"][0].status is Status.UNKNOWN
    assert "--write-probe" in lines["probe"][0].remedy


async def test_a_write_probe_sends_what_logpush_sends(endpoint: Endpoint) -> None:
    lines = await examined(endpoint.port, write_probe=True)
    assert [each.status for each in lines["probe"]] == [Status.PASS, Status.PASS]
    plain, packed = endpoint.requests
    common = {
        "host": f"{HOST}:{endpoint.port}",
        "user-agent": "Cloudflare-Logpush/1.0",
        "authorization": "Basic dXNlcjpwbGFudGVk",
        "x-key": "pl4nted/key",
    }
    assert plain == Sent(
        method="POST",
        target=f"/in?{TAGS}",
        headers={**common, "content-type": "application/json", "content-length": "4"},
        body=b"test",
    )
    assert packed.headers == {
        **common,
        "content-encoding": "gzip",
        "content-length": str(len(packed.body)),
    }
    assert (packed.method, packed.target) == ("POST", f"/in?{TAGS}")
    assert gzip.decompress(packed.body) == b'{"content":"tests"}'


async def test_a_type_that_the_conf_asks_for_goes_before_ours(endpoint: Endpoint) -> None:
    conf = "https://{}/in?header_content-type=application%2Fx-ndjson"
    await examined(endpoint.port, conf=conf, write_probe=True)
    assert [each.headers["content-type"] for each in endpoint.requests] == [
        "application/x-ndjson",
        "application/x-ndjson",
    ]


async def test_splunk_is_asked_for_its_health_and_sumo_for_no_more_than_its_host(
    endpoint: Endpoint,
) -> None:
    splunk = "splunk://{}/services/collector/raw?channel=1&header_Authorization=Splunk%20pl4nted"
    await examined(endpoint.port, conf=splunk)
    await examined(endpoint.port, conf="sumo://{}/receiver/v1/http/pl4nted==")
    await examined(endpoint.port, conf="sumo://{}/receiver/v1/http/pl4nted==", write_probe=True)
    assert [(each.method, each.target) for each in endpoint.requests] == [
        ("GET", "/services/collector/health"),
        ("HEAD", "/"),
        ("POST", "/receiver/v1/http/pl4nted=="),
        ("POST", "/receiver/v1/http/pl4nted=="),
    ]


# --- what is answered ---


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (401, "header_Authorization"),
        (403, "header_Authorization"),
        (404, "path"),
        (405, "POST"),
        (415, "header_Content-Type=application%2Fjson"),
        (422, "every test body"),
        (429, "limit"),
        (500, "log"),
        (503, "log"),
    ],
)
async def test_a_push_that_is_not_taken_fails_with_what_logpush_would_report(
    endpoint: Endpoint, status: int, remedy: str
) -> None:
    endpoint.statuses = [status]
    probes = (await examined(endpoint.port, write_probe=True))["probe"]
    assert len(endpoint.requests) == 2  # no redirect is followed, nothing sent twice
    for found in probes:
        assert found.status is Status.FAIL
        assert str(status) in found.message
        assert "error validating destination: error writing object" in found.message
        assert remedy in found.remedy


async def test_a_push_that_is_redirected_is_a_warning_for_nobody_knows_what_logpush_does(
    endpoint: Endpoint,
) -> None:
    endpoint.statuses = [302]
    probes = (await examined(endpoint.port, write_probe=True))["probe"]
    assert len(endpoint.requests) == 2
    for found in probes:
        assert found.status is Status.WARN
        assert "302, a redirect, and whether Logpush follows one is not" in found.message
        assert found.remedy == "Write the final address into the conf."


async def test_an_endpoint_that_takes_json_only_is_told_by_its_second_answer(
    endpoint: Endpoint,
) -> None:
    endpoint.statuses = [200, 400]
    first, second = (await examined(endpoint.port, write_probe=True))["probe"]
    assert (first.status, second.status) == (Status.PASS, Status.FAIL)
    assert "gzip" in second.message


@pytest.mark.parametrize(
    ("status", "found"),
    [
        (200, Status.PASS),
        (401, Status.PASS),
        (405, Status.PASS),
        (501, Status.PASS),
        (308, Status.WARN),
        (404, Status.WARN),
        (410, Status.WARN),
        (500, Status.FAIL),
        (502, Status.FAIL),
    ],
)
async def test_any_answer_of_a_server_that_works_passes(
    endpoint: Endpoint, status: int, found: Status
) -> None:
    endpoint.statuses = [status]
    assert (await one(endpoint.port, "http")).status is found


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("200 OK\r\nContent-Length: 5\r\n\r\nleaked-by-the-server", Status.WARN),
        ("405 No\r\nContent-Type: text/html\r\n\r\nleaked-by-the-server", Status.WARN),
        ("404 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n", Status.WARN),
        ("500 No\r\nContent-Length: 5\r\n\r\nleaked-by-the-server", Status.FAIL),
    ],
)
async def test_an_answer_to_head_with_a_body_breaks_a_rule_and_is_http_all_the_same(
    authority: trustme.CA, answer: str, status: Status
) -> None:
    heads: list[bytes] = []

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await writer.start_tls(context_of(authority.issue_cert(HOST)))
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(f"HTTP/1.1 {answer}".encode())
        await writer.drain()
        await reader.read()

    async with rude_server(say) as port:
        found = await one(port, "http")
    assert found.status is status
    assert f"answers HEAD with {answer[:3]}" in found.message
    assert all(head.startswith(f"HEAD /in?{TAGS} HTTP/1.1\r\n".encode()) for head in heads)
    assert all(b"\r\nHost: 127.0.0.1:" in head for head in heads)
    assert all(b"\r\nAuthorization: Basic dXNlcjpwbGFudGVk\r\n" in head for head in heads)


async def test_an_endpoint_that_answers_too_late_says_at_which_layer(endpoint: Endpoint) -> None:
    endpoint.wait_seconds = 3.0
    found = await one(endpoint.port, "http")
    assert found.status is Status.FAIL
    assert "The connection stands, and no answer came in 0.5 s" in found.message


async def test_an_endpoint_that_hangs_up_says_so(authority: trustme.CA) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await writer.start_tls(context_of(authority.issue_cert(HOST)))
        await reader.read(1)

    async with rude_server(hang_up) as port:
        lines = await examined(port, write_probe=True)
    assert lines["tls"][0].status is Status.PASS
    for found in lines["probe"]:
        assert found.status is Status.FAIL
        assert "closed the connection" in found.message


async def test_an_endpoint_that_speaks_something_else_says_so(authority: trustme.CA) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await writer.start_tls(context_of(authority.issue_cert(HOST)))
        writer.write(b"220 leaked-by-the-server ESMTP\r\n\r\n")
        await writer.drain()
        await reader.read()

    async with rude_server(greet) as port:
        found = await one(port, "http")
    assert found.status is Status.FAIL
    assert "not HTTP" in found.message


async def test_a_header_that_no_request_can_have_is_a_failure_and_no_crash(
    endpoint: Endpoint,
) -> None:
    conf = "https://{}/in?header_Content-Length=pl4nted&header_Transfer-Encoding=chunked"
    for found in (await examined(endpoint.port, conf=conf, write_probe=True))["probe"]:
        assert found.status is Status.FAIL


# --- the certificate ---


def self_signed(_: trustme.CA) -> ssl.SSLContext:
    lone = trustme.CA()
    return context_from(lone.cert_pem.bytes(), lone.private_key_pem.bytes())


def of_an_unknown_authority(_: trustme.CA) -> ssl.SSLContext:
    other = trustme.CA()
    leaf = other.issue_cert(HOST)
    chain = leaf.cert_chain_pems[0].bytes() + other.cert_pem.bytes()
    return context_from(chain, leaf.private_key_pem.bytes())


def without_its_intermediate(authority: trustme.CA) -> ssl.SSLContext:
    return context_of(authority.create_child_ca().issue_cert(HOST), intermediates=False)


def expired(authority: trustme.CA) -> ssl.SSLContext:
    return context_of(authority.issue_cert(HOST, not_before=NOW - 9 * DAY, not_after=NOW - DAY))


def early(authority: trustme.CA) -> ssl.SSLContext:
    return context_of(authority.issue_cert(HOST, not_before=NOW + DAY, not_after=NOW + 9 * DAY))


def of_another_address(authority: trustme.CA) -> ssl.SSLContext:
    return context_of(authority.issue_cert("127.0.0.2"))


FAULTS = [
    (expired, "has expired", "Renew"),
    (early, "not valid yet", "clock"),
    (of_another_address, f"not for {HOST}", "name"),
    (self_signed, "self-signed", "public authority"),
    (of_an_unknown_authority, "authority that is not trusted", "public authority"),
    (without_its_intermediate, "intermediate certificate is not sent", "full chain"),
]


@pytest.mark.parametrize(("make", "words", "remedy"), FAULTS)
async def test_a_certificate_that_is_not_to_be_trusted_fails_and_nothing_is_sent(
    authority: trustme.CA,
    make: Callable[[trustme.CA], ssl.SSLContext],
    words: str,
    remedy: str,
) -> None:
    async with serving(Endpoint(), make(authority)) as endpoint:
        lines = await examined(endpoint.port, write_probe=True)
        assert not endpoint.requests
    (found,) = lines["tls"]
    assert found.status is Status.FAIL
    assert words in found.message
    assert remedy in found.remedy
    assert lines["http"][0].status is Status.UNKNOWN


@pytest.mark.parametrize(("make", "words", "remedy"), FAULTS)
async def test_where_splunk_is_not_to_be_verified_it_is_a_warning(
    authority: trustme.CA,
    make: Callable[[trustme.CA], ssl.SSLContext],
    words: str,
    remedy: str,
) -> None:
    conf = "splunk://{}/services/collector/raw?channel=1&insecure-skip-verify=true"
    async with serving(Endpoint(), make(authority)) as endpoint:
        lines = await examined(endpoint.port, conf=conf)
        assert len(endpoint.requests) == 1
    (found,) = lines["tls"]
    assert found.status is Status.WARN
    assert words in found.message
    assert remedy in found.remedy
    assert lines["http"][0].status is Status.PASS


async def test_a_name_that_the_certificate_does_not_have_is_told_apart(
    authority: trustme.CA,
) -> None:
    async with serving(Endpoint(), context_of(authority.issue_cert("h.example.com"))) as endpoint:
        found = await one(endpoint.port, "tls", conf=f"https://localhost:{endpoint.port}/")
    assert found.status is Status.FAIL
    assert "not for localhost" in found.message


async def test_a_good_certificate_passes_with_its_issuer_and_its_days(
    endpoint: Endpoint, authority: trustme.CA
) -> None:
    found = await one(endpoint.port, "tls")
    assert found.status is Status.PASS
    assert "Authority of the tests" in found.message
    whole = context_of(authority.create_child_ca().issue_cert(HOST))
    async with serving(Endpoint(), whole) as behind_an_intermediate:
        assert (await one(behind_an_intermediate.port, "tls")).status is Status.PASS


async def test_the_last_two_weeks_of_a_certificate_are_a_warning(authority: trustme.CA) -> None:
    soon = authority.issue_cert(HOST, not_after=NOW + 13 * DAY + timedelta(hours=1))
    async with serving(Endpoint(), context_of(soon)) as endpoint:
        found = await one(endpoint.port, "tls")
    assert found.status is Status.WARN
    assert "13 days" in found.message


# --- the connection ---


async def test_a_server_that_closes_in_the_middle_of_the_handshake_says_so() -> None:
    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    async with rude_server(close) as port:
        found = await one(port, "tls")
    assert found.status is Status.FAIL
    assert "in the middle of the TLS handshake" in found.message


async def test_a_server_that_never_shakes_hands_is_waited_for_so_long_only() -> None:
    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with rude_server(listen) as port:
        found = await one(port, "tls")
    assert found.status is Status.FAIL
    assert "shakes no hands in 0.5 s" in found.message


async def test_a_server_that_speaks_plain_http_says_so() -> None:
    async with serving(Endpoint(), None) as endpoint:
        found = await one(endpoint.port, "tls")
    assert found.status is Status.FAIL
    assert "does not shake hands by TLS 1.2 or newer" in found.message


async def test_a_server_that_only_knows_an_old_tls_says_so() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        # what such a server answers, RFC 8446 6.2: a fatal alert, protocol_version
        writer.write(bytes([21, 3, 1, 0, 2, 2, 70]))
        await writer.drain()
        await reader.read()

    async with rude_server(refuse) as port:
        found = await one(port, "tls")
    assert found.status is Status.FAIL
    assert "TLS 1.2 or newer: TLSV1_ALERT_PROTOCOL_VERSION" in found.message


async def test_nobody_listening_is_named_as_that() -> None:
    for conf in ("https://{}/in", f"https://localhost:{free_port()}/in"):
        lines = await examined(free_port(), conf=conf)
        assert lines["tls"][0].status is Status.FAIL
        assert "connection refused" in lines["tls"][0].message
        assert lines["http"][0].status is Status.UNKNOWN


async def test_a_name_that_does_not_resolve_ends_the_examination() -> None:
    lines = await examined(1, conf=f"https://logs.invalid/in?{HEADERS}")
    assert set(lines) == {"headers", "dns"}
    (found,) = lines["dns"]
    assert found.status is Status.FAIL
    assert "The host logs.invalid does not resolve" in found.message


async def test_an_address_that_cloudflare_cannot_reach_is_a_warning(endpoint: Endpoint) -> None:
    found = await one(endpoint.port, "dns")
    assert found.status is Status.WARN
    assert HOST in found.message


async def test_the_verdict_of_a_loopback_endpoint_is_no_better_than_a_warning(
    endpoint: Endpoint,
) -> None:
    lines = await examined(endpoint.port, write_probe=True)
    assert verdict(each for group in lines.values() for each in group) is Status.WARN
