"""An intake: each object judged once, places fairly served, and an end in good order."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

import pytest

from receiver.errors import (
    LedgerInvalid,
    Reason,
    StoreDenied,
    StoreUnavailable,
    WorkerLost,
)
from receiver.ledger.ledger import State
from receiver.limits import CLAIM_ENTRIES_MAX, CLAIM_SECONDS
from tests.simulation.virtual_loop import simulate
from tests.unit.intake.intaking import Scene, place, target
from tests.unit.sweeping import HTTP, SPECTRUM, body

JUDGED, WAITING, PARKED = State.JUDGED, State.WAITING, State.PARKED


def in_no_time(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test on a loop whose time is simulated."""

    @wraps(test)
    def run(*values: object, **named: object) -> None:
        simulate(test(*values, **named))

    return run


def fails(scene: Scene, of: str, error: Exception | float | None) -> None:
    scene.store(place(of)).fault.on_open = lambda obj: error


@in_no_time
async def test_what_waits_is_judged_once() -> None:
    scene = Scene("a", "b", objects_each=50)
    async with scene.running():
        await asyncio.sleep(60)
    assert scene.states("a") == scene.states("b") == {JUDGED: 50}
    assert scene.observer.count("judged") == 100
    rows = scene.ledger.memory.rows.values()
    assert all(row.entry.judgements == 1 and len(row.entry.digest) == 64 for row in rows)
    assert scene.observer.flight == {place("a"): 0, place("b"): 0}


@in_no_time
async def test_what_comes_is_judged_when_it_is_told_of() -> None:
    scene = Scene("a", objects_each=0)
    async with scene.running():
        await asyncio.sleep(100)
        await scene.write("a")
        scene.intake.wake(place("a"))
        scene.intake.wake("somewhere else")
        await asyncio.sleep(0.1)
        assert scene.states("a") == {JUDGED: 1}


@in_no_time
async def test_what_another_daemon_left_is_found_by_itself() -> None:
    scene = Scene("a", objects_each=3)
    now = scene.clock.now
    async with scene.running():
        await asyncio.sleep(60)
        await scene.write("a", 3)
        left = await scene.ledger.memory.claim(
            place("a"), owner="dead", now=now(), until=now(), entries_max=9, bytes_max=9999
        )
        assert len(left) == 3
        await asyncio.sleep(15)
        assert scene.states("a") == {JUDGED: 6}


@in_no_time
async def test_a_claim_is_held_for_as_long_as_the_reading_takes() -> None:
    scene = Scene("a", objects_each=1)
    fails(scene, "a", 10 * CLAIM_SECONDS)
    async with scene.running():
        for _ in range(50):
            await asyncio.sleep(5)
            claims = await scene.ledger.memory.claim(
                place("a"),
                owner="thief",
                now=scene.clock.now(),
                until=scene.clock.now(),
                entries_max=9,
                bytes_max=9999,
            )
            assert claims == []
        await asyncio.sleep(100)
    assert scene.states("a") == {JUDGED: 1}


@in_no_time
async def test_a_verdict_that_comes_too_late_is_not_recorded() -> None:
    scene = Scene("a", objects_each=1)
    fails(scene, "a", 20.0)
    async with scene.running():
        await asyncio.sleep(5)
        later = scene.clock.now().replace(year=2027)  # somebody's clock is wrong by far
        (claim,) = await scene.ledger.memory.claim(
            place("a"), owner="thief", now=later, until=later, entries_max=9, bytes_max=9999
        )
        await asyncio.sleep(60)
    assert scene.observer.events == [("lost", claim.entry.key, "")]
    assert scene.states("a") == {WAITING: 1}


@pytest.mark.parametrize("trouble", ["hangs", "denied", "down", "slow"])
@in_no_time
async def test_a_sick_place_holds_up_no_other(trouble: str) -> None:
    scene = Scene("sick", "sound", objects_each=200)
    error = {
        "hangs": 1e9,
        "denied": StoreDenied("s3://sick: denied", reason=Reason.READ_DENIED),
        "down": StoreUnavailable("s3://sick: 503"),
        "slow": 5.0,
    }[trouble]
    fails(scene, "sick", error)  # type: ignore[arg-type]
    async with scene.running():
        await asyncio.sleep(20)
        assert scene.states("sound") == {JUDGED: 200}


