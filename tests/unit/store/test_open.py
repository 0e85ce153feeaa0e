"""Opening a store: the right one, asking again, and no driver that is not needed."""

import subprocess
import sys
from pathlib import Path

import pytest

from receiver.clock import SystemClock
from receiver.destination.parse import parse_destination
from receiver.errors import ConfigError, Reason, StoreDenied
from receiver.store.open import open_store
from receiver.store.retry import RetryingStore
from tests.servers.answering import answering

LISTING = """
import asyncio, sys
from receiver.clock import SystemClock
from receiver.destination.parse import parse_destination
from receiver.store.open import open_store

async def main():
    destination = parse_destination(sys.argv[1])
    async with open_store(destination, clock=SystemClock()) as store:
        print([obj.key for obj in (await store.list("")).objects])

asyncio.run(main())
drivers = {"aiobotocore", "botocore", "aiohttp", "gcsfs", "fsspec", "azure", "google", "requests"}
print(sorted(drivers & set(sys.modules)))
"""


def test_a_folder_loads_no_driver(tmp_path: Path) -> None:
    (tmp_path / "a.log.gz").write_bytes(b"")
    command = [sys.executable, "-c", LISTING, f"file://{tmp_path}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["['a.log.gz']", "[]"]


async def test_a_store_is_opened_with_patience(tmp_path: Path) -> None:
    destination = parse_destination(f"file://{tmp_path}")
    async with open_store(destination, clock=SystemClock()) as store:
        assert isinstance(store, RetryingStore)
        assert store.properties.name == str(tmp_path)


async def test_local_files_are_the_same_to_an_anonymous_caller(tmp_path: Path) -> None:
    (tmp_path / "a.log.gz").write_bytes(b"")
    destination = parse_destination(f"file://{tmp_path}")
    async with open_store(destination, clock=SystemClock(), anonymous=True) as store:
        assert [obj.key for obj in (await store.list("")).objects] == ["a.log.gz"]


@pytest.mark.parametrize(
    ("conf", "status"),
    [
        (
            "s3://logs/http?region=eu-west-1&access-key-id=AKIA&secret-access-key=planted-secret",
            403,
        ),
        ("r2://logs/http?account-id=a&access-key-id=AKIA&secret-access-key=planted-secret", 400),
        ("gs://logs/http", 401),
        ("azure://acme.blob.core.windows.net/logs/http?sp=rl&sr=c&sig=planted-secret", 404),
    ],
)
async def test_an_anonymous_caller_shows_no_credentials_to_any_store(
    monkeypatch: pytest.MonkeyPatch, conf: str, status: int
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AZURE_STORAGE_SAS_TOKEN"):
        monkeypatch.setenv(name, "planted-secret")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/no/such/planted-secret")
    async with answering() as server:
        server.status = status
        server.headers = {"x-ms-error-code": "ResourceNotFound"}
        destination = parse_destination(conf)
        async with open_store(
            destination, clock=SystemClock(), endpoint_url=server.url, anonymous=True
        ) as store:
            with pytest.raises(StoreDenied, match="anonymous callers") as caught:
                await store.list("http/")
    assert caught.value.reason is Reason.LIST_DENIED
    assert "planted-secret" not in repr(caught.value)
    (asked,) = server.asked
    assert "Authorization" not in asked.headers
    assert "planted-secret" not in f"{asked.path_qs} {asked.headers}"


@pytest.mark.parametrize(
    "conf",
    [
        "https://example.com/logs?header_Authorization=planted-secret",
        "sumo://endpoint4.collection.sumologic.com/receiver/v1/http/planted-secret",
    ],
)
async def test_what_cannot_be_read_back_is_said(conf: str) -> None:
    with pytest.raises(ConfigError, match="cannot be read back") as caught:
        async with open_store(parse_destination(conf), clock=SystemClock()):
            pass
    assert "planted-secret" not in str(caught.value)


@pytest.mark.parametrize("address", ["https://user:planted@host:x", "https://planted:99999"])
@pytest.mark.parametrize(
    ("conf", "variable", "value"),
    [
        ("s3://logs/http?region=eu-west-1", "AWS_ENDPOINT_URL_S3", "{}"),
        ("gs://logs/http", "STORAGE_EMULATOR_HOST", "{}"),
        (
            "azure://acme.blob.core.windows.net/logs/http",
            "AZURE_STORAGE_CONNECTION_STRING",
            "AccountName=acme;AccountKey=a2V5;BlobEndpoint={}",
        ),
    ],
)
async def test_an_address_that_is_none_is_the_operators_to_mend(
    monkeypatch: pytest.MonkeyPatch, conf: str, variable: str, value: str, address: str
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAMINE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv(variable, value.format(address))
    with pytest.raises(ConfigError, match=variable) as caught:
        async with open_store(parse_destination(conf), clock=SystemClock()) as store:
            await store.list("")
    assert "planted" not in str(caught.value)
