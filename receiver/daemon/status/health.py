"""What orchestrators ask: is the process alive, and can it do its work."""

import asyncio
from collections.abc import Iterator
from datetime import datetime

from receiver.daemon.status.scene import LISTED_WITHIN, Scene
from receiver.errors import LedgerError
from receiver.limits import STATUS_CALL_SECONDS


async def unready(scene: Scene) -> tuple[str, ...]:
    """Return why the daemon cannot do its work; nothing where it can.

    A ledger that answers and places that were listed lately: a store that is away makes it
    unready only after a while.
    """
    now = scene.clock.now()
    return (*await _of_ledger(scene, now), *_of_places(scene, now))


async def _of_ledger(scene: Scene, now: datetime) -> tuple[str, ...]:
    try:
        async with asyncio.timeout(STATUS_CALL_SECONDS):
            await scene.ledger.hours(start=now, end=now)
    except TimeoutError:
        return (f"the ledger does not answer within {STATUS_CALL_SECONDS:g} s",)
    except LedgerError as error:
        return (str(error),)
    return ()


def _of_places(scene: Scene, now: datetime) -> Iterator[str]:
    for watched in scene.places():
        listed, why = watched.last_listed_at, f": {watched.error}" if watched.error else ""
        if listed is None:
            yield f"{watched.place}: not listed yet{why}"
        elif now - listed > LISTED_WITHIN:
            yield f"{watched.place}: not listed since {listed:%Y-%m-%dT%H:%M:%SZ}{why}"