@in_no_time
async def test_a_place_that_fails_is_tried_with_one_object_until_it_can_be_read_again() -> None:
    scene = Scene("a", objects_each=500)
    fails(scene, "a", StoreDenied("s3://a: the keys expired", reason=Reason.KEYS_EXPIRED))
    async with scene.running():
        await asyncio.sleep(6 * 3600)
        assert scene.states("a") == {WAITING: 500}
        assert scene.store(place("a")).opened < 6 * 60 * 2 + CLAIM_ENTRIES_MAX
        assert scene.intake.errors() == {place("a"): "s3://a: the keys expired"}
        assert scene.observer.errors == [(place("a"), "s3://a: the keys expired")]
        fails(scene, "a", None)
        await asyncio.sleep(150)
        assert scene.states("a") == {JUDGED: 500}
        assert scene.intake.errors() == {}
        assert scene.observer.errors[1:] == [(place("a"), "")]


@in_no_time
async def test_one_unreadable_object_is_parked_in_the_end_and_the_others_are_read() -> None:
    scene = Scene("a", objects_each=0)
    async with scene.running():
        await scene.write("a", 100)
        unreadable = next(iter(scene.store(place("a")).bucket.objects))
        scene.store(place("a")).fault.amid = lambda obj: (
            StoreUnavailable("cut off") if obj.key == unreadable else None
        )
        await asyncio.sleep(60)
        assert scene.states("a") == {JUDGED: 99, WAITING: 1}
        await asyncio.sleep(30 * 3600)
        assert scene.states("a") == {JUDGED: 99, PARKED: 1}
    (parked,) = [row.entry for row in scene.ledger.memory.rows.values() if not row.entry.verdict]
    assert (parked.key, parked.error) == (unreadable, "cut off")
    assert parked.tries >= 8


@in_no_time
async def test_a_place_is_well_again_when_all_that_was_refused_there_is_parked() -> None:
    scene = Scene("a", objects_each=2)
    fails(scene, "a", StoreDenied("s3://a: access denied"))
    async with scene.running():
        await asyncio.sleep(120)
    assert scene.states("a") == {PARKED: 2}
    assert [bool(error) for _, error in scene.observer.errors] == [True, False]


@in_no_time
async def test_of_a_place_that_is_dropped_no_error_stays() -> None:
    scene = Scene("a", objects_each=3)
    fails(scene, "a", StoreUnavailable("s3://a: no answer"))
    async with scene.running():
        await asyncio.sleep(30)
        assert scene.observer.errors[-1][1]
        await scene.intake.change([])
        assert scene.observer.errors[-1] == (place("a"), "")
        fails(scene, "a", None)
        await scene.intake.change([target("a")])
        await asyncio.sleep(600)
    assert scene.states("a") == {JUDGED: 3}
    assert scene.observer.errors[-1] == (place("a"), "")


@in_no_time
async def test_an_object_that_is_gone_is_parked_at_once() -> None:
    scene = Scene("a", objects_each=0)
    async with scene.running():
        (obj,) = await scene.write("a")
        scene.store(place("a")).bucket.delete(obj.key)
        await asyncio.sleep(20)
    assert scene.states("a") == {PARKED: 1}
    assert scene.observer.count("parked") == 1


@in_no_time
async def test_an_object_that_is_overwritten_is_judged_as_what_was_read() -> None:
    scene = Scene("a", objects_each=0)
    async with scene.running():
        (before,) = await scene.write("a")
        after = scene.store(place("a")).bucket.write(before.key, body(5))
        await asyncio.sleep(20)
    found = {row.entry.etag: row.entry for row in scene.ledger.memory.rows.values()}
    assert found[before.etag].state is State.REPLACED
    assert (found[after.etag].state, found[after.etag].records) == (JUDGED, 5)
    assert (found[after.etag].rewrites, found[after.etag].arrived_at) == (
        before.etag,
        after.arrived_at,
    )


@in_no_time
async def test_while_the_ledger_is_away_nothing_is_lost_and_it_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene = Scene("a", "b", objects_each=40)
    scene.store(place("a")).fault.on_open = lambda obj: 0.3
    async with scene.running():
        await asyncio.sleep(0.2)
        scene.ledger.down = True
        await asyncio.sleep(3600)
        assert "has it locked" in scene.insistence.error
        scene.ledger.down = False
        await asyncio.sleep(90)
    assert scene.states("a") == scene.states("b") == {JUDGED: 40}
    assert scene.insistence.error == ""
    assert caplog.text.count("nothing is lost") == 1
    assert caplog.text.count("answers again") == 1


