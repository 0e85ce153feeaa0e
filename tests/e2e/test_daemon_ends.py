"""The daemon ends when it is told to, whatever holds its ledger; what it had is judged later."""

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from random import Random
from typing import TypeAlias

import pytest

from tests.crash.landing import FIELDS, Landing
from tests.e2e.command import COMMAND
from tests.e2e.running import (
    DRAINED_SECONDS,
    Running,
    configure,
    ledger_url,
    running,
    until_judged,
    write_jobs,
)
from tests.e2e.serving import started, until
from tests.servers.postgres import PostgresServer

Hold: TypeAlias = Callable[[], AbstractContextManager[None]]

LIFE = (sys.executable, "-m", "tests.crash.life")


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    (tmp_path / "logs").mkdir()
    return Landing(tmp_path / "logs", Random(1))


@pytest.fixture
def source(landing: Landing, tmp_path: Path) -> dict[str, str]:
    job = {
        "id": 1, "dataset": "http_requests", "enabled": True, "logpull_options": FIELDS,
        "destination_conf": f"file://{landing.folder}/{{DATE}}",
    }  # fmt: skip
    return write_jobs(tmp_path / "jobs.json", job)


@pytest.fixture(params=["sqlite", "postgresql"])
def held_ledger(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Hold]:
    """A ledger's URL, and what somebody else does to it for as long as a block lasts."""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        return server.url(server.make_database()), server.hanging
    return ledger_url(tmp_path), lambda: locked(tmp_path / "receiver.db")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Have another process's transaction write to the file, as long as a copy of it may take."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def test_while_the_ledger_hangs_it_ends_in_time_and_nothing_is_lost_or_doubled(
    held_ledger: tuple[str, Hold],
    source: dict[str, str],
    landing: Landing,
    tmp_path: Path,
) -> None:
    url, hold = held_ledger
    config = configure(tmp_path, source, ledger=url)
    landing.write(600)
    with running(config) as daemon:
        until_judged(url, 1)
        with hold():
            assert daemon.end().code == 0
    later = tmp_path / "later"
    later.write_text("40")  # seconds, after which claims have expired
    with running(config, command=(*LIFE, "--clock", later)) as daemon:
        found = until_judged(url, 600)
        assert daemon.end().code == 0
    assert list(landing.mistakes(found, root="")) == []


def test_while_the_ledger_hangs_and_nothing_is_to_do_it_ends_at_once(
    held_ledger: tuple[str, Hold], source: dict[str, str], landing: Landing, tmp_path: Path
) -> None:
    url, hold = held_ledger
    with running(configure(tmp_path, source, ledger=url)) as daemon:
        landing.write(1)
        until_judged(url, 1)
        with hold():
            assert daemon.end().code == 0


def test_while_it_waits_to_open_the_ledger_it_ends_at_once(
    held_ledger: tuple[str, Hold], source: dict[str, str], tmp_path: Path
) -> None:
    url, hold = held_ledger
    config = configure(tmp_path, source, ledger=url)
    command = [*map(str, (*COMMAND, "run", "--config", config))]
    with hold(), subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        until(lambda: catches(process.pid, signal.SIGTERM))
        time.sleep(0.5)  # it is on its way to the ledger
        begun = time.monotonic()
        process.terminate()
        _, told = process.communicate(timeout=DRAINED_SECONDS)
        assert time.monotonic() - begun < 2
    assert process.returncode == 0
    assert "Traceback" not in told


def test_a_folder_that_hangs_does_not_keep_it_from_its_end(
    source: dict[str, str], landing: Landing, tmp_path: Path
) -> None:
    landing.write(1)
    script = f"""
import os, time
scandir = os.scandir
def hanging(path="."):
    if os.fsencode(path).startswith({str(landing.folder).encode()!r}):
        print("hangs", flush=True)
        time.sleep(60)
    return scandir(path)
os.scandir = hanging
from receiver.cli.main import main
main()
"""
    command = (sys.executable, "-c", script, "run", "--config", configure(tmp_path, source))
    with started(command) as process:
        daemon = Running(process)
        until(lambda: any("hangs" in line for line in daemon.out))
        ended = daemon.end()
    assert ended.code == 0
    assert "a call that does not end" in ended.err


def catches(pid: int, number: int) -> bool:
    """Whether a process has said what is to be done at a signal."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (caught,) = (int(line.split()[1], 16) for line in lines if line.startswith("SigCgt:"))
    return bool(caught >> (number - 1) & 1)
