"""How long to wait before looking again: by what arrived, and by what it costs to look."""

from datetime import timedelta
from random import Random

from receiver.intake.backoff import backoff_seconds
from receiver.limits import (
    WATCH_ERROR_SECONDS_MAX,
    WATCH_POLL_SECONDS_PER_PAGE,
    WATCH_WALK_OLD_SECONDS,
    WATCH_WALK_SECONDS,
    WATCH_WALK_SECONDS_PER_PAGE,
)


class Pace:
    """Seconds where batches arrive, ever longer where none do, longer still where it fails.

    In seconds that pass, not by the time of day: a clock that is set changes nothing.
    """

    def __init__(self, *, poll_min: timedelta, poll_max: timedelta, random: Random) -> None:
        self._min = poll_min.total_seconds()
        self._max = poll_max.total_seconds()
        self._random = random
        self._wait = self._min
        self._failures = 0

    def looked(self, *, arrived: int, pages: int) -> float:
        """Return the wait after a look that brought so much, from so many pages of a listing."""
        self._failures = 0
        self._wait = self._min if arrived else min(self._wait * 1.5, self._max)
        wait = max(self._wait, pages * WATCH_POLL_SECONDS_PER_PAGE)
        return wait * (0.9 + self._random.random() / 5)

    def failed(self) -> float:
        """Return the wait after a look that failed."""
        self._failures += 1
        longest = max(self._max, WATCH_ERROR_SECONDS_MAX)
        return backoff_seconds(
            self._failures, first=self._min, longest=longest, random=self._random
        )


def walk_seconds(*, polled: bool, pages: int, random: Random) -> float:
    """Return when to list something from its beginning again, after a walk of so many pages."""
    seconds = WATCH_WALK_SECONDS if polled else WATCH_WALK_OLD_SECONDS
    return (seconds + pages * WATCH_WALK_SECONDS_PER_PAGE) * (0.9 + random.random() / 5)
