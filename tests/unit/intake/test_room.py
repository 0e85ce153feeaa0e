"""Who gets how much of what may be in flight."""

import asyncio

from receiver.intake.room import Room
from receiver.limits import INTAKE_OBJECT_BYTES, INTAKE_OBJECT_BYTES_MAX, MIB


async def entered(room: Room, place: str, count: int, cost_bytes: int = 1) -> int:
    """Return how many of so many got in."""
    waits = [asyncio.ensure_future(room.enter(place, cost_bytes)) for _ in range(count)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    got_in = sum(wait.done() for wait in waits)
    for wait in waits:
        wait.cancel()
    await asyncio.gather(*waits, return_exceptions=True)
    return got_in


async def test_one_place_alone_gets_a_half_and_something_is_left_for_the_next() -> None:
    room = Room(objects_max=32, bytes_max=1000)
    assert [await entered(room, place, 100) for place in "abcde"] == [16, 8, 4, 2, 1]


async def test_bytes_are_shared_in_the_same_way() -> None:
    room = Room(objects_max=1000, bytes_max=64)
    assert [await entered(room, place, 100, 4) for place in "abc"] == [8, 4, 2]


async def test_a_large_object_gets_in_past_the_many_small_ones_of_others() -> None:
    room = Room(objects_max=100, bytes_max=100)
    assert await entered(room, "busy", 100, 1) == 50
    large = asyncio.ensure_future(room.enter("rare", 60))
    await asyncio.sleep(0)
    more = asyncio.ensure_future(room.enter("busy", 1))
    for _ in range(10):
        room.leave("busy", 1)
        await asyncio.sleep(0)
    assert (large.done(), more.done()) == (True, False)
    room.leave("rare", 60)
    await more


async def test_what_hangs_in_one_place_holds_up_no_other() -> None:
    room = Room(objects_max=4, bytes_max=100)
    assert await entered(room, "hangs", 10) == 2
    for _ in range(100):
        await room.enter("sound", 1)
        room.leave("sound", 1)


async def test_who_is_cancelled_leaves_no_trace() -> None:
    room = Room(objects_max=2, bytes_max=100)
    await room.enter("a", 1)
    assert await entered(room, "a", 5) == 0
    waiting = asyncio.ensure_future(room.enter("b", 1))
    await asyncio.sleep(0)
    waiting.cancel()  # it has got in and does not know yet
    await asyncio.gather(waiting, return_exceptions=True)
    room.leave("a", 1)
    assert await entered(room, "c", 5) == 1


async def test_what_reading_costs_is_bounded_by_the_room() -> None:
    large = Room(objects_max=1, bytes_max=256 * MIB)
    assert large.cost_bytes(10) == INTAKE_OBJECT_BYTES + 10
    assert large.cost_bytes(10**12) == INTAKE_OBJECT_BYTES_MAX
    small = Room(objects_max=1, bytes_max=16 * MIB)
    assert small.cost_bytes(10**12) == 16 * MIB
    await small.enter("a", 16 * MIB)


async def test_it_tells_what_is_in_flight() -> None:
    told: list[tuple[str, int, int]] = []
    room = Room(
        objects_max=4,
        bytes_max=100,
        on_change=lambda place, objects, cost_bytes: told.append((place, objects, cost_bytes)),
    )
    await room.enter("a", 7)
    room.leave("a", 7)
    assert told == [("a", 1, 7), ("a", 0, 0)]
