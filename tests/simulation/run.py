"""One seed, from its first delivery to the last verdict."""

import asyncio
import logging
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import msgspec

from receiver.ledger.ledger import Ledger
from receiver.ledger.open import open_ledger
from tests.simulation.memory_ledger import MemoryLedger
from tests.simulation.process import live
from tests.simulation.virtual_loop import VirtualLoop, simulate
from tests.simulation.world import Weather, World

SETTLE_HOURS = 72  # what is put off longest: an hour's retry, a walk, and a closed day's end


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a seed."""

    mistakes: list[str]
    summary: str


def run_seed(
    seed: int, *, days: float, sqlite: Path | None = None, weather: Weather | None = None
) -> Told:
    """Simulate so many days, with one to three daemons."""
    logging.getLogger("receiver").setLevel(logging.CRITICAL)  # it is all trouble
    try:
        return simulate(_run(seed, days, sqlite, weather or Weather()))
    finally:
        logging.getLogger("receiver").setLevel(logging.NOTSET)


async def _run(seed: int, days: float, sqlite: Path | None, weather: Weather) -> Told:
    random = Random(seed)
    batch_seconds = random.choice((60.0, 300.0))
    world = World(seed, weather=weather, batch_seconds=batch_seconds)
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    async with AsyncExitStack() as opened:
        ledger: Ledger = MemoryLedger()
        if sqlite is not None:
            with loop.outside():
                ledger = await opened.enter_async_context(open_ledger(f"sqlite:///{sqlite}"))
        daemons = [
            asyncio.ensure_future(live(world, ledger, name=str(number), threads=bool(sqlite)))
            for number in range(random.choice((1, 1, 2, 3)))
        ]
        delivering = asyncio.ensure_future(_deliver(world, ledger, days, sqlite))
        await asyncio.wait((delivering, *daemons), return_when=asyncio.FIRST_COMPLETED)
        for task in (delivering, *daemons):
            task.cancel()
        for ended in await asyncio.gather(*daemons, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended
        await asyncio.gather(delivering)
        with loop.outside():
            mistakes = await world.mistakes(ledger)
            await opened.aclose()
    gone = sum(truth.gone for truth in world.truths)
    summary = (
        f"{len(world.truths):,} objects, {gone:,} overwritten or deleted,"
        f" {len(daemons)} daemons, {len(mistakes)} mistakes"
    )
    return Told(mistakes=mistakes, summary=summary)


async def _deliver(world: World, ledger: Ledger, days: float, sqlite: Path | None) -> None:
    await world.deliver(days)
    await world.settled(ledger, SETTLE_HOURS)
