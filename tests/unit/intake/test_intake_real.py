"""An intake with nothing simulated: real workers, real files, a real ledger, real time."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest

from receiver.clock import SystemClock
from receiver.daemon.watcher_group import WatcherGroup
from receiver.intake.insistence import Insistence
from receiver.intake.intake import Intake
from receiver.ledger.ledger import Entry, Ledger, State
from receiver.ledger.open import open_ledger
from receiver.limits import MIB
from tests.unit.sweeping import body, name, target, write

CLOCK = SystemClock()


@asynccontextmanager
async def daemon(*roots: Path, ledger: Ledger) -> AsyncIterator[Intake]:
    random = Random(1)
    insistence = Insistence(clock=CLOCK, random=random)
    intake = Intake(
        ledger,
        owner="me",
        clock=CLOCK,
        random=random,
        processes=2,
        bytes_max=64 * MIB,
        insistence=insistence,
    )
    group = WatcherGroup(
        ledger=ledger,
        insistence=insistence,
        clock=CLOCK,
        random=random,
        lateness=timedelta(hours=24),
        poll_min=timedelta(seconds=0.05),
        poll_max=timedelta(seconds=0.2),
        on_new=intake.wake,
    )
    targets = [target(root / "{DATE}") for root in roots]
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        working = tasks.create_task(intake.run(targets))
        watching = tasks.create_task(group.run(targets))
        yield intake
        watching.cancel()
        await intake.drain(10)
        await working


async def judged(ledger: Ledger, count: int) -> list[Entry]:
    """Wait until so many are judged, and return them."""
    while True:
        found = [each async for each in ledger.entries(state=State.JUDGED)]
        if len(found) >= count:
            return found
        await asyncio.sleep(0.05)


def today() -> str:
    return f"{CLOCK.now():%Y%m%d}"


def batch(number: int) -> str:
    start = CLOCK.now() - timedelta(minutes=1)
    return name(f"{start:%Y%m%dT%H%M}", batch_id=f"{number:08x}")


async def test_what_is_written_into_folders_is_judged_once(tmp_path: Path) -> None:
    roots = [tmp_path / each for each in ("a", "b", "gone")]
    contents = {}
    for root in roots[:2]:
        for number in range(20):
            content = body(number) if number else b"no gzip"
            contents[write(root / today() / batch(number), content).name] = content
    async with open_ledger(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        async with daemon(*roots, ledger=ledger):
            await judged(ledger, 40)
            write(roots[0] / today() / batch(99), body(3))
            found = await judged(ledger, 41)
        assert len(found) == 41
        assert all(each.judgements == 1 for each in found)
        assert sum(each.verdict == "fail" for each in found) >= 2
        digests = {sha256(content).hexdigest() for content in contents.values()}
        assert digests <= {each.digest for each in found}
        async with daemon(*roots, ledger=ledger):  # started again, it has nothing to do
            await asyncio.sleep(1)
        assert await judged(ledger, 41) == found


async def test_the_loop_does_not_stall_while_large_batches_are_judged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    large = body(150_000)
    for number in range(4):
        write(tmp_path / today() / batch(number), large)
    stalls = []

    async def measure() -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await asyncio.sleep(0.005)
            stalls.append(loop.time() - began - 0.005)

    async with (
        open_ledger(f"sqlite:///{tmp_path}/ledger.db") as ledger,
        daemon(tmp_path, ledger=ledger),
    ):
        measuring = asyncio.ensure_future(measure())
        await judged(ledger, 4)
        measuring.cancel()
    stalls.sort()
    assert stalls[len(stalls) * 99 // 100] < 0.1  # a machine that is shared: an order of magnitude
