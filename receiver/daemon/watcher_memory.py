"""What watchers have lately seen, so that the ledger is asked only about what may be new."""

from collections.abc import Iterable

from receiver.limits import WATCH_REMEMBERED_MAX
from receiver.store.store import Object


class Remembered:
    """Objects of all places, by name and etag, the latest of them; bounded.

    Kept by their hashes: that two of a month's objects share one with one that is remembered is a
    chance of one in millions. What was forgotten costs a question to the ledger.
    """

    def __init__(self, objects_max: int = WATCH_REMEMBERED_MAX) -> None:
        self._objects_max = objects_max
        self._hashes: dict[int, None] = {}  # in the order in which they were seen

    def new(self, place: str, objects: Iterable[Object]) -> list[Object]:
        """Return those that are not remembered."""
        return [obj for obj in objects if hash((place, obj.key, obj.etag)) not in self._hashes]

    def add(self, place: str, objects: Iterable[Object]) -> None:
        """Remember objects; the oldest are forgotten."""
        for obj in objects:
            self._hashes[hash((place, obj.key, obj.etag))] = None
        while len(self._hashes) > self._objects_max:
            del self._hashes[next(iter(self._hashes))]
