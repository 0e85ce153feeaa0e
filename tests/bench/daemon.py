"""The daemon while it works: its speed against bare `verify`, its event loop's stalls, its memory.

All of it beside one local folder, with the ledger in SQLite.
"""

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from receiver.job.expectation import TimestampFormat
from tests.bench.batches import fields_of, lines_of, packed
from tests.bench.process import Cost
from tests.e2e.command import COMMAND
from tests.e2e.running import Running, configure, running, write_jobs
from tests.unit.sweeping import workers

SPEED_GOAL = 0.7  # of what bare `verify` does
STALL_GOAL = 0.020  # seconds, of 99 in 100 looks
GROWTH_GOAL = 16  # MiB from the first quarter to the last
MIB = 1 << 20
DATASET = "http_requests"
SMALL = 200  # records of a batch of the steady stream


class Folder:
    """A job's folder and the daemon's configuration beside it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.logs = root / "logs"
        self.logs.mkdir()
        options = f"fields={','.join(fields_of(DATASET))}&timestamps=unixnano"
        self.job = {
            "id": 1, "dataset": DATASET, "enabled": True, "logpull_options": options,
            "destination_conf": f"file://{self.logs}",
        }  # fmt: skip
        self.config = configure(root, write_jobs(root / "job.json", self.job))
        self._number = 0

    def land(self, batches: Sequence[bytes]) -> int:
        """Have batches there at once; return how many bytes they have."""
        aside = self.root / "aside"
        aside.mkdir(exist_ok=True)
        paths = []
        for batch in batches:
            start = datetime.now(UTC) - timedelta(hours=1)
            name = f"{start:%Y%m%dT%H%M%SZ}_{start:%Y%m%dT%H%M%SZ}_{self._number:08x}.log.gz"
            self._number += 1
            (aside / name).write_bytes(batch)
            paths.append(aside / name)
        for path in paths:
            os.replace(path, self.logs / path.name)
        return sum(map(len, batches))


def batch_of(records: int) -> bytes:
    return packed(lines_of(DATASET, fields_of(DATASET), TimestampFormat.UNIXNANO, records))


@contextmanager
def beside_a_folder() -> Iterator[tuple[Folder, Running]]:
    """Run a daemon whose workers are up."""
    with tempfile.TemporaryDirectory() as root:
        folder = Folder(Path(root))
        with running(folder.config) as daemon:
            folder.land([batch_of(10)] * 8)
            until_judged(daemon, 8)
            yield folder, daemon


def until_judged(daemon: Running, batches: int) -> None:
    deadline = time.monotonic() + 600
    while daemon.metric("receiver_batches_total") < batches:
        if time.monotonic() > deadline:
            raise RuntimeError(f"not judged in 600 s: {daemon.warnings}")
        time.sleep(0.1)


def daemon_speed(records: int, batches: int, rounds: int) -> Iterator[str]:
    """Records a second of the daemon and of bare `verify` over the same batches, in turns."""
    content = [batch_of(records)] * batches
    total = records * batches
    best, bare, stalls = 0.0, 0.0, Stalls()
    for _ in range(rounds):
        with beside_a_folder() as (folder, daemon):
            before = Stalls.of(daemon)
            folder.land(content)
            begun = time.monotonic()
            while not daemon.metric("receiver_in_flight_objects"):
                begun = time.monotonic()  # it looks every second: that is no work
            until_judged(daemon, 8 + batches)
            best = max(best, total / (time.monotonic() - begun))
            stalls = stalls.with_more(Stalls.of(daemon).since(before))
            daemon.end()
            small = ("verify", str(next(iter(folder.logs.iterdir()))), "--job")
            verify = ("verify", "--job")
            job = str(folder.root / "job.json")
            start = Cost([*COMMAND, *small, job, "--format", "json"]).wall
            bare = max(
                bare,
                total / (Cost([*COMMAND, *verify, job, "--format", "json"]).wall - start),
            )
    yield f"{batches} batches of {records:,} records, {os.cpu_count()} cores, digests included:"
    yield f"  bare verify {bare:>12,.0f} records/s, its start not counted"
    yield f"  the daemon  {best:>12,.0f} records/s: {best / bare:.0%} (goal >= {SPEED_GOAL:.0%})"
    yield f"  the event loop turned late by {stalls} (goal p99 < {STALL_GOAL * 1000:.0f} ms)"


class Stalls:
    """How late the loop turned, by the buckets of the daemon's own metric."""

    def __init__(self, counts: dict[float, float] | None = None) -> None:
        self._counts = counts or {}

    @classmethod
    def of(cls, daemon: Running) -> "Stalls":
        name = "receiver_loop_stall_seconds_bucket"
        counts = {}
        for line in daemon.ask("/metrics")[1].splitlines():
            if line.startswith(name):
                labels, _, value = line.rpartition(" ")
                counts[float(labels.partition('le="')[2].partition('"')[0])] = float(value)
        return cls(counts)

    def since(self, before: "Stalls") -> "Stalls":
        return Stalls({le: each - before._counts.get(le, 0) for le, each in self._counts.items()})

    def with_more(self, more: "Stalls") -> "Stalls":
        counts = more._counts
        return Stalls({le: counts[le] + self._counts.get(le, 0) for le in counts})

    def below(self, share: float) -> float:
        """Return a bound that so many of all looks are within."""
        total = self._counts[float("inf")]
        return min(le for le, count in self._counts.items() if count >= share * total)

    def __str__(self) -> str:
        shares = ", ".join(
            f"{each:.0%} <= {1000 * self.below(each):g} ms" for each in (0.5, 0.9, 0.99, 1)
        )
        return f"{shares} in {self._counts[float('inf')]:.0f} looks"


