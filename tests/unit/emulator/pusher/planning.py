"""A job, its windows, and what a plan of faults makes of them; and what the verifier says of it."""

import gzip
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from receiver.check.plan import Plan as VerifierPlan
from receiver.check.report import Report
from receiver.check.verifier import BatchVerifier
from receiver.destination.parse import parse_destination
from receiver.emulator.batches import Batch, PlantedFault
from receiver.emulator.pusher.delivery import Delivery
from receiver.emulator.pusher.manifest import Manifest
from receiver.emulator.pusher.plan import FaultPlan
from receiver.emulator.pusher.plan_file import parse_plan
from receiver.emulator.records import RecordWriter
from receiver.job.catalogue import dataset
from receiver.job.expect import expectation
from receiver.job.expectation import TimestampFormat
from receiver.job.job import Job

START = datetime(2026, 3, 22, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PATH = "logs/{DATE}/"
FIELDS = tuple(dataset("http_requests").fields)
NANO = TimestampFormat.UNIXNANO
Findings = Counter[tuple[str, str, str, str]]


def job(form: TimestampFormat = NANO, **changes: Any) -> Job:
    options = f"fields={','.join(FIELDS)}&timestamps={form}&CVE-2021-44228=true"
    given = {"id": 146, "name": "acme", "logpull_options": options, "filter": "{}", **changes}
    return Job(**given)


@cache  # making a writer takes as long as a dozen tests
def writer(form: TimestampFormat = NANO, fields: tuple[str, ...] = FIELDS) -> RecordWriter:
    return RecordWriter("http_requests", fields, timestamps=form, cve_2021_44228=True, seed=7)


def window(number: int = 0, form: TimestampFormat = NANO, parts: int = 1) -> tuple[Batch, ...]:
    """Return the batches of the minute of that number, in so many parts."""
    start, end = START + number * MINUTE, START + (number + 1) * MINUTE
    lines = _lines(number, form)
    return tuple(
        Batch(
            path=PATH, start=start, end=end, batch_id=f"{number:04x}{part:04x}",
            lines=tuple(lines[part::parts]),
        )
        for part in range(parts)
    )  # fmt: skip


@cache
def _lines(number: int, form: TimestampFormat) -> list[bytes]:
    return writer(form).lines(START + number * MINUTE, START + (number + 1) * MINUTE, 40)


def fault(kind: str, **settings: Any) -> str:
    """Write one fault of a plan."""
    lines = [f"{name} = {json.dumps(value)}" for name, value in {"kind": kind, **settings}.items()]
    return "\n".join(["[[fault]]", *lines]) + "\n"


def fault_plan(
    *faults: str, seed: int = 1, manifest: Manifest | None = None, of: Job | None = None
) -> FaultPlan:
    plan = parse_plan(f"seed = {seed}\n" + "".join(faults), source="plan")
    return FaultPlan(plan, manifest=manifest, job_of=lambda _: of)


def deliver(
    plan: FaultPlan, *numbers: int, form: TimestampFormat = NANO, job_id: int = 146, parts: int = 1
) -> list[Delivery]:
    """Return what is uploaded of these minutes of the job."""
    faults = plan.for_job(job_id, "acme", PATH)
    found = []
    for number in numbers:
        batches = list(window(number, form, parts))
        found += faults.deliveries(batches, writer=writer(form), now=batches[0].end)
    return found


def lines_of(delivery: Delivery) -> list[bytes]:
    return gzip.decompress(delivery.body).splitlines()


def records_of(delivery: Delivery) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines_of(delivery)]


def verify(delivery: Delivery, of: Job) -> Report:
    verifier = BatchVerifier(
        VerifierPlan([expectation(of)]),
        key=delivery.key,
        arrived_at=delivery.window[1] + MINUTE,
        destination=parse_destination("s3://acme/logs/{DATE}/?region=us-east-1"),
    )
    verifier.feed(delivery.body)
    return verifier.close()


def found_in(deliveries: list[Delivery], of: Job) -> Findings:
    found: Findings = Counter()
    for each in deliveries:
        for one in verify(each, of).findings:
            found[each.key, one.code, one.severity, one.field] += one.count
    return found


def claimed(planted: tuple[PlantedFault, ...]) -> Findings:
    claims: Findings = Counter()
    for each in planted:
        claims[each.key, each.code, each.severity, each.field] += each.count
    return claims
