"""Targets beside each other: no object is read twice, and each is judged by the nearest."""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from receiver.destination.destination import Destination
from receiver.selection.target import Target


def merged(targets: Iterable[Target]) -> list[Target]:
    """Return the same, joined where they differ in nothing but the objects they name."""
    places: dict[tuple[str, bool], list[tuple[Target, dict[str, None]]]] = {}
    for target in targets:
        here = places.setdefault((target.destination.identity, not target.keys), [])
        for first, keys in here:
            conf = first.destination.conf
            destination = msgspec.structs.replace(target.destination, conf=conf)
            if first == msgspec.structs.replace(target, keys=first.keys, destination=destination):
                keys.update(dict.fromkeys(target.keys))
                break
        else:
            here.append((target, dict.fromkeys(target.keys)))
    return [
        msgspec.structs.replace(first, keys=tuple(keys))
        for here in places.values()
        for first, keys in here
    ]


def elsewhere(targets: Sequence[Target], number: int) -> Callable[[str], bool]:
    """Return what tells whether a key of one Target is rather another's.

    Folders may lie in each other. An object belongs to whoever names it outright, else to the
    deepest folder, else to the first of equals.
    """

    def rank(other: int) -> tuple[bool, int, int]:
        target = targets[other]
        return bool(target.keys), len(_root(target.destination) + target.destination.path), -other

    root = _root(targets[number].destination)
    above = [other for other in range(len(targets)) if rank(other) > rank(number)]
    rivals = [
        (_root(other.destination), other.destination, frozenset(other.keys))
        for other in map(targets.__getitem__, above)
    ]

    def taken(key: str) -> bool:
        whole = root + key
        return any(
            whole.startswith(place) and _holds(destination, keys, whole[len(place) :])
            for place, destination, keys in rivals
        )

    return taken


def _root(destination: Destination) -> str:
    """Return what comes before every key, so that keys of two Destinations can be compared."""
    return msgspec.structs.replace(destination, path="").identity


def _holds(destination: Destination, keys: frozenset[str], key: str) -> bool:
    if keys:
        return key in keys
    if destination.dated:
        return destination.day_of(key) is not None
    return key.startswith(destination.path)
