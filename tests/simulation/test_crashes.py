"""A daemon killed after any step, and started again: nothing is lost, doubled, or late."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from receiver.errors import StoreUnavailable
from receiver.intake.steps import Step
from receiver.ledger.ledger import State
from receiver.limits import CLAIM_SECONDS
from receiver.store.store import Object
from tests.simulation.memory_ledger import MemoryLedger
from tests.simulation.process import Killed, Process
from tests.simulation.virtual_loop import simulate
from tests.simulation.world import FAIR, World

OBJECTS = 12
RESTARTED_SECONDS = 60.0


def nth(step: Step, number: int) -> Callable[[Step], bool]:
    """Return what kills after a step, when it is done for the nth time."""
    seen = 0

    def kill(done: Step) -> bool:
        nonlocal seen
        seen += done is step
        return done is step and seen == number

    return kill


async def deliver(world: World) -> None:
    """Have some batches there, one of them soon overwritten, and one read again and again."""
    for number in range(OBJECTS):
        target = world.targets[number % len(world.targets)]
        folder = f"{world.paths[number % len(world.targets)]}/".replace("{DATE}", "20261122")
        world._write(
            target, f"{folder}20261122T11{number:02}00Z_20261122T11{number:02}59Z_x.log.gz"
        )


async def killed(world: World, ledger: MemoryLedger, step: Step, number: int) -> bool:
    """Live for some minutes; tell whether it was killed."""
    process = Process(world, ledger, name="first", clock=world.clock, threads=False)
    process.kill_at = nth(step, number)
    was_killed = False
    try:
        async with asyncio.timeout(CLAIM_SECONDS + 15):
            await process.run()
    except* Killed:
        was_killed = True
    except* TimeoutError:
        pass
    return was_killed


@pytest.mark.parametrize("number", [1, 2, 5, 11])
@pytest.mark.parametrize("step", list(Step))
def test_what_a_dead_process_had_is_judged_within_a_minute(step: Step, number: int) -> None:
    async def life() -> None:
        world, ledger = World(1, weather=FAIR, batch_seconds=60), MemoryLedger()
        await deliver(world)
        unread = {world.truths[0].obj.key, world.truths[5].obj.key}

        def trouble(obj: Object) -> Exception | float:
            if obj.key in unread:
                unread.discard(obj.key)
                return StoreUnavailable(f"{obj.key}: 503")
            return 12.0 if obj.key == world.truths[7].obj.key else 0.1

        original = world.fault

        def fault(place: str):  # type: ignore[no-untyped-def]
            made = original(place)
            made.on_open = trouble
            return made

        world.fault = fault  # type: ignore[method-assign]
        was_killed = await killed(world, ledger, step, number)
        if number == 1:
            assert was_killed, f"{step} is never done"
        again = Process(world, ledger, name="second", clock=world.clock, threads=False)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(RESTARTED_SECONDS):
                await again.run()
        assert await world.mistakes(ledger) == []
        assert all(row.entry.state is State.JUDGED for row in ledger.rows.values())

    logging.getLogger("receiver").setLevel(logging.CRITICAL)
    try:
        simulate(life())
    finally:
        logging.getLogger("receiver").setLevel(logging.NOTSET)