def rss_mib(pid: int) -> float:
    with suppress(OSError), Path(f"/proc/{pid}/status").open() as status:
        line = next((line for line in status if line.startswith("VmRSS")), "VmRSS: 0 kB")
        return int(line.split()[1]) / 1024
    return 0.0


def daemon_memory(seconds: float, *, batches_a_second: int = 20) -> list[tuple[float, float]]:
    """Have a steady stream judged so long; return the memory in MiB over time, daemon and workers.

    The first eighth is left out: caches fill, and pages are touched for the first time.
    """
    content = batch_of(SMALL)
    found = []
    with beside_a_folder() as (folder, daemon):
        begun = time.monotonic()
        landed, warm_at = 8, begun + seconds / 8
        while (now := time.monotonic()) < begun + seconds:
            due = int((now - begun) * batches_a_second) + 8 - landed
            folder.land([content] * due)
            landed += due
            for old in sorted(folder.logs.iterdir())[:-2000]:
                old.unlink()  # as a bucket's lifecycle does; a folder has its limits
            if now > warm_at:
                found.append((rss_mib(daemon.pid), sum(map(rss_mib, workers(daemon.pid)))))
            time.sleep(0.5)
        until_judged(daemon, landed)
        daemon.end()
    return found


def growth(samples: Sequence[float]) -> float:
    """Return how much more the last quarter has than the first, on average."""
    quarter = max(1, len(samples) // 4)
    return sum(samples[-quarter:]) / quarter - sum(samples[:quarter]) / quarter


def steady(minutes: float) -> Iterator[str]:
    """Say how the memory goes."""
    found = daemon_memory(60 * minutes)
    for what, samples in zip(("daemon", "workers"), zip(*found, strict=True), strict=True):
        yield (
            f"{what:8}{samples[0]:6.0f} MiB at first,{samples[-1]:6.0f} after {minutes:g} minutes,"
            f"{max(samples):6.0f} at most; grown by {growth(samples):.1f} (goal <= {GROWTH_GOAL})"
        )
