"""Opening a store: the right one, asking again, and no driver that is not needed."""

import subprocess
import sys
from pathlib import Path

import pytest

from receiver.clock import SystemClock
from receiver.destination.parse import parse_destination
from receiver.errors import ConfigError
from receiver.store.open import open_store
from receiver.store.retry import RetryingStore

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