@in_no_time
async def test_a_ledger_that_is_not_ours_ends_it() -> None:
    scene = Scene("a", objects_each=1)

    async def refused(*values: object, **named: object) -> None:
        raise LedgerInvalid("another program's")

    scene.ledger.claim = refused  # type: ignore[attr-defined]
    async with scene.running() as running:
        (ended,) = await asyncio.gather(running, return_exceptions=True)
    assert isinstance(ended, ExceptionGroup)
    assert "another program's" in str(ended.exceptions)


@in_no_time
async def test_where_workers_end_one_after_another_nothing_is_counted_against_the_objects() -> None:
    scene = Scene("a", objects_each=30)
    scene.crew_error = lambda obj: WorkerLost("memory is short")
    async with scene.running():
        await asyncio.sleep(3 * 24 * 3600)
        assert scene.states("a") == {WAITING: 30}
        assert all(row.entry.tries == 0 for row in scene.ledger.memory.rows.values())
        assert scene.intake.errors() == {place("a"): "memory is short"}
        scene.crew_error = lambda obj: None
        await asyncio.sleep(100)
        assert scene.states("a") == {JUDGED: 30}


@in_no_time
async def test_after_a_change_what_begins_is_held_against_the_new_expectation() -> None:
    scene = Scene("a", objects_each=2)
    fails(scene, "a", 5.0)
    async with scene.running():
        await asyncio.sleep(1)
        await scene.intake.change([target("a", SPECTRUM)])
        old, new = scene.crews
        fails(scene, "a", None)
        await scene.write("a")
        scene.intake.wake(place("a"))
        await asyncio.sleep(1)
        dismissed = [old.dismissed]
        await asyncio.sleep(20)
        dismissed += [old.dismissed, new.dismissed]
    assert dismissed == [False, True, False]
    verdicts = [row.entry.verdict for row in scene.ledger.memory.rows.values()]
    assert verdicts == ["pass", "pass", "fail"]


@in_no_time
async def test_a_failure_of_a_job_that_has_changed_is_judged_by_what_it_is_now() -> None:
    scene = Scene("a", objects_each=0)

    async def learn() -> None:
        await asyncio.sleep(3)  # the API answers
        await scene.intake.change([target("a", SPECTRUM, HTTP)])

    scene.on_doubt = learn
    async with scene.running():
        await scene.intake.change([target("a", SPECTRUM)])
        await scene.write("a", 3)
        scene.intake.wake(place("a"))
        await asyncio.sleep(60)
    entries = [row.entry for row in scene.ledger.memory.rows.values()]
    assert [(entry.verdict, entry.judgements, entry.tries) for entry in entries] == [
        ("pass", 1, 0)
    ] * 3
    assert set(scene.doubted) == {place("a")}
    assert scene.claimed() == 0


@in_no_time
async def test_a_failure_stands_where_the_job_is_what_it_was_and_no_other_verdict_is_doubted() -> (
    None
):
    scene = Scene("a", objects_each=3)
    async with scene.running():
        await asyncio.sleep(10)
        assert scene.doubted == []
        await scene.write("a", content=b"no gzip")
        await asyncio.sleep(60)
    assert scene.doubted == [place("a")]
    verdicts = [row.entry.verdict for row in scene.ledger.memory.rows.values()]
    assert verdicts == ["pass", "pass", "pass", "fail"]


@in_no_time
async def test_a_failure_at_a_place_that_is_dropped_meanwhile_is_recorded() -> None:
    scene = Scene("a", objects_each=0)

    async def drop() -> None:
        await scene.intake.change([])

    scene.on_doubt = drop
    async with scene.running():
        await scene.write("a", content=b"no gzip")
        await asyncio.sleep(60)
    (row,) = scene.ledger.memory.rows.values()
    assert row.entry.verdict == "fail"


@in_no_time
async def test_a_change_that_changes_nothing_disturbs_nobody() -> None:
    scene = Scene("a")
    async with scene.running():
        await scene.intake.change([target("a", HTTP)])
        assert len(scene.crews) == 1


