"""When records reach Logpush, and how long before that they were logged."""

import random
from typing import Final

from receiver.emulator.timestamps import NANOS

_LAG_LEAST: Final = NANOS
_LAG_MEAN: Final = 14 * NANOS
_LAG_USUAL_MOST: Final = 60 * NANOS
_LATE_SHARE: Final = 0.01
_LATE_MOST: Final = 300 * NANOS


def arrivals(rng: random.Random, start: int, end: int, count: int) -> list[int]:
    """Return so many moments of a window (ns), in their order."""
    return sorted(start + int(rng.random() * (end - start)) for _ in range(count))


def lag(rng: random.Random) -> int:
    """Return how long a record was on its way (ns).

    Mostly 1 to 60 seconds, for one in a hundred up to five minutes.
    """
    if rng.random() < _LATE_SHARE:
        return _LAG_USUAL_MOST + int(rng.random() * (_LATE_MOST - _LAG_USUAL_MOST))
    return min(_LAG_LEAST + int(rng.expovariate(1) * _LAG_MEAN), _LAG_USUAL_MOST)
