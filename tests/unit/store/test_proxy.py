"""A proxy that says no, or that is none: told by every store, and its password by none."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from receiver.clock import SystemClock
from receiver.destination.parse import parse_destination
from receiver.errors import ReceiverError
from receiver.store.bounds import Bounds
from receiver.store.open import find_region, open_store
from receiver.store.sumo import open_sumo
from tests.servers.endpoint import rude_server
from tests.servers.gcs_front import GCSFront

PASSWORD = "plantedpassword"
SAS = "sv=2024-11-04&sr=c&sp=rl&se=2999-01-01T00:00:00Z&sig=cGxhbnRlZA"
CONFS = {
    "s3": "s3://logs/http?region=eu-west-1",
    "r2": "r2://logs/http?account-id=a&access-key-id=AKIAMINE&secret-access-key=secret",
    "gs": "gs://logs/http",
    "azure": f"azure://acme.blob.core.windows.net/logs/http?{SAS}",
    "sumo": "sumo://endpoint4.collection.us2.sumologic.com/receiver/v1/http/code",
}
SUMO_KEYS = {"SUMOLOGIC_ACCESSID": "id", "SUMOLOGIC_ACCESSKEY": "key"}
BOUNDS = Bounds(retry_seconds=0.001, call_seconds=5)
PLAIN, BY_TLS = "http://127.0.0.1:1", "https://127.0.0.1:1"


@dataclass
class Proxy:
    """A proxy that gives one answer to all."""

    port: int = 0
    status: int = 407
    asked_count: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.asked_count += 1
        writer.write(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % self.status)
        await writer.drain()
        writer.write_eof()
        await reader.read()


@pytest.fixture(autouse=True)
def keys_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The usual chains find keys, and Google's a key file."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "STORAGE_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAMINE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    path = tmp_path / "key.json"
    front = GCSFront(0, {})
    front.write_key_file(path, "reader@p.iam")
    path.write_text(path.read_text().replace(front.url, "https://oauth2.googleapis.com"))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))


@pytest.fixture
async def proxy(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Proxy]:
    proxy = Proxy()
    async with rude_server(proxy.serve) as proxy.port:
        name(monkeypatch, f"http://user:{PASSWORD}@127.0.0.1:{proxy.port}")
        yield proxy


def name(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    for variable in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(variable, url)


def look(scheme: str, endpoint_url: str | None, *, anonymous: bool = False) -> Awaitable[object]:
    """Look into the destination of a scheme, once."""
    destination, clock = parse_destination(CONFS[scheme]), SystemClock()

    async def list_store() -> object:
        async with open_store(
            destination,
            clock=clock,
            endpoint_url=endpoint_url,
            bounds=BOUNDS,
            anonymous=anonymous,
        ) as store:
            return await store.list("")

    async def search_sumo() -> object:
        async with open_sumo(
            destination, clock=clock, endpoint_url=endpoint_url, bounds=BOUNDS, environ=SUMO_KEYS
        ) as sumo:
            return await sumo.messages("*", since=clock.now(), until=clock.now())

    return search_sumo() if scheme == "sumo" else list_store()


async def told(call: Callable[[], Awaitable[object]], log: pytest.LogCaptureFixture) -> str:
    """Return what is said of a call that fails, logged too; the password is not in it."""
    with log.at_level(logging.DEBUG), pytest.raises(ReceiverError) as caught:
        await call()
    said = f"{caught.value} {caught.value!r} {caught.value.__cause__!r} {log.text}"
    assert PASSWORD[:5] not in said
    return said


@pytest.mark.parametrize("endpoint_url", [None, BY_TLS, PLAIN])
@pytest.mark.parametrize("scheme", CONFS)
async def test_a_proxy_that_refuses_us_is_named_at_once_and_its_password_is_not(
    proxy: Proxy, scheme: str, endpoint_url: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    said = await told(lambda: look(scheme, endpoint_url), caplog)
    assert "the proxy answered 407" in said
    assert "ProxyRefused" in said
    assert proxy.asked_count == 1  # it will say no again


@pytest.mark.parametrize("scheme", ["s3", "gs", "azure"])
async def test_an_anonymous_caller_is_told_the_same(
    proxy: Proxy, scheme: str, caplog: pytest.LogCaptureFixture
) -> None:
    for endpoint_url in (None, PLAIN):
        said = await told(partial(look, scheme, endpoint_url, anonymous=True), caplog)
        assert "the proxy answered 407" in said


async def test_whoever_looks_for_a_region_is_told_the_same(
    proxy: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    clock, destination = SystemClock(), parse_destination(CONFS["s3"])
    said = await told(lambda: find_region(destination, clock=clock, bounds=BOUNDS), caplog)
    assert "the proxy answered 407" in said


@pytest.mark.parametrize("scheme", CONFS)
async def test_a_proxy_that_has_a_bad_day_is_asked_again(
    proxy: Proxy, scheme: str, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.status = 502
    said = await told(lambda: look(scheme, None), caplog)
    assert "the proxy answered 502" in said
    assert "asking again" in caplog.text
    assert proxy.asked_count > 1


@pytest.mark.parametrize("scheme", CONFS)
async def test_a_proxy_that_is_not_there_is_named_without_its_password(
    scheme: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    name(monkeypatch, f"http://user:{PASSWORD}@127.0.0.1:1")
    said = await told(lambda: look(scheme, None), caplog)
    assert "StoreUnavailable" in said
    assert "127.0.0.1:1" in said or "the proxy that https_proxy or http_proxy names" in said


@pytest.mark.parametrize(
    "url",
    [
        f"http://user:{PASSWORD}@proxy:port",
        f"http://user:{PASSWORD}@proxy:99999",
        f"http://user:{PASSWORD}@",
        f"http://user:12/{PASSWORD}@proxy:3128",
        f"http://user:12#{PASSWORD}@proxy:3128",
        f"http://user:12?{PASSWORD}@proxy:3128",
        f"socks5://user:{PASSWORD}@proxy:1080",
        f"http://[{PASSWORD}",
    ],
)
@pytest.mark.parametrize("scheme", CONFS)
async def test_a_proxy_that_is_none_is_the_operators_to_mend(
    scheme: str, url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    name(monkeypatch, url)
    for endpoint_url in (None, PLAIN):
        variable = "https_proxy" if endpoint_url is None else "http_proxy"
        said = await told(partial(look, scheme, endpoint_url), caplog)
        assert "ConfigError" in said
        if scheme != "gs":  # whose tokens come by https, whatever the endpoint
            assert f"{variable}: the proxy has to be" in said
