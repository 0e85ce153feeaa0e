"""A simulated world: jobs that deliver, stores and a ledger that fail, daemons that are killed.

All of it comes from one seed. What was delivered, and what its verdict is, the world knows.
"""

import asyncio
import gzip
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

import msgspec

from receiver.check.report import Verdict
from receiver.destination.day import expand
from receiver.destination.parse import parse_destination
from receiver.errors import Reason, StoreDenied, StoreUnavailable
from receiver.ledger.ledger import Entry, Ledger, State
from receiver.selection.target import Target
from receiver.store.store import Object
from tests.simulation.memory_store import Bucket, Fault
from tests.simulation.virtual_loop import LoopClock
from tests.unit.sweeping import HTTP, body

GOOD = body(2)
BODIES = {
    "good": (GOOD, Verdict.PASS),
    "other": (body(3, seed=7), Verdict.PASS),
    "bad": (gzip.compress(b'{"RayID": "1"}\n', mtime=0), Verdict.FAIL),
    "cut": (GOOD[:-9], Verdict.FAIL),
}
PATHS = ("http/{DATE}", "http/deep/{DATE}", "plain")
LATENESS = timedelta(hours=24)


class Truth(msgspec.Struct):
    """What was written, and what a daemon has to find."""

    place: str
    obj: Object
    verdict: Verdict
    digest: str
    gone: bool = False  # overwritten or deleted since: it may have been read, or not


class Weather(msgspec.Struct, frozen=True, kw_only=True):
    """How bad it is. Chances of each batch or each hour."""

    late: float = 0.03
    very_late: float = 0.005
    overwritten: float = 0.01
    deleted: float = 0.002
    store_trouble: float = 0.05
    ledger_trouble: float = 0.03
    clock_set: float = 0.01
    worker_lost: float = 0.0005
    killed: float = 0.0005  # at each step


FAIR = Weather(
    store_trouble=0, ledger_trouble=0, clock_set=0, worker_lost=0, killed=0, overwritten=0
)


