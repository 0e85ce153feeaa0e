"""A standing crew: workers from the first object on, and others when they end."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from receiver.errors import WorkerLost
from receiver.limits import WORKER_LOSSES_MAX
from receiver.store.local import LocalStore
from receiver.store.store import Object
from receiver.workers import worker as worker_module
from receiver.workers.reading import Assignment
from receiver.workers.standing import StandingCrew
from tests.unit.sweeping import HTTP, body, folder, name, workers, write

ROOT = Path(__file__).parents[3]

STRANGE = """
import asyncio, os, sys; sys.path.append(sys.argv[2])
from contextlib import asynccontextmanager
from receiver.errors import Reason, StoreDenied
from receiver.workers import serve, reading
good, open_store = reading.verify_object, serve.open_store
opened = 0
async def verify(store, obj, **rest):
    if "keys" in obj.key and opened < 3:
        raise StoreDenied(f"opened {opened} times", reason=Reason.KEYS_EXPIRED)
    if "deadly" in obj.key:
        os._exit(9)
    return await good(store, obj, **rest)
@asynccontextmanager
async def open_(destination, **rest):
    global opened
    opened += 1
    if destination.bucket.endswith("/hangs"):
        await asyncio.sleep(1000)
    if destination.bucket.endswith("/broken"):
        raise IndexError("a driver's mistake")
    async with open_store(destination, **rest) as store:
        yield store
reading.verify_object, serve.open_store = verify, open_
serve.main()
"""


@asynccontextmanager
async def crew(*roots: Path, processes: int = 2) -> AsyncIterator[StandingCrew]:
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        assignments = [
            Assignment(destination=folder(root), expectations=(HTTP,), digests=True)
            for root in roots
        ]
        made = StandingCrew(assignments, tasks=tasks, processes=processes)
        yield made
        made.dismiss()
    assert workers(os.getpid()) == []


async def objects(root: Path, count: int) -> list[Object]:
    names = [name(f"20261122T10{number:02}") for number in range(count)]
    for each in names:
        write(root / each, body(1))
    return [await LocalStore(root).find(each) for each in names]


def strange(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "_COMMAND", ("-P", "-c", STRANGE, "worker", str(ROOT)))


async def test_one_object_is_verified_in_a_worker_too(tmp_path: Path) -> None:
    (obj,) = await objects(tmp_path, 1)
    async with crew(tmp_path) as standing:
        answer = await standing.answer(0, obj)
        assert answer.report is not None
        assert len(answer.digest) == 64
        assert len(workers(os.getpid())) == 1


async def test_there_are_no_more_workers_than_processes_whatever_is_in_flight(
    tmp_path: Path,
) -> None:
    many = await objects(tmp_path, 60)
    async with crew(tmp_path) as standing:
        answers = await asyncio.gather(*(standing.answer(0, obj) for obj in many))
        assert all(each.report for each in answers)
        assert len(workers(os.getpid())) == 2


async def test_a_worker_that_is_killed_is_replaced(tmp_path: Path) -> None:
    (obj,) = await objects(tmp_path, 1)
    async with crew(tmp_path, processes=1) as standing:
        for _ in range(3):
            assert (await standing.answer(0, obj)).report is not None
            (pid,) = workers(os.getpid())
            os.kill(pid, signal.SIGKILL)


async def test_what_ends_every_worker_costs_itself_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange(monkeypatch)
    many = await objects(tmp_path, 20)
    deadly = name("20261122T1100", batch_id="deadly")
    many[7] = await LocalStore(tmp_path).find(write(tmp_path / deadly).name)
    async with crew(tmp_path) as standing:
        answers = await asyncio.gather(*(standing.answer(0, obj) for obj in many))
    assert [number for number, each in enumerate(answers) if each.report is None] == [7]
    assert "worker process that read it ended (exit code 9)" in answers[7].error


async def test_a_store_that_hangs_when_it_is_opened_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange(monkeypatch)
    roots = [tmp_path / each for each in ("hangs", "broken", "sound")]
    found = [(await objects(root, 1))[0] for root in roots]
    async with crew(*roots, processes=1) as standing:
        hanging = asyncio.ensure_future(standing.answer(0, found[0]))
        broken = await standing.answer(1, found[1])
        assert (await standing.answer(2, found[2])).report is not None
        assert not hanging.done()
        hanging.cancel()
    assert broken.of_place
    assert "a mistake of this program, not of the batch: IndexError" in broken.error


async def test_a_store_that_does_not_take_its_keys_is_opened_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange(monkeypatch)
    obj = await LocalStore(tmp_path).find(
        write(tmp_path / name("20261122T1000", batch_id="keys")).name
    )
    async with crew(tmp_path, processes=1) as standing:
        answers = [await standing.answer(0, obj) for _ in range(4)]
    assert [each.error for each in answers] == ["opened 1 times", "opened 2 times", "", ""]


async def test_where_no_worker_ever_answers_it_is_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "_COMMAND", ("-c", "raise SystemExit(3)"))
    (obj,) = await objects(tmp_path, 1)
    async with crew(tmp_path) as standing:
        answers = [standing.answer(0, obj) for _ in range(WORKER_LOSSES_MAX + 5)]
        lost = [
            each
            for each in await asyncio.gather(*answers, return_exceptions=True)
            if isinstance(each, WorkerLost)
        ]
        assert "one after another, without an answer" in str(lost[0])
        monkeypatch.undo()
        while True:  # it is tried again, and one day it works
            try:
                assert (await standing.answer(0, obj)).report is not None
                break
            except WorkerLost:
                await asyncio.sleep(0)


async def test_a_worker_that_cannot_be_started_is_our_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("receiver.workers.worker.sys.executable", str(tmp_path / "gone"))
    (obj,) = await objects(tmp_path, 1)
    async with crew(tmp_path) as standing:
        with pytest.raises(WorkerLost, match="cannot be started: No such file"):
            await standing.answer(0, obj)
