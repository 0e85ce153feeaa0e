"""A Sweep over local folders: what it tells, in one process and in several."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from receiver.clock import SystemClock
from receiver.destination.parse import parse_destination
from receiver.errors import ConfigError
from receiver.selection.target import Target
from receiver.store.local import LocalStore
from receiver.sweep import Event, Selected, Verified, sweep, verify_stream
from tests.unit.sweeping import (
    CSV,
    HTTP,
    SPECTRUM,
    Told,
    body,
    folder,
    name,
    swept,
    target,
    workers,
    write,
)

IN_PROCESSES = pytest.mark.parametrize("processes", [1, 2, None])


def minutes(count: int) -> list[str]:
    return [name(f"20261122T{n // 60:02}{n % 60:02}") for n in range(count)]


@IN_PROCESSES
async def test_every_object_is_told_of_once(tmp_path: Path, processes: int | None) -> None:
    for each in minutes(100):
        write(tmp_path / "20261122" / each)
    write(tmp_path / "20261122" / "test.txt.gz", b"x")
    told = await swept(target(tmp_path), processes=processes)
    assert told.verified == [f"20261122/{each}" for each in minutes(100)]
    assert told.ignored == {"20261122/test.txt.gz": "Logpush's test of the destination"}
    assert told.selected == (100, 100 * len(body()))
    assert (told.unread, told.notes) == ({}, [])
    assert workers(os.getpid()) == []


@IN_PROCESSES
async def test_what_was_judged_before_is_not_read_again(
    tmp_path: Path, processes: int | None
) -> None:
    done = set()
    for each in minutes(10):
        write(tmp_path / each)
        done.add((each, (await LocalStore(tmp_path).find(each)).etag))
    write(tmp_path / minutes(10)[3], body(5))  # another object by the same name
    told = await swept(target(tmp_path), processes=processes, done=frozenset(done))
    assert told.verified == [minutes(10)[3]]
    assert told.selected[0] == 1


@IN_PROCESSES
async def test_an_object_that_cannot_be_read_is_told_of_and_the_others_are_read(
    tmp_path: Path, processes: int | None
) -> None:
    for each in minutes(10):
        write(tmp_path / each)

    def then(event: Event) -> None:
        if isinstance(event, Selected):
            (tmp_path / minutes(10)[4]).unlink()

    told = await swept(target(tmp_path), processes=processes, then=then)
    assert list(told.unread) == [minutes(10)[4]]
    assert "there is no such file" in told.unread[minutes(10)[4]]
    assert len(told.verified) == 9


@IN_PROCESSES
async def test_an_object_that_is_replaced_is_judged_as_it_is_now(
    tmp_path: Path, processes: int | None
) -> None:
    for each in minutes(2):
        write(tmp_path / each)
    before = (await LocalStore(tmp_path).find(minutes(2)[0])).etag

    def then(event: Event) -> None:
        if isinstance(event, Selected):
            write(tmp_path / minutes(2)[0], body(7))

    told = await swept(target(tmp_path), processes=processes, then=then)
    (verified,) = [
        each for each in told.events if isinstance(each, Verified) and each.report.records == 7
    ]
    assert verified.etag == (await LocalStore(tmp_path).find(minutes(2)[0])).etag != before


async def test_each_place_that_cannot_be_listed_is_unread_and_the_others_are_read(
    tmp_path: Path,
) -> None:
    write(tmp_path / "here" / minutes(1)[0])
    places = [target(tmp_path / each) for each in ("gone", "here", "lost")]
    told = await swept(*places)
    assert told.verified == minutes(1)
    assert told.unread == {
        f"file://{tmp_path}/{each}": f"{tmp_path}/{each}: there is no such file or folder"
        for each in ("gone", "lost")
    }


async def test_what_lies_where_nothing_can_be_judged_is_not_read_and_no_other_jobs(
    tmp_path: Path,
) -> None:
    write(tmp_path / minutes(1)[0])
    write(tmp_path / "csv" / minutes(1)[0], b"a,b")
    told = await swept(target(tmp_path), target(tmp_path / "csv", expectations=[CSV]))
    assert told.verified == minutes(1)
    assert told.selected[0] == 1


async def test_a_report_is_told_with_the_root_of_its_key(tmp_path: Path) -> None:
    for each in ("a", "b"):
        write(tmp_path / each / minutes(1)[0])
    told = await swept(target(tmp_path / "a"), target(tmp_path / "b"))
    roots = sorted(each.root for each in told.events if isinstance(each, Verified))
    assert roots == [f"file://{tmp_path}/{each}" for each in ("a", "b")]


async def test_a_place_that_cannot_be_read_back_is_a_mistake_of_the_operator() -> None:
    sent = parse_destination("https://logs.example.com/in")
    with pytest.raises(ConfigError, match="cannot be read back"):
        await swept(Target(destination=sent, expectations=(HTTP,), span=None))


async def test_nothing_found_is_nothing_told(tmp_path: Path) -> None:
    assert (await swept(target(tmp_path))).events == []
    assert (await swept()).events == []


@IN_PROCESSES
async def test_a_batch_goes_to_the_job_that_it_follows(
    tmp_path: Path, processes: int | None
) -> None:
    write(tmp_path / "http" / "20261122" / minutes(1)[0])
    write(tmp_path / "20261122" / minutes(1)[0])
    within = target(tmp_path / "http" / "{DATE}")
    around = target(tmp_path, expectations=[SPECTRUM, HTTP])
    told = await swept(around, within, processes=processes)
    verdicts = sorted(
        (each.report.key, each.report.verdict) for each in told.events if isinstance(each, Verified)
    )
    assert verdicts == [(f"20261122/{minutes(1)[0]}", "pass")] * 2


async def test_a_file_named_twice_and_within_its_folder_is_read_once(tmp_path: Path) -> None:
    for each in minutes(3):
        write(tmp_path / each)
    named = target(tmp_path, keys=minutes(1))
    told = await swept(named, target(tmp_path), named, target(tmp_path, keys=minutes(2)[1:]))
    assert told.verified == minutes(3)


@IN_PROCESSES
async def test_cancelled_it_ends_its_workers_and_has_told_what_was_verified(
    tmp_path: Path, processes: int | None
) -> None:
    for each in minutes(60):
        write(tmp_path / each, body(10_000))
    verified = asyncio.Event()

    def then(event: Event) -> None:
        if isinstance(event, Verified):
            verified.set()

    told = Told(then)
    sweeping = asyncio.create_task(
        sweep([target(tmp_path)], on_event=told, clock=SystemClock(), processes=processes)
    )
    async with asyncio.timeout(30):
        await verified.wait()
        began = asyncio.get_running_loop().time()
        sweeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sweeping
    assert asyncio.get_running_loop().time() - began < 5
    assert 0 < len(told.verified) < 60
    assert workers(os.getpid()) == []


async def test_workers_that_are_killed_cost_no_batch(tmp_path: Path) -> None:
    for each in minutes(60):
        write(tmp_path / each, body(2_000))
    killed: list[int] = []

    def then(event: Event) -> None:
        if isinstance(event, Verified) and len(killed) < 2:
            for pid in workers(os.getpid()):
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

    told = await swept(target(tmp_path), processes=2, then=then)
    assert killed
    assert told.unread == {}
    assert told.verified == minutes(60)


async def test_what_the_listener_raises_ends_the_sweep_as_it_is(tmp_path: Path) -> None:
    write(tmp_path / minutes(1)[0])

    def then(event: Event) -> None:
        if isinstance(event, Verified):
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        await swept(target(tmp_path), then=then)


async def test_a_stream_has_no_name_and_is_not_accused_of_it() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body(50)), 7):
            yield body(50)[start : start + 7]

    report = await verify_stream(
        chunks(), expectations=[HTTP], arrived_at=datetime(2026, 11, 23, tzinfo=UTC)
    )
    assert (report.key, report.records, report.verdict, report.findings) == ("-", 50, "pass", ())


async def test_a_copy_and_a_conf_are_both_read_by_their_folder(tmp_path: Path) -> None:
    write(tmp_path / "20261122" / minutes(1)[0])
    assert folder(tmp_path / "{DATE}").bucket == str(tmp_path)
    told = await swept(target(tmp_path / "{DATE}"))
    assert told.verified == [f"20261122/{minutes(1)[0]}"]


async def test_where_no_worker_can_live_the_sweep_says_so_of_each_place_and_does_not_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("receiver.workers.worker._COMMAND", ("-c", "raise SystemExit(3)"))
    for each in minutes(60):
        write(tmp_path / "full" / each)
    (tmp_path / "empty").mkdir()
    places = [target(tmp_path / each) for each in ("empty", "full", "gone")]
    told = await swept(*places, processes=2)
    assert told.verified == []
    whole = {key: error for key, error in told.unread.items() if key.startswith("file://")}
    assert set(whole) == {f"file://{tmp_path}/full", f"file://{tmp_path}/gone"}
    assert "use -j 1" in whole[f"file://{tmp_path}/full"]
