"""Chance that repeats itself: the same seed gives the same bytes each time."""

import random


def seeded(*parts: object) -> random.Random:
    """Return a generator of its own for these parts; drawing from it disturbs no other."""
    return random.Random(" ".join(map(str, parts)))  # noqa: S311 - to be repeated, not to be secret
