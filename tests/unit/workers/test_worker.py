"""Workers as real processes: what they are told, how they end, what they load."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from receiver.destination.parse import parse_destination
from receiver.errors import WorkerLost
from receiver.secret import Secret
from receiver.store.local import LocalStore
from receiver.workers.reading import Assignment
from receiver.workers.worker import Worker, start_worker
from tests.servers.launch import free_port
from tests.unit.sweeping import HTTP, body, folder, name, write

NAME = name("20261122T1015")
DRIVERS = ("aiobotocore", "aiohttp", "azure", "boto3", "botocore", "fsspec", "gcsfs", "google")


@asynccontextmanager
async def worker(assignment: Assignment) -> AsyncIterator[Worker]:
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        started = await start_worker([assignment])
        running = tasks.create_task(started.run())
        yield started
        running.cancel()


def of(root: Path) -> Assignment:
    return Assignment(destination=folder(root), expectations=(HTTP,), copy=True)


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_a_worker_verifies_what_it_is_given_several_at_once(tmp_path: Path) -> None:
    names = [name(f"20261122T10{minute}") for minute in range(10, 30)]
    for number, each in enumerate(names):
        write(tmp_path / each, body(number + 1))
    store = LocalStore(tmp_path)
    objects = [await store.find(each) for each in names]
    async with worker(of(tmp_path)) as given:
        answers = await asyncio.gather(*(given.answer(0, obj) for obj in objects))
    assert [each.report and each.report.records for each in answers] == list(range(1, 21))
    assert [each.report and each.report.key for each in answers] == names
    assert not running(given.pid)


async def test_what_cannot_be_opened_or_read_is_an_answer(tmp_path: Path) -> None:
    obj = await LocalStore(tmp_path).find(write(tmp_path / NAME).name)
    async with worker(of(tmp_path / "gone")) as given:
        assert "no such file" in (await given.answer(0, obj)).error
    bad = msgspec.structs.replace(of(tmp_path), endpoint_url="http://127.0.0.1:1")
    sent = msgspec.structs.replace(bad.destination, scheme="https")
    async with worker(msgspec.structs.replace(bad, destination=sent)) as given:
        assert (await given.answer(0, obj)).error


async def test_what_a_worker_logs_is_logged_by_its_parent_and_as_it_would_log_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "an-id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-key")
    obj = await LocalStore(tmp_path).find(write(tmp_path / NAME).name)
    assignment = Assignment(
        destination=parse_destination("s3://bucket/logs?region=us-east-1"),
        expectations=(HTTP,),
        endpoint_url=f"http://127.0.0.1:{free_port()}",
    )
    async with worker(assignment) as given:
        assert (await given.answer(0, obj)).report is None
    told = [record for record in caplog.records if "asking again in" in record.getMessage()]
    assert {(record.name, record.levelname) for record in told} == {
        ("receiver.store.retry", "WARNING")
    }


async def test_ctrl_c_is_not_for_workers(tmp_path: Path) -> None:
    obj = await LocalStore(tmp_path).find(write(tmp_path / NAME).name)
    async with worker(of(tmp_path)) as given:
        await given.answer(0, obj)
        os.kill(given.pid, signal.SIGINT)
        os.kill(given.pid, signal.SIGTERM)
        assert (await given.answer(0, obj)).report is not None
        assert os.getpgid(given.pid) != os.getpgid(0)


async def test_a_worker_that_is_killed_is_lost_and_nobody_waits_for_it(tmp_path: Path) -> None:
    big = write(tmp_path / NAME, body(200_000))
    obj = await LocalStore(tmp_path).find(big.name)
    async with worker(of(tmp_path)) as given:
        asyncio.get_running_loop().call_later(0.3, os.kill, given.pid, signal.SIGKILL)
        with pytest.raises(WorkerLost, match=r"ended \(SIGKILL\) before it answered"):
            await asyncio.gather(*(given.answer(0, obj) for _ in range(200)))
        assert not given.alive
        with pytest.raises(WorkerLost):
            await given.answer(0, obj)


async def test_a_worker_ends_with_its_parent_even_amid_a_batch(tmp_path: Path) -> None:
    write(tmp_path / NAME, body(300_000))
    script = f"""
import asyncio
from pathlib import Path
from receiver.store.local import LocalStore
from receiver.workers.worker import start_worker
from tests.unit.workers.test_worker import NAME, of
async def main():
    root = Path({str(tmp_path)!r})
    obj = await LocalStore(root).find(NAME)
    worker = await start_worker([of(root)])
    task = asyncio.create_task(worker.run())
    await worker.answer(0, obj)
    print(worker.pid, flush=True)
    while True:
        await worker.answer(0, obj)
asyncio.run(main())
"""
    async with asyncio.timeout(30):
        parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        assert parent.stdout is not None
        with parent, parent.stdout as told:
            pid = int(await asyncio.to_thread(told.readline))
            assert running(pid)
            parent.kill()
        while running(pid):  # noqa: ASYNC110 (a process that is not our child tells nobody)
            await asyncio.sleep(0.01)


async def test_no_secret_is_in_a_workers_arguments_or_environment(tmp_path: Path) -> None:
    obj = await LocalStore(tmp_path).find(write(tmp_path / NAME).name)
    destination = msgspec.structs.replace(folder(tmp_path), sas=Secret("planted-secret"))
    assignment = msgspec.structs.replace(of(tmp_path), destination=destination)
    async with worker(assignment) as given:
        assert (await given.answer(0, obj)).report is not None
        process = Path(f"/proc/{given.pid}")
        shown = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    assert b"receiver" in shown
    assert b"planted" not in shown


def test_a_file_that_lies_about_is_not_taken_for_a_module(tmp_path: Path) -> None:
    write(tmp_path / "msgspec.py", b"raise SystemExit('taken')")
    write(tmp_path / NAME)
    script = f"""
import sys
sys.path = [path for path in sys.path if path] + [{str(Path(__file__).parents[3])!r}]
import asyncio
from pathlib import Path
from receiver.store.local import LocalStore
from tests.unit.workers.test_worker import NAME, of, worker
async def main():
    root = Path({str(tmp_path)!r})
    async with worker(of(root)) as given:
        answer = await given.answer(0, await LocalStore(root).find(NAME))
        print(answer.report.verdict)
asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "pass\n", done.stderr


def test_for_a_local_folder_no_driver_is_loaded(tmp_path: Path) -> None:
    write(tmp_path / NAME)
    script = f"""
import asyncio, sys
from pathlib import Path
import receiver.sweep, receiver.workers.serve
from receiver.store.local import LocalStore
from tests.unit.sweeping import swept, target
told = asyncio.run(swept(target(Path({str(tmp_path)!r}))))
print(len(told.verified), sorted(set(m.partition(".")[0] for m in sys.modules) & set({DRIVERS!r})))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.stdout == "1 []\n", done.stderr
