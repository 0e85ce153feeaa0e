"""Stores, ledgers, clocks and neighbours fail: no verdict is wrong, and all come in the end."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from receiver.ledger.ledger import Entry, State
from tests.crash.landing import FIELDS, Landing
from tests.e2e.places import S3Place
from tests.e2e.running import (
    Running,
    configure,
    entries,
    ledger_url,
    running,
    until_judged,
    write_jobs,
)
from tests.e2e.serving import until
from tests.servers.postgres import PostgresServer
from tests.servers.proxy import Cut, FaultProxy, Faults, fault_proxy_beside
from tests.servers.s3 import S3Server

LIFE = (sys.executable, "-m", "tests.crash.life")
TOLD_EACH = 6  # lines a trouble: that it cannot be listed, or read, and that it can again
PROMPT_SECONDS = 6.0  # from its arrival to its verdict, of a place that nothing is wrong with


def job(conf: str, job_id: int = 1) -> dict[str, object]:
    return {
        "id": job_id, "dataset": "http_requests", "enabled": True, "destination_conf": conf,
        "logpull_options": FIELDS,
    }  # fmt: skip


def local(folder: Path) -> str:
    return f"file://{folder}/{{DATE}}"


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    (tmp_path / "logs").mkdir()
    return Landing(tmp_path / "logs", Random(1))


class Bucket(Landing):
    """Batches that land in a bucket, by the cloud's own client."""

    def __init__(self, place: S3Place, folder: Path) -> None:
        folder.mkdir()
        super().__init__(folder, Random(2))
        self._place = place

    def write(self, count: int, *, good: bool = False, content: bytes | None = None) -> None:
        before = set(self.contents)
        super().write(count, good=good, content=content)
        for key in set(self.contents) - before:
            self._place.put(f"logs/{key}", (self.folder / key).read_bytes())


SICK: dict[str, Callable[[], Faults]] = {
    "503": lambda: Faults(unavailable=1_000_000),
    "resets": lambda: Faults(cut_after=500, cut=Cut.RST),
    "bodies cut short": lambda: Faults(cut_after=600, cut=Cut.FIN),
    "nothing but silence": lambda: Faults(blackhole=True),
    "half an answer": lambda: Faults(stall_after=550),
    "slow bytes": lambda: Faults(rate=300.0),
    "nobody there": lambda: Faults(refuse=True),
}


class TestSickStores:
    def test_all_is_judged_in_the_end_and_the_other_place_is_not_held_up(
        self, moto_server: S3Server, landing: Landing, tmp_path: Path
    ) -> None:
        place = S3Place(moto_server)
        bucket = Bucket(place, tmp_path / "bucket")
        url = ledger_url(tmp_path)
        sick = write_jobs(tmp_path / "sick.json", job(place.conf("logs/{DATE}")))
        well = write_jobs(tmp_path / "well.json", job(local(landing.folder), 2))
        with fault_proxy_beside(moto_server.port) as proxy:
            config = configure(tmp_path, sick | {"endpoint_url": proxy.url}, well)
            with running(config) as daemon:
                for make in SICK.values():
                    bucket.write(2)  # noted before the trouble, or not
                    self.be_sick(proxy, make())
                    bucket.write(4)
                    landing.write(4)
                    time.sleep(1.5)
                    self.be_sick(proxy, Faults())
                until_judged(url, len(bucket.contents) + len(landing.contents))
                assert daemon.end().code == 0
        found = entries(url)
        wells = [each for each in found if each.job == 2]
        sicks = [each for each in found if each.job == 1]
        assert list(landing.mistakes(wells, root="")) == []
        assert list(bucket.mistakes(sicks, root="logs/")) == []
        assert max(map(seconds_to_verdict, wells)) < PROMPT_SECONDS
        assert all(line.startswith("{") for line in daemon.err), daemon.err
        told = daemon.warnings
        assert not [each for each in told if "asking again" in each]
        assert len(told) <= TOLD_EACH * len(SICK), told

    def be_sick(self, proxy: FaultProxy, faults: Faults) -> None:
        """Have this trouble from now on, and none of the connections that there were."""
        proxy.faults = faults
        proxy.drop()


