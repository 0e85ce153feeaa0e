"""A call of the ledger that is cancelled leaves nothing locked behind."""

import asyncio
import gc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from receiver.ledger.open import open_ledger
from receiver.store.store import Object

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
PLACE = "s3://acme-logs/http/{DATE}/"


def objects(number: int) -> list[Object]:
    return [
        Object(key=f"{number}-{each}.log.gz", etag=f'"{number}"', stored_bytes=1, arrived_at=NOW)
        for each in range(20)
    ]


@pytest.fixture
def uncollected() -> Iterator[None]:
    """What an error's frames hold stays, as it may for minutes in a daemon that rests."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
async def test_others_can_write_at_once_whenever_it_was_cancelled(tmp_path: Path) -> None:
    random = Random(1)
    errors: list[object] = []
    async with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        for number in range(60):
            seeing = asyncio.ensure_future(ledger.see(PLACE, objects(number), now=NOW))
            await asyncio.sleep(random.random() / 200)
            seeing.cancel()
            errors += await asyncio.gather(seeing, return_exceptions=True)
            async with asyncio.timeout(5):
                await ledger.see(PLACE, objects(1000 + number), now=NOW)
