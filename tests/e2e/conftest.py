"""A demo day for the commands, written once: good batches and spoiled ones of two jobs."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from receiver.emulator.day import DemoDay, write_day


@pytest.fixture(scope="session")
def yesterday() -> date:
    return datetime.now(UTC).date() - timedelta(days=1)


@pytest.fixture(scope="session")
def day(tmp_path_factory: pytest.TempPathFactory, yesterday: date) -> DemoDay:
    return write_day(tmp_path_factory.mktemp("day"), seed=1, day=yesterday)


@pytest.fixture(scope="session")
def good(day: DemoDay) -> Path:
    """A batch of job 146 in which nothing is wrong."""
    spoiled = {fault.key for fault in day.planted}
    batches = sorted(day.folder.glob("http/*/*.log.gz"))
    return next(path for path in batches if str(path.relative_to(day.folder)) not in spoiled)


@pytest.fixture(scope="session")
def bad(day: DemoDay) -> Path:
    """A batch of job 146 whose object is cut."""
    return day.folder / next(each.key for each in day.planted if each.code == "gzip-truncated")
