"""A bucket in memory whose batches a ledger has judged: for proofs and replays."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from receiver.batch.name import read_name
from receiver.check.report import Report, Verdict
from receiver.daemon.prove import Chain, prove
from receiver.daemon.prove_place import Proved
from receiver.daemon.roster import Roster
from receiver.destination.parse import parse_destination
from receiver.job.expectation import Expectation
from receiver.ledger.ledger import Judgement, Ledger
from receiver.selection.span import Span
from receiver.selection.target import Target
from receiver.store.store import Object
from tests.simulation.memory_store import Bucket, MemoryStore
from tests.unit.sweeping import HTTP
from tests.unit.virtual_clock import START, VirtualClock

STEP = timedelta(minutes=5)


def target(place: str = "acme", *expectations: Expectation) -> Target:
    destination = parse_destination(f"s3://{place}/logs/{{DATE}}?region=us-east-1")
    return Target(destination=destination, expectations=expectations or (HTTP,), span=None)


PLACE = target().destination.identity


def key(number: int) -> str:
    start = START.replace(hour=0, microsecond=0) + number * STEP
    return f"logs/{start:%Y%m%d}/{start:%Y%m%dT%H%M%SZ}_{start + STEP:%Y%m%dT%H%M%SZ}_x.log.gz"


def report(of: str, verdict: Verdict = Verdict.PASS) -> Report:
    return Report(
        key=of,
        job=146,
        verdict=verdict,
        records=1,
        plain_bytes=1,
        compressed_bytes=1,
        window=name.window if (name := read_name(of)) else None,
        event_time=None,
        findings=(),
        notes=(),
    )


class Proof:
    """What a proof told."""

    def __init__(self) -> None:
        self.chains: list[Chain] = []
        self.objects: list[Proved] = []

    @property
    def chain(self) -> Chain:
        (chain,) = self.chains
        return chain

    @property
    def fates(self) -> dict[str, str]:
        return {each.key: each.fate for each in self.objects}

    def detail(self, of: str) -> str:
        (found,) = [each for each in self.objects if each.key == of]
        return found.detail


class Kept:
    """The bucket, its store and the ledger, at one time."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.clock = VirtualClock()
        self.bucket = Bucket(self.clock.now)
        self.store = MemoryStore(self.bucket)

    def write(self, of: str, body: bytes = b"a batch") -> Object:
        return self.bucket.write(of, body)

    async def judge(self, *objects: Object, verdict: Verdict = Verdict.PASS) -> None:
        await self.ledger.see(PLACE, objects, now=self.clock.now())
        claims = await self.ledger.claim(
            PLACE,
            owner="test",
            now=self.clock.now(),
            until=self.clock.now() + STEP,
            entries_max=1000,
            bytes_max=1 << 30,
        )
        for claim in claims:
            body = self.bucket.bodies[claim.entry.key]
            judgement = Judgement(
                report=report(claim.entry.key, verdict),
                etag=claim.entry.etag,
                digest=hashlib.sha256(body).hexdigest(),
            )
            assert await self.ledger.record(claim, judgement, now=self.clock.now())

    async def seal(self) -> None:
        await self.ledger.seal(before=self.clock.now() + timedelta(hours=1))

    async def later(self, hours: float = 1) -> None:
        await self.clock.sleep(hours * 3600)

    @asynccontextmanager
    async def open(self, _: Target) -> AsyncIterator[MemoryStore]:
        yield self.store

    async def prove(
        self,
        *targets: Target,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Proof:
        proof = Proof()
        await prove(
            self.ledger,
            targets=targets or (target(),),
            span=Span(start=start, end=end or self.clock.now()),
            clock=self.clock,
            open_=self.open,
            absence=Roster().absence,
            on_chain=proof.chains.append,
            on_object=proof.objects.append,
        )
        return proof
