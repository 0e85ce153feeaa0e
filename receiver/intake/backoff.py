"""How long to wait after one failure, and after many."""

from random import Random


def backoff_seconds(failures: int, *, first: float, longest: float, random: Random) -> float:
    """Return the wait after so many failures in a row: doubled, bounded, cut by up to a half.

    Cut at random, so that many who failed together do not come back together.
    """
    doublings = min(max(failures - 1, 0), 32)  # 2 ** 1000 is no float
    return min(first * 2.0**doublings, longest) * (0.5 + random.random() / 2)