def seconds_to_verdict(entry: Entry) -> float:
    assert entry.judged_at is not None
    return (entry.judged_at - entry.arrived_at).total_seconds()


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Have a file system of 8 MiB there; false where this machine lets nobody mount one."""
    folder.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    try:
        yield mount.returncode == 0
    finally:
        if mount.returncode == 0:
            subprocess.run(["umount", "-l", str(folder)], check=False)


class TestLedgerAway:
    def test_a_full_disk_is_waited_for(self, landing: Landing, tmp_path: Path) -> None:
        source = write_jobs(tmp_path / "jobs.json", job(local(landing.folder)))
        with small_disk(tmp_path / "disk") as mounted:
            url = f"sqlite:///{tmp_path}/disk/receiver.db"
            config = configure(tmp_path, source, ledger=url)
            with running(config) as daemon:
                landing.write(3)
                until_judged(url, 3)
                with full(tmp_path / "disk", daemon, mounted=mounted):
                    landing.write(60)
                    until(lambda: any("waiting for it" in each for each in daemon.warnings))
                    time.sleep(1)
                    assert daemon.alive
                found = until_judged(url, 63)
                assert any("the ledger answers again" in each for each in daemon.warnings)
                assert daemon.end().code == 0
            assert list(landing.mistakes(found, root="")) == []

    def test_postgresql_out_of_reach_and_crashed(
        self, postgres_server: PostgresServer, landing: Landing, tmp_path: Path
    ) -> None:
        name = postgres_server.make_database()
        direct = postgres_server.url(name)
        source = write_jobs(tmp_path / "jobs.json", job(local(landing.folder)))
        with fault_proxy_beside(postgres_server.port) as proxy:
            config = configure(tmp_path, source, ledger=postgres_server.url(name, port=proxy.port))
            with running(config) as daemon:
                landing.write(5)
                until_judged(direct, 5)
                proxy.faults = Faults(refuse=True)
                proxy.drop()
                landing.write(20)
                until(lambda: any("waiting for it" in each for each in daemon.warnings))
                until(lambda: not daemon.ready)
                time.sleep(2)
                proxy.faults = Faults()
                until_judged(direct, 25)
                landing.write(40)
                postgres_server.crash()
                found = until_back(direct, 65)
                until(lambda: daemon.ready)
                assert daemon.end().code == 0
        assert list(landing.mistakes(found, root="")) == []


def until_back(url: str, count: int) -> list[Entry]:
    """Wait as `until_judged` does, for a server that is on its way up."""
    for _ in range(20):
        with suppress(Exception):
            entries(url)
            break
        time.sleep(0.5)
    return until_judged(url, count)


@contextmanager
def full(disk: Path, daemon: Running, *, mounted: bool) -> Iterator[None]:
    """Have no byte more fit: on the disk, or where there is none of ours in the daemon's files."""
    filler = disk / "filler"
    if mounted:
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while file.write(bytes(4096)):
                pass
        yield
        filler.unlink()
        return
    limits = resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (4096, limits[1]))
    yield
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, limits)


class TestClock:
    def test_set_back_and_forward_nothing_is_lost_nor_late(
        self, landing: Landing, tmp_path: Path
    ) -> None:
        url, ahead = ledger_url(tmp_path), tmp_path / "ahead"
        ahead.write_text("0")
        config = configure(tmp_path, write_jobs(tmp_path / "jobs.json", job(local(landing.folder))))
        with running(config, command=(*LIFE, "--clock", ahead)) as daemon:
            for number, seconds in enumerate((0, -7200, 3600, 0), 1):
                set_clock(ahead, seconds)
                landing.write(8)
                begun = time.monotonic()
                until_judged(url, 8 * number)
                assert time.monotonic() - begun < 2 * PROMPT_SECONDS, seconds
            set_clock(ahead, -90_000)  # where today's folder is still to come
            landing.write(8)
            time.sleep(3)
            set_clock(ahead, 0)
            until_judged(url, 40)
            assert daemon.end().code == 0
        assert list(landing.mistakes(entries(url), root="")) == []


def set_clock(file: Path, seconds: float) -> None:
    """Write so that whoever reads it finds a whole number."""
    new = file.with_suffix(".new")
    new.write_text(str(seconds))
    os.replace(new, file)


class TestThreeDaemons:
    def test_one_killed_each_batch_is_judged_once_and_the_work_is_shared(
        self, postgres_server: PostgresServer, landing: Landing, tmp_path: Path
    ) -> None:
        url = postgres_server.url(postgres_server.make_database())
        source = write_jobs(tmp_path / "jobs.json", job(local(landing.folder)))
        config = configure(tmp_path, source, ledger=url, intake="processes = 1")
        # a claim of 30 s expires after 7 s
        fast = (*LIFE, "--speed", "4", "--since", datetime.now(UTC).isoformat())
        with (
            running(config, command=fast) as first,
            running(config, command=fast) as second,
            running(config, command=fast) as third,
        ):
            for _ in range(6):
                landing.write(60)
                time.sleep(0.4)
            shares = [each.metric("receiver_batches_total") for each in (first, second, third)]
            second.kill()
            landing.write(40)
            found = until_judged(url, 400)
            shares = [
                max(share, each.metric("receiver_batches_total"))
                for share, each in zip(shares, (first, second, third), strict=True)
            ]
            assert [first.end().code, third.end().code] == [0, 0]
        assert list(landing.mistakes(found, root="")) == []
        assert {each.state for each in found} == {State.JUDGED}
        assert min(shares) > 0, shares
