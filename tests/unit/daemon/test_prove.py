"""Proofs: every object is told of once, and what could not be looked at is never called missing."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from receiver.errors import StoreDenied, StoreUnavailable
from receiver.ledger.open import open_ledger
from receiver.store.store import Object
from tests.simulation.memory_store import Fault
from tests.unit.daemon.proving import STEP, Kept, key, target
from tests.unit.virtual_clock import START


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    async with open_ledger(f"sqlite:///{tmp_path / 'receiver.db'}") as ledger:
        yield Kept(ledger)


async def test_all_that_was_judged_is_the_same(kept: Kept) -> None:
    await kept.judge(*(kept.write(key(number)) for number in range(250)))  # of several pages
    await kept.seal()
    await kept.later(12)
    proof = await kept.prove()
    assert proof.fates == dict.fromkeys(map(key, range(250)), "same")
    assert (proof.chain.problems, proof.chain.entries, proof.chain.unsealed) == ((), 250, 0)


async def test_another_content_is_told_even_under_the_same_etag(kept: Kept) -> None:
    await kept.judge(kept.write(key(1)), kept.write(key(2)), kept.write(key(3)))
    await kept.seal()
    kept.bucket.bodies[key(1)] = b"a Batch"
    kept.write(key(2), b"another")
    kept.write(key(3))
    proof = await kept.prove()
    assert set(proof.fates.values()) == {"changed"}
    assert "its etag is the same" in proof.detail(key(1))
    assert "its etag is e5" not in proof.detail(key(1))
    assert "its etag is e4" in proof.detail(key(2))
    assert "with the same content" in proof.detail(key(3))


async def test_what_is_gone_is_missing_and_what_came_is_added(kept: Kept) -> None:
    await kept.judge(kept.write(key(1)), kept.write(key(2)))
    await kept.seal()
    kept.bucket.delete(key(1))
    await kept.later()
    kept.write(key(7))
    await kept.later()
    kept.write(key(8))
    proof = await kept.prove()
    assert proof.fates == {key(1): "missing", key(2): "same", key(7): "added", key(8): "new"}


async def test_what_came_before_the_ledger_was_is_no_addition(kept: Kept) -> None:
    kept.write(key(1))
    await kept.later(2)
    await kept.judge(kept.write(key(2)))
    await kept.seal()
    await kept.later()
    assert (await kept.prove()).fates == {key(1): "older", key(2): "same"}


async def test_an_addition_is_one_though_all_was_judged_again_since(kept: Kept) -> None:
    known = kept.write(key(1))
    await kept.judge(known)
    kept.write(key(2))
    await kept.later(2)
    (entry,) = [each async for each in kept.ledger.entries()]
    await kept.ledger.take_up([entry.id], now=kept.clock.now())
    await kept.judge(known)
    assert (await kept.prove()).fates == {key(1): "same", key(2): "added"}


async def test_what_retention_has_taken_is_no_addition(kept: Kept) -> None:
    await kept.judge(kept.write(key(1)))
    await kept.seal()
    await kept.later(50)
    await kept.judge(kept.write(key(2)))
    await kept.seal()
    before = kept.clock.now() - timedelta(hours=24)
    while await kept.ledger.prune(reports_before=before, entries_before=before):
        pass
    await kept.later()
    proof = await kept.prove()
    assert proof.fates == {key(1): "older", key(2): "same"}
    assert (proof.chain.lineless, proof.chain.problems) == (1, ())


async def test_what_waits_is_known(kept: Kept) -> None:
    await kept.judge(kept.write(key(1)))
    await kept.seal()
    waiting = kept.write(key(2))
    await kept.ledger.see(target().destination.identity, [waiting], now=kept.clock.now())
    await kept.later()
    assert (await kept.prove()).fates == {key(1): "same", key(2): "unjudged"}


async def test_only_windows_of_the_span_are_read(kept: Kept) -> None:
    await kept.judge(*(kept.write(key(number)) for number in range(10)))
    await kept.seal()
    midnight = START.replace(hour=0, microsecond=0)
    proof = await kept.prove(start=midnight + 3 * STEP, end=midnight + 5 * STEP)
    assert proof.fates == {key(3): "same", key(4): "same"}
    assert kept.store.opened == 2


async def test_a_content_that_comes_back_is_the_one_that_was_judged(kept: Kept) -> None:
    first = kept.write(key(1))
    await kept.judge(first)
    await kept.judge(kept.write(key(1), b"another"))
    await kept.seal()
    kept.bucket.objects[key(1)], kept.bucket.bodies[key(1)] = first, b"a batch"
    assert (await kept.prove()).fates == {key(1): "same"}


async def test_a_place_that_cannot_be_listed_has_no_missing_objects(kept: Kept) -> None:
    await kept.judge(kept.write(key(1)))
    await kept.seal()
    kept.store.fault.on_list = lambda _: StoreDenied("s3://acme: the role needs s3:ListBucket")
    proof = await kept.prove()
    assert proof.fates == {"": "unread"}
    assert "s3:ListBucket" in proof.detail("")


async def test_an_object_that_cannot_be_read_is_unread(kept: Kept) -> None:
    await kept.judge(kept.write(key(1)), kept.write(key(2)))
    await kept.seal()

    def amid(obj: Object) -> Exception | None:
        return StoreUnavailable("the body broke off") if obj.key == key(1) else None

    kept.store.fault = Fault()
    kept.store.fault.amid = amid
    assert (await kept.prove()).fates == {key(1): "unread", key(2): "same"}


async def test_an_object_that_changes_while_it_is_read_is_read_again(kept: Kept) -> None:
    await kept.judge(kept.write(key(1)))
    await kept.seal()

    def amid(obj: Object) -> None:
        if obj.etag == "e1":
            kept.write(key(1), b"another")

    kept.store.fault.amid = amid
    assert (await kept.prove()).fates == {key(1): "changed"}


async def test_a_place_of_no_job_is_unread(kept: Kept) -> None:
    await kept.judge(kept.write(key(1)), kept.write(key(2)))
    proof = await kept.prove(target("elsewhere"))
    (unread,) = [each for each in proof.objects if not each.key]
    assert unread.detail == "no job of the configuration writes there any more: 2 objects"


async def test_hostile_names_are_proved_as_any(kept: Kept) -> None:
    names = [f"logs/20261122/{odd}.log.gz" for odd in ("\ud800", "a\nb", "'; DROP TABLE known")]
    await kept.judge(*map(kept.write, names))
    await kept.seal()
    await kept.later()
    assert (await kept.prove()).fates == dict.fromkeys(names, "same")


async def test_a_batch_whose_name_has_one_time_is_proved_before_it_is_sealed(kept: Kept) -> None:
    name = "logs/20261122/20261122T100000Z_9af500e2.log.gz"
    await kept.judge(kept.write(name))
    assert (await kept.prove()).fates == {name: "same"}
    kept.write(name, b"another")
    proof = await kept.prove()
    assert proof.fates == {name: "changed"}
    assert [each.segment for each in proof.objects] == [0]
