"""A call of the ledger that is cancelled leaves nothing locked behind."""

import asyncio
import gc
import sqlite3
from collections.abc import Iterator
from contextlib import closing
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


@pytest.mark.parametrize("times", [1, 2])
async def test_a_call_that_waits_for_the_file_is_given_up_soon_however_often(
    tmp_path: Path, times: int
) -> None:
    path = tmp_path / "ledger.db"
    async with open_ledger(f"sqlite:///{path}") as ledger:
        await ledger.see(PLACE, objects(1), now=NOW)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            seeing = asyncio.ensure_future(ledger.see(PLACE, objects(2), now=NOW))
            await asyncio.sleep(0.1)
            for _ in range(times):
                seeing.cancel()
                await asyncio.sleep(0.01)
            async with asyncio.timeout(2):
                await asyncio.gather(seeing, return_exceptions=True)
                await end_all()
        assert seeing.cancelled()
        assert await ledger.see(PLACE, objects(2), now=NOW) == 20


async def end_all() -> None:
    """End what is left of tasks, as the end of the loop does."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


async def test_opening_a_file_that_is_locked_is_given_up_soon(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.4), open_ledger(f"sqlite:///{path}"):
                pass