class World:
    """Buckets, their deliveries, and what is wrong with everything at the moment."""

    def __init__(
        self, seed: int, *, weather: Weather, batch_seconds: float, places: int = len(PATHS)
    ) -> None:
        self.random = Random(seed)
        self._deliveries = Random(seed + 1)  # the same, whatever the daemons do
        self.weather = weather
        self.clock = LoopClock()  # of the world: nobody sets this one
        self.bucket = Bucket(self.clock.now)
        self.truths: list[Truth] = []
        self.paths = PATHS[:places]
        self.targets = [
            Target(
                destination=parse_destination(f"s3://logs/{path}?region=us-east-1"),
                expectations=(HTTP,),
                span=None,
            )
            for path in self.paths
        ]
        self.store_faults: dict[str, Callable[[], Exception | float | None]] = {}
        self.ledger_down = False
        self.answers_lost = False
        self._batch_seconds = batch_seconds
        self._current: dict[str, Truth] = {}

    def fault(self, place: str) -> Fault:
        """Return what is wrong with a place, whenever it is asked."""

        def now(_: object) -> Exception | float | None:
            trouble = self.store_faults.get(place)
            return None if trouble is None else trouble()

        fault = Fault()
        fault.on_list = fault.on_open = fault.amid = now
        return fault

    async def deliver(self, days: float) -> None:
        """Deliver for so long, in this weather; return when all is calm and delivered."""
        ends_at = self.clock.now() + timedelta(days=days)
        async with asyncio.TaskGroup() as tasks:
            for target, path in zip(self.targets, self.paths, strict=True):
                tasks.create_task(self._job(target, path, ends_at, tasks))
                tasks.create_task(self._trouble(target.destination.identity, ends_at))
            tasks.create_task(self._ledger_trouble(ends_at))
        self.store_faults.clear()

    async def _job(
        self, target: Target, path: str, ends_at: datetime, tasks: asyncio.TaskGroup
    ) -> None:
        number = 0
        while (start := self.clock.now().replace(microsecond=0)) < ends_at:
            await asyncio.sleep(self._batch_seconds * self._deliveries.uniform(0.5, 1.5))
            end, number = self.clock.now().replace(microsecond=0), number + 1
            name = f"{start:%Y%m%dT%H%M%SZ}_{end:%Y%m%dT%H%M%SZ}_{number:08x}.log.gz"
            folder = expand(f"{path}/", self._deliveries.choice((start, end)).date())
            tasks.create_task(self._upload(target, f"{folder}{name}"))
            if self._deliveries.random() < 0.01:
                self.bucket.write(f"{folder}test.txt.gz", b"x")

    async def _upload(self, target: Target, key: str) -> None:
        delay, chance = self._deliveries.uniform(1, 60), self._deliveries.random()
        if chance < self.weather.very_late:
            delay = self._deliveries.uniform(3600, 20 * 3600)
        elif chance < self.weather.late:
            delay = self._deliveries.uniform(60, 3600)
        await asyncio.sleep(delay)
        self._write(target, key)
        if self._deliveries.random() < self.weather.overwritten:
            await asyncio.sleep(
                self._deliveries.choice((0.01, 1, 10, 3600)) * self._deliveries.random()
            )
            self._write(target, key)
        elif self._deliveries.random() < self.weather.deleted:
            await asyncio.sleep(
                self._deliveries.choice((0.01, 1, 10, 3600)) * self._deliveries.random()
            )
            self.bucket.delete(key)
            self._current.pop(key).gone = True

    def _write(self, target: Target, key: str) -> None:
        content, verdict = BODIES[self._deliveries.choice(list(BODIES))]
        before = self._current.get(key)
        if before is not None:
            before.gone = True
        truth = Truth(
            place=target.destination.identity,
            obj=self.bucket.write(key, content),
            verdict=verdict,
            digest=hashlib.sha256(content).hexdigest(),
        )
        self._current[key] = truth
        self.truths.append(truth)

    async def _trouble(self, place: str, ends_at: datetime) -> None:
        """Have a store fail now and then, for seconds or for hours."""
        while self.clock.now() < ends_at:
            await asyncio.sleep(3600 * self.random.random() * 2)
            if self.random.random() < self.weather.store_trouble:
                kind = self.random.choice(("down", "denied", "hangs", "sometimes", "slow"))
                self.store_faults[place] = lambda kind=kind: self._failure(kind)  # type: ignore[misc]
                await asyncio.sleep(self.random.choice((10, 600, 7200, 40_000)))
                self.store_faults.pop(place, None)

    def _failure(self, kind: str) -> Exception | float | None:
        if kind == "sometimes" and self.random.random() < 0.5:
            return None
        if kind in {"down", "sometimes"}:
            return StoreUnavailable("s3://logs: 503")
        if kind == "denied":
            reason = self.random.choice((Reason.READ_DENIED, Reason.KEYS_EXPIRED))
            return StoreDenied("s3://logs: denied", reason=reason)
        return 400.0 if kind == "hangs" else self.random.random()

    async def _ledger_trouble(self, ends_at: datetime) -> None:
        while self.clock.now() < ends_at:
            await asyncio.sleep(3600 * self.random.random() * 2)
            if self.random.random() < self.weather.ledger_trouble:
                self.ledger_down = self.random.random() < 0.5
                self.answers_lost = not self.ledger_down
                await asyncio.sleep(self.random.choice((1, 60, 1800)))
                self.ledger_down = self.answers_lost = False

    async def settled(self, ledger: Ledger, hours_max: float) -> None:
        """Wait until nothing waits and everything was found, for so long at most."""
        for _ in range(int(hours_max * 6)):
            await asyncio.sleep(600)
            judged = {
                (each.place, each.key, each.etag)
                async for each in ledger.entries(state=State.JUDGED)
            }
            if all(
                truth.gone or (truth.place, truth.obj.key, truth.obj.etag) in judged
                for truth in self.truths
            ):
                return

    async def mistakes(self, ledger: Ledger) -> list[str]:
        """Hold a ledger against what was delivered; return what is wrong with it."""
        entries: dict[tuple[str, str, str], list[Entry]] = {}
        async for entry in ledger.entries():
            entries.setdefault((entry.place, entry.key, entry.etag), []).append(entry)
        wrong = []
        for truth in self.truths:
            found = entries.pop((truth.place, truth.obj.key, truth.obj.etag), [])
            what = f"{truth.obj.key} {truth.obj.etag}"
            if len(found) > 1:
                wrong.append(f"{what}: it is there {len(found)} times")
            elif not found and not truth.gone:
                wrong.append(f"{what}: it was never seen")
            wrong += [f"{what}: {each}" for entry in found for each in _wrong(entry, truth)]
        return wrong + [f"{key} {etag}: nobody delivered it" for _, key, etag in entries]


def _wrong(entry: Entry, truth: Truth) -> list[str]:
    if entry.state is not State.JUDGED:
        return [] if truth.gone else [f"it is {entry.state}: {entry.error}"]
    wrong = []
    if entry.verdict is not truth.verdict:
        wrong.append(f"{entry.verdict} instead of {truth.verdict}")
    if entry.digest != truth.digest:
        wrong.append("another content's digest")
    if entry.judgements != 1:
        wrong.append(f"judged {entry.judgements} times")
    return wrong
