"""How long a watcher waits."""

from datetime import timedelta
from random import Random

from receiver.daemon.pace import Pace, walk_seconds
from receiver.daemon.watcher_memory import Remembered
from receiver.store.store import Object
from tests.simulation.virtual_loop import START


def pace() -> Pace:
    return Pace(poll_min=timedelta(seconds=2), poll_max=timedelta(seconds=60), random=Random(1))


def test_it_is_seconds_while_batches_arrive_and_ever_longer_while_none_do() -> None:
    given = pace()
    assert all(1.8 <= given.looked(arrived=5, pages=1) <= 2.2 for _ in range(10))
    waits = [given.looked(arrived=0, pages=1) for _ in range(30)]
    assert waits[0] < 4 < waits[3]
    assert 54 <= waits[-1] <= 66
    assert given.looked(arrived=1, pages=1) <= 2.2


def test_many_pages_are_not_listed_again_at_once() -> None:
    assert pace().looked(arrived=9, pages=1000) >= 180


def test_after_failures_it_waits_longer_but_never_for_ever() -> None:
    given = pace()
    waits = [given.failed() for _ in range(1000)]
    assert waits[0] <= 2
    assert 150 <= waits[-1] <= 300
    given.looked(arrived=0, pages=1)
    assert given.failed() <= 2


def test_a_large_folder_is_walked_more_seldom() -> None:
    few = walk_seconds(polled=True, pages=1, random=Random(1))
    many = walk_seconds(polled=True, pages=1000, random=Random(1))
    assert 270 <= few <= 340
    assert many > 10 * few
    assert walk_seconds(polled=False, pages=1, random=Random(1)) > 4 * few


def test_what_is_remembered_is_bounded_and_the_oldest_is_forgotten() -> None:
    remembered = Remembered(objects_max=3)
    objects = [
        Object(key=str(number), etag="e", stored_bytes=1, arrived_at=START) for number in range(5)
    ]
    remembered.add("a", objects)
    assert remembered.new("a", objects) == objects[:2]
    assert remembered.new("b", objects) == objects
    other = Object(key="4", etag="another", stored_bytes=1, arrived_at=START)
    assert remembered.new("a", [other]) == [other]
