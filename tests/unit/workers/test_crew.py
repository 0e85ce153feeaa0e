"""Who verifies what, and what happens to the rest when a worker ends."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from receiver.errors import WorkerLost
from receiver.limits import LOAD_BYTES_MAX, WORKER_LOSSES_MAX, WORKERS_WORTH_BYTES
from receiver.store.local import LocalStore
from receiver.workers import worker as worker_module
from receiver.workers.crew import Crew, usable_cores
from receiver.workers.reading import Assignment
from tests.unit.sweeping import HTTP, body, folder, name, workers, write

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def crew(root: Path, *, processes: int | None) -> AsyncIterator[Crew]:
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        assignment = Assignment(destination=folder(root), expectations=(HTTP,), copy=True)
        made = Crew([assignment], tasks=tasks, processes=processes)
        made.put(0, LocalStore(root))
        yield made
        made.dismiss()


async def test_one_object_is_verified_here(tmp_path: Path) -> None:
    obj = await LocalStore(tmp_path).find(write(tmp_path / name("20261122T1000")).name)
    async with crew(tmp_path, processes=2) as few:
        few.expect(objects=1, stored_bytes=10 * WORKERS_WORTH_BYTES)
        assert (await few.answer(0, obj)).report is not None
        assert workers(os.getpid()) == []


async def test_workers_are_started_where_there_is_enough_to_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("receiver.workers.crew.usable_cores", lambda: 2)
    obj = await LocalStore(tmp_path).find(write(tmp_path / name("20261122T1000")).name)
    async with crew(tmp_path, processes=None) as few:
        few.expect(objects=2, stored_bytes=1000)
        await asyncio.gather(few.answer(0, obj), few.answer(0, obj))
        assert workers(os.getpid()) == []
        few.expect(objects=2, stored_bytes=WORKERS_WORTH_BYTES)
        await asyncio.gather(few.answer(0, obj), few.answer(0, obj))
        assert len(workers(os.getpid())) == 2


async def test_large_objects_go_to_a_worker_each_and_small_ones_share(tmp_path: Path) -> None:
    files = [name(f"20261122T10{minute}") for minute in range(10, 20)]
    for each in files:
        write(tmp_path / each)
    objects = [await LocalStore(tmp_path).find(each) for each in files]
    async with crew(tmp_path, processes=3) as few:
        few.expect(objects=10, stored_bytes=LOAD_BYTES_MAX)
        answers = await asyncio.gather(*(few.answer(0, obj) for obj in objects))
        assert all(each.report for each in answers)
        assert len(workers(os.getpid())) == 3


async def test_a_batch_that_ends_every_worker_costs_itself_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = """
import os, sys; sys.path.append(sys.argv[2])
from receiver.workers import serve, reading
good = reading.verify_object
async def verify(store, obj, **rest):
    if "deadly" in obj.key:
        os._exit(9)
    return await good(store, obj, **rest)
reading.verify_object = verify
serve.main()
"""
    monkeypatch.setattr(worker_module, "_COMMAND", ("-P", "-c", code, "worker", str(ROOT)))
    names = [name(f"20261122T10{minute}") for minute in range(10, 30)]
    names[7] = name("20261122T1059", batch_id="deadly")
    for each in names:
        write(tmp_path / each, body(1))
    objects = [await LocalStore(tmp_path).find(each) for each in names]
    async with crew(tmp_path, processes=2) as few:
        few.expect(objects=20, stored_bytes=1000)
        answers = await asyncio.gather(*(few.answer(0, obj) for obj in objects))
    assert [number for number, each in enumerate(answers) if each.report is None] == [7]
    assert "worker process that read it ended (exit code 9)" in answers[7].error


async def test_where_no_worker_ever_answers_it_ends_with_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "_COMMAND", ("-c", "raise SystemExit(3)"))
    obj = await LocalStore(tmp_path).find(write(tmp_path / name("20261122T1000")).name)
    async with crew(tmp_path, processes=2) as few:
        few.expect(objects=100, stored_bytes=1000)
        for _ in range(WORKER_LOSSES_MAX // 3 + 1):  # each is tried three times
            assert "exit code 3" in (await few.answer(0, obj)).error
        with pytest.raises(WorkerLost, match="one after another, without an answer; use -j 1"):
            await few.answer(0, obj)


def test_there_is_a_core_to_use() -> None:
    assert usable_cores() >= 1
