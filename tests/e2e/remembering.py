"""A folder of batches and a ledger that has judged them, as the daemon would have.

Four batches an hour of yesterday's first hours, of one job; what is spoiled is said by its number.
"""

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from receiver.clock import SystemClock
from receiver.daemon.job_source import JobSources
from receiver.daemon.roster import Roster
from receiver.daemon.settings import read_settings
from receiver.ledger.ledger import Judgement, Ledger
from receiver.ledger.open import open_ledger
from receiver.selection.target import Target
from receiver.store.open import open_store
from receiver.workers.reading import Assignment, Desks
from tests.unit.daemon.configuring import fields

T = TypeVar("T")

MIDNIGHT = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
STEP = timedelta(minutes=15)


def name(number: int) -> str:
    """The key of a batch."""
    start = MIDNIGHT + number * STEP
    end = start + STEP
    return f"{start:%Y%m%d}/{start:%Y%m%dT%H%M%SZ}_{end:%Y%m%dT%H%M%SZ}_{number:08x}.log.gz"


def body(number: int, *, spoiled: bool = False, records: int = 3) -> bytes:
    """A batch's bytes; spoiled, its records lack a field."""
    lines = [
        {"RayID": f"{number:08x}{line:08x}", **({} if spoiled else {"ClientIP": "192.0.2.7"})}
        for line in range(records)
    ]
    return gzip.compress("".join(f"{json.dumps(line)}\n" for line in lines).encode(), mtime=0)


class Remembered:
    """A configuration, its job's folder, and its ledger."""

    def __init__(self, home: Path, *, url: str = "sqlite:///receiver.db", listen: int = 1) -> None:
        self.home = home
        self.logs = home / "logs"
        self.logs.mkdir()
        self.config = home / "receiver.toml"
        self.job_file = home / "job.json"
        self.listen = listen
        self.write_job()
        self.write_config(url)

    def write_job(self, **others: Any) -> None:
        conf = f"file://{self.logs}/{{DATE}}"
        self.job_file.write_text(json.dumps(fields(destination_conf=conf, **others)))

    def write_config(self, url: str, *, status: str = "") -> None:
        self.config.write_text(
            f'[ledger]\nurl = "{url}"\n[status]\nlisten = "127.0.0.1:{self.listen}"\n{status}\n'
            '[[jobs]]\nfile = "job.json"\n[intake]\nprocesses = 1\n'
        )

    def write(self, *numbers: int, spoiled: Collection[int] = (), records: int = 3) -> None:
        """Write batches."""
        for number in numbers:
            path = self.path(number)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(body(number, spoiled=number in spoiled, records=records))

    def path(self, number: int) -> Path:
        return self.logs / name(number)

    def judge(self, *, before: datetime | None = None) -> int:
        """Judge what is there and was not yet; seal what was judged before then."""

        async def work(ledger: Ledger) -> int:
            count = 0
            for target in await self._targets():
                count += await _judge(ledger, target)
            if before is not None:
                await ledger.seal(before=before)
            return count

        return self.ledger(work)

    def seal(self) -> None:
        """Seal all that was judged."""

        async def work(ledger: Ledger) -> None:
            await ledger.seal(before=datetime.now(UTC) + timedelta(hours=1))

        self.ledger(work)

    def ledger(self, work: Callable[[Ledger], Awaitable[T]]) -> T:
        """Do something with the ledger."""

        async def run() -> T:
            async with open_ledger(read_settings(self.config).ledger.url) as ledger:
                return await work(ledger)

        return asyncio.run(run())

    async def _targets(self) -> tuple[Target, ...]:
        clock = SystemClock()
        sources = JobSources(read_settings(self.config).jobs, clock=clock, random=Random(1))
        roster = Roster()
        roster.update(await sources.jobs(), now=clock.now())
        return roster.targets()


async def _judge(ledger: Ledger, target: Target) -> int:
    clock, place = SystemClock(), target.destination.identity
    desks = Desks(
        [Assignment(destination=target.destination, expectations=target.expectations, digests=True)]
    )
    async with open_store(target.destination, clock=clock) as store:
        desks.put(0, store)
        page = await store.list(target.destination.prefix_literal)
        objects = {obj.key: obj for obj in page.objects}
        await ledger.see(place, page.objects, now=clock.now())
        claims = await ledger.claim(
            place,
            owner="test",
            now=clock.now(),
            until=clock.now() + timedelta(minutes=1),
            entries_max=1000,
            bytes_max=1 << 40,
        )
        for claim in claims:
            answer = await desks.answer(0, objects[claim.entry.key])
            if answer.report is None:
                await ledger.put_back(claim, error=answer.error, next_try_at=None, park=True)
                continue
            judgement = Judgement(report=answer.report, etag=answer.etag, digest=answer.digest)
            assert await ledger.record(claim, judgement, now=clock.now())
    return len(claims)