@in_no_time
async def test_a_place_that_is_dropped_ends_what_was_begun_and_gives_the_rest_back() -> None:
    scene = Scene("a", "b", objects_each=100)
    fails(scene, "a", 5.0)
    async with scene.running():
        await asyncio.sleep(1)
        begun = scene.observer.flight[place("a")]
        assert begun > 0
        await scene.intake.change([target("b"), target("c")])
        await asyncio.sleep(30)
        assert scene.states("a") == {JUDGED: begun, WAITING: 100 - begun}
        assert scene.claimed() == 0
        assert scene.states("b") == {JUDGED: 100}
        await scene.write("c")
        await asyncio.sleep(20)
        assert scene.states("c") == {JUDGED: 1}
        await scene.intake.change([target("a")])
        await asyncio.sleep(100)
        assert scene.states("a") == {JUDGED: 100}


@in_no_time
async def test_drained_it_ends_what_it_can_and_gives_the_rest_back() -> None:
    scene = Scene("quick", "slow", objects_each=100)
    fails(scene, "quick", 2.0)
    fails(scene, "slow", 1e6)
    async with scene.running() as running:
        await asyncio.sleep(1)
        begun = scene.observer.flight[place("quick")]
        began_at = scene.clock.monotonic()
        await scene.intake.drain(15)
        await running
        assert scene.clock.monotonic() - began_at <= 15
    assert scene.states("quick") == {JUDGED: begun, WAITING: 100 - begun}
    assert scene.states("slow") == {WAITING: 100}
    assert scene.claimed() == 0
    assert all(row.entry.tries == 0 for row in scene.ledger.memory.rows.values())
    assert all(crew.dismissed for crew in scene.crews)


@pytest.mark.parametrize("slow_seconds", [5, 60])
@in_no_time
async def test_a_change_that_is_overtaken_by_the_end_begins_nothing(slow_seconds: float) -> None:
    scene = Scene("a", objects_each=0)
    claim = scene.ledger.memory.claim

    async def slow(*values: Any, **named: Any) -> Any:
        await asyncio.sleep(slow_seconds)
        return await claim(*values, **named)

    async with scene.running() as running:
        await asyncio.sleep(1)
        scene.ledger.memory.claim = slow  # type: ignore[method-assign]
        scene.intake.wake(place("a"))
        await asyncio.sleep(1)
        changing = asyncio.ensure_future(scene.intake.change([target("b")]))
        await asyncio.sleep(0.1)
        await scene.intake.drain(11)
        await running
        await asyncio.sleep(slow_seconds)
    assert changing.done()
    assert changing.exception() is None
    assert len(scene.crews) <= 2


@in_no_time
async def test_a_change_that_is_learned_while_it_drains_is_heeded() -> None:
    scene = Scene("a", objects_each=0)

    async def learn() -> None:
        await asyncio.sleep(3)
        await scene.intake.change([target("a", SPECTRUM, HTTP), target("b")])

    scene.on_doubt = learn
    async with scene.running() as running:
        await scene.intake.change([target("a", SPECTRUM)])
        await scene.write("a", 3)
        scene.intake.wake(place("a"))
        await asyncio.sleep(1)
        await scene.intake.drain(11)
        await running
    assert scene.states("a") == {WAITING: 3}
    assert scene.claimed() == 0


@pytest.mark.parametrize("after_seconds", [0.0, 0.0005, 0.0015, 0.05, 1.0])
@in_no_time
async def test_whenever_it_is_drained_no_claim_is_left(after_seconds: float) -> None:
    scene = Scene("a", "b", objects_each=60)
    async with scene.running() as running:
        await asyncio.sleep(after_seconds)
        await scene.intake.drain(15)
        await running
    assert scene.claimed() == 0
    assert all(row.entry.judgements <= 1 for row in scene.ledger.memory.rows.values())


@in_no_time
async def test_drained_while_the_ledger_is_away_it_ends_all_the_same() -> None:
    scene = Scene("a", objects_each=100)
    fails(scene, "a", 1.0)
    async with scene.running() as running:
        await asyncio.sleep(0.5)
        scene.ledger.down = True
        await asyncio.sleep(5)
        began_at = scene.clock.monotonic()
        await scene.intake.drain(15)
        await running
        assert scene.clock.monotonic() - began_at <= 15


@in_no_time
async def test_many_places_share_what_may_be_in_flight() -> None:
    places = [f"p{number}" for number in range(8)]
    scene = Scene(*places, objects_each=40, processes=2)
    for each in places:
        fails(scene, each, 1.0)
    async with scene.running():
        await asyncio.sleep(5)
        assert sum(scene.observer.flight.values()) <= 32
        await asyncio.sleep(60)
    assert all(scene.states(each) == {JUDGED: 40} for each in places)
    assert max(scene.observer.flight_max.values()) <= 16
