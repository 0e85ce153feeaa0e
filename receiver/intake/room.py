"""How much may be in flight, and which place's turn it is: nobody can take all of it."""

import asyncio
from collections.abc import Callable

import msgspec

from receiver.limits import INTAKE_OBJECT_BYTES, INTAKE_OBJECT_BYTES_MAX


class _Share(msgspec.Struct):
    """What one place has in flight."""

    objects: int = 0
    cost_bytes: int = 0


class Room:
    """Room for so many objects and so many bytes of memory, shared by places.

    A place may have as much as is left free then: one alone gets a half, of two each a third, and
    something is always left for another. So a place whose objects hang holds up only itself. What
    is free goes first to a place that has nothing: until that is in, the others get no more.
    """

    def __init__(
        self,
        *,
        objects_max: int,
        bytes_max: int,
        on_change: Callable[[str, int, int], None] = lambda place, objects, cost_bytes: None,
    ) -> None:
        self._objects_free = objects_max
        self._bytes_max = bytes_max
        self._bytes_free = bytes_max
        self._tell = on_change
        self._shares: dict[str, _Share] = {}
        self._waiting: dict[asyncio.Future[None], tuple[str, int]] = {}

    def cost_bytes(self, stored_bytes: int) -> int:
        """Return how much memory reading an object may take; no more than there is room for."""
        cost_bytes = min(INTAKE_OBJECT_BYTES + stored_bytes, INTAKE_OBJECT_BYTES_MAX)
        return min(cost_bytes, self._bytes_max)

    async def enter(self, place: str, cost_bytes: int) -> None:
        """Wait for room, and take it."""
        entered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[entered] = (place, cost_bytes)
        self._let_in()
        try:
            await entered
        except asyncio.CancelledError:
            if self._waiting.pop(entered, None) is None:
                self.leave(place, cost_bytes)
            else:
                self._let_in()  # it may have been waited for
            raise

    def leave(self, place: str, cost_bytes: int) -> None:
        """Give room back."""
        share = self._shares[place]
        self._take(place, share, objects=-1, cost_bytes=-cost_bytes)
        if not share.objects:
            del self._shares[place]
        self._let_in()

    def _let_in(self) -> None:
        nobody = _Share()
        waiting = [each for each in self._waiting.items() if not each[0].done()]
        new = [each for each in waiting if each[1][0] not in self._shares]
        for entered, (place, cost_bytes) in new:
            share = self._shares.get(place, nobody)
            if not share.objects and self._objects_free > 0 and cost_bytes <= self._bytes_free:
                self._admit(entered, place, cost_bytes)
        if any(
            entered in self._waiting and place not in self._shares for entered, (place, _) in new
        ):
            return  # what becomes free is theirs
        for entered, (place, cost_bytes) in waiting:
            share = self._shares.get(place, nobody)
            if (
                entered in self._waiting
                and share.objects < self._objects_free
                and share.cost_bytes + cost_bytes <= self._bytes_free
            ):
                self._admit(entered, place, cost_bytes)

    def _admit(self, entered: asyncio.Future[None], place: str, cost_bytes: int) -> None:
        del self._waiting[entered]
        share = self._shares.setdefault(place, _Share())
        self._take(place, share, objects=1, cost_bytes=cost_bytes)
        entered.set_result(None)

    def _take(self, place: str, share: _Share, *, objects: int, cost_bytes: int) -> None:
        share.objects += objects
        share.cost_bytes += cost_bytes
        self._objects_free -= objects
        self._bytes_free -= cost_bytes
        self._tell(place, share.objects, share.cost_bytes)
