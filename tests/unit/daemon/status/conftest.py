"""The day in a ledger of SQLite, written once; each test has a copy of the file."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from receiver.ledger.ledger import Ledger
from receiver.ledger.open import open_ledger
from tests.unit.daemon.status.day import fill


@pytest.fixture(scope="session")
def day_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("day") / "receiver.db"

    async def write() -> None:
        async with open_ledger(f"sqlite:///{path}") as ledger:
            await fill(ledger)

    asyncio.run(write())
    return path


@pytest.fixture
async def day(day_file: Path, tmp_path: Path) -> AsyncIterator[Ledger]:
    """The ledger of the day."""
    path = tmp_path / "receiver.db"
    shutil.copy(day_file, path)
    async with open_ledger(f"sqlite:///{path}") as ledger:
        yield ledger


@pytest.fixture
async def empty(tmp_path: Path) -> AsyncIterator[Ledger]:
    """A ledger that has seen nothing."""
    async with open_ledger(f"sqlite:///{tmp_path / 'empty.db'}") as ledger:
        yield ledger
