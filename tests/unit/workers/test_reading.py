"""One object read and verified, whatever the store does meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from receiver.check.plan import Plan
from receiver.check.verifier import BatchVerifier
from receiver.errors import ObjectChanged, Reason, StoreDenied, StoreUnavailable
from receiver.limits import KIB
from receiver.store.local import LocalStore
from receiver.store.store import Object
from receiver.workers.reading import Assignment, Desks, feed, verify_object
from tests.simulation.virtual_loop import simulate
from tests.unit.sweeping import HTTP, body, folder, name, write

NAME = name("20261122T1015")


class Troubled(LocalStore):
    """A folder whose first readings end in an error."""

    def __init__(self, root: Path, errors: list[Exception]) -> None:
        super().__init__(root)
        self.errors = errors

    @asynccontextmanager
    async def open(self, obj: Object) -> AsyncIterator[AsyncIterator[bytes]]:
        if not self.errors:
            async with super().open(obj) as chunks:
                yield chunks
        else:
            yield self._broken(self.errors.pop(0))

    async def _broken(self, error: Exception) -> AsyncIterator[bytes]:
        yield body(1)[:10]
        raise error


def desks(root: Path, *errors: Exception) -> Desks:
    found = Desks([Assignment(destination=folder(root), expectations=(HTTP,))])
    found.put(0, Troubled(root, list(errors)))
    return found


def digesting(root: Path, *errors: Exception) -> Desks:
    found = Desks([Assignment(destination=folder(root), expectations=(HTTP,), digests=True)])
    found.put(0, Troubled(root, list(errors)))
    return found


async def test_a_batch_is_verified_as_its_bytes_are(tmp_path: Path) -> None:
    write(tmp_path / NAME, body(3))
    store = LocalStore(tmp_path)
    report = await verify_object(store, await store.find(NAME), plan=Plan([HTTP]))
    assert (report.key, report.records, report.verdict) == (NAME, 3, "pass")
    assert report.compressed_bytes == len(body(3))


async def test_an_object_that_changed_is_read_once_more_from_the_beginning(tmp_path: Path) -> None:
    write(tmp_path / NAME)
    obj = await LocalStore(tmp_path).find(NAME)
    write(tmp_path / NAME, body(5))
    answer = await desks(tmp_path).answer(0, obj)
    assert answer.report is not None
    assert answer.report.records == 5
    assert answer.etag == (await LocalStore(tmp_path).find(NAME)).etag != obj.etag


async def test_an_object_that_changes_again_and_again_is_unread(tmp_path: Path) -> None:
    write(tmp_path / NAME)
    obj = await LocalStore(tmp_path).find(NAME)
    answer = await desks(tmp_path, ObjectChanged("x: changed"), ObjectChanged("x: again")).answer(
        0, obj
    )
    assert (answer.report, answer.error) == (None, "x: again")


async def test_of_a_reading_that_breaks_off_there_is_no_report(tmp_path: Path) -> None:
    write(tmp_path / NAME)
    obj = await LocalStore(tmp_path).find(NAME)
    answer = await desks(tmp_path, StoreUnavailable("x: broke off")).answer(0, obj)
    assert (answer.report, answer.error) == (None, "x: broke off")


async def test_the_digest_is_of_the_very_bytes_that_were_judged(tmp_path: Path) -> None:
    for content in (body(3), b"", body(20_000), body(3)[:-5], b"no gzip"):
        write(tmp_path / NAME, content)
        obj = await LocalStore(tmp_path).find(NAME)
        assert (await digesting(tmp_path).answer(0, obj)).digest == sha256(content).hexdigest()


async def test_the_digest_of_what_changed_is_the_new_contents(tmp_path: Path) -> None:
    write(tmp_path / NAME)
    obj = await LocalStore(tmp_path).find(NAME)
    answer = await digesting(tmp_path, ObjectChanged("x: changed")).answer(0, obj)
    assert answer.digest == sha256(body()).hexdigest()
    assert answer.arrived_at == obj.arrived_at


async def test_a_digest_that_nobody_asked_for_is_not_made(tmp_path: Path) -> None:
    obj = await LocalStore(tmp_path).find(write(tmp_path / NAME).name)
    assert (await desks(tmp_path).answer(0, obj)).digest == ""


async def test_an_answer_says_whether_the_reason_may_pass(tmp_path: Path) -> None:
    write(tmp_path / NAME)
    obj = await LocalStore(tmp_path).find(NAME)
    reasons = [
        (await desks(tmp_path, error).answer(0, obj)).reason
        for error in (
            StoreUnavailable("x"),
            StoreDenied("x", reason=Reason.KEYS_EXPIRED),
            IndexError("x"),
        )
    ]
    assert reasons == [Reason.UNAVAILABLE, Reason.KEYS_EXPIRED, None]


class Dripping(LocalStore):
    """A byte a second, for ever."""

    @asynccontextmanager
    async def open(self, obj: Object) -> AsyncIterator[AsyncIterator[bytes]]:
        yield self._drops()

    async def _drops(self) -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(1)
            yield b"x"


def test_what_comes_too_slowly_is_given_up(tmp_path: Path) -> None:
    async def read() -> tuple[str, float]:
        obj = Object(key=NAME, etag="e", stored_bytes=10**6, arrived_at=datetime.now(UTC))
        found = Desks([Assignment(destination=folder(tmp_path), expectations=(HTTP,))])
        found.put(0, Dripping(tmp_path))
        return (await found.answer(0, obj)).error, asyncio.get_running_loop().time()

    error, seconds = simulate(read())
    assert error == f"{NAME}: its 1,000,000 bytes come too slowly; is the network sound?"
    assert 300 < seconds < 400


async def test_an_object_that_is_gone_is_unread(tmp_path: Path) -> None:
    obj = await LocalStore(tmp_path).find(write(tmp_path / NAME).name)
    (tmp_path / NAME).unlink()
    answer = await desks(tmp_path).answer(0, obj)
    assert "no such file" in answer.error


async def test_a_mistake_of_ours_costs_one_object_and_says_whose_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path / NAME)
    obj = await LocalStore(tmp_path).find(NAME)
    answer = await desks(tmp_path, IndexError("pop from empty list")).answer(0, obj)
    assert answer.error.startswith("a mistake of this program, not of the batch: IndexError")
    assert NAME in caplog.text


async def test_the_day_is_judged_only_where_the_conf_says_where_it_is(tmp_path: Path) -> None:
    key = f"20260101/20261122/{NAME}"
    write(tmp_path / key)
    store = LocalStore(tmp_path)
    codes = []
    for copy in (False, True):
        found = Desks(
            [Assignment(destination=folder(tmp_path / "{DATE}"), expectations=(HTTP,), copy=copy)]
        )
        found.put(0, store)
        report = (await found.answer(0, await store.find(key))).report
        assert report is not None
        codes.append([finding.code for finding in report.findings])
    assert codes == [["key-day"], []]


class Packed(BatchVerifier):
    """A bomb: every byte takes ten microseconds to judge."""

    seconds = 0.0
    slices: tuple[int, ...] = ()

    def feed(self, chunk: bytes) -> None:
        self.slices += (len(chunk),)
        self.seconds += len(chunk) / 100_000


async def test_what_takes_long_is_fed_in_shorter_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = Packed(Plan([HTTP]), key=NAME, arrived_at=datetime(2026, 11, 23, tzinfo=UTC))
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: packed.seconds)

    async def chunks() -> AsyncIterator[bytes]:
        yield bytes(256 * KIB)
        yield b""

    await feed(packed, chunks())
    assert sum(packed.slices) == 256 * KIB
    assert packed.slices[:5] == (64 * KIB, 32 * KIB, 16 * KIB, 8 * KIB, 4 * KIB)
    assert max(packed.slices[5:]) == 8 * KIB
