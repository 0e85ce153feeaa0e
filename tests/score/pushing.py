"""One run of the real pusher on a fast clock: a job for every kind of fault, and one without any.

The minutes are long ago, whatever this machine's clock says, around the midnight of a leap day.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from receiver.clock import Clock, SystemClock
from receiver.destination.destination import Destination
from receiver.destination.parse import parse_destination
from receiver.emulator.api.writing import DestinationWriter
from receiver.emulator.clock import FastClock
from receiver.emulator.cloud import CloudJob
from receiver.emulator.day import JOBS, DemoJob
from receiver.emulator.pusher.kinds import KINDS
from receiver.emulator.pusher.manifest import Delivered, Entry, Manifest, read_manifest
from receiver.emulator.pusher.plan import FaultPlan
from receiver.emulator.pusher.plan_file import parse_plan
from receiver.emulator.pusher.pusher import Pusher
from receiver.emulator.pusher.setting import Setting
from receiver.emulator.pusher.store_uploader import StoreUploader
from receiver.emulator.pusher.traffic import find_job
from receiver.emulator.pusher.upload import Uploader
from receiver.emulator.pusher.uploaders import open_uploader
from receiver.emulator.state import SqliteState
from receiver.job.expectation import TimestampFormat
from receiver.store.open import open_store
from tests.score.landing import Landing, word_of
from tests.score.places import Place
from tests.unit.emulator.pusher.pushing import add_job

CLEAN = "clean"
UNCOUNTED = "- no reference"
"""A second job whose sample is wrong, of which nobody counted the records before sampling."""

DATASETS = {demo.dataset: demo for demo in JOBS}
MIDNIGHT = datetime(2024, 3, 1, tzinfo=UTC)
BEGIN, END = MIDNIGHT - timedelta(seconds=80), MIDNIGHT + timedelta(minutes=1)
FAULTY = MIDNIGHT - timedelta(seconds=30), MIDNIGHT + timedelta(seconds=30)
SPEED = 120.0
RATE = 240  # a minute at the busiest hour: 80 records a window
SAMPLE = 0.5  # of the jobs whose sample is wrong
FILTERS = {
    "http_requests": {"key": "EdgeResponseStatus", "operator": "lt", "value": 400},
    "spectrum_events": {"key": "ClientProto", "operator": "eq", "value": "tcp"},
}
SETTINGS = {"late": "seconds = 30", "partial-loss": "share = 0.3"}
ALWAYS = frozenset(
    {
        "sample-wrong",  # of two wrong windows among four nobody could be sure
        "upload-stalled",  # of moments, and where this machine is slow, uploads come later
        "permission-lost",
    }
)


class Pushed(msgspec.Struct, frozen=True, kw_only=True):
    """What was pushed: the jobs as the API has them, where they are read, and the manifest."""

    jobs: list[dict[str, Any]]
    labels: dict[int, str]  # of the jobs, by id: CLEAN, UNCOUNTED, or a kind of fault
    entries: list[Entry]
    unfit: frozenset[str]  # kinds that cannot be at such a place


class EndingState(SqliteState):
    """Has every job disabled when it has come to the end, and none before its last upload."""

    def progress(
        self, job_id: int, *, pushed_until: datetime | None = None, **fields: Any
    ) -> CloudJob | None:
        if pushed_until is not None and pushed_until >= END:
            fields["enabled"] = False
        return super().progress(job_id, pushed_until=pushed_until, **fields)


def kind_of(label: str) -> str:
    """Return the kind of fault that a job of that label has; "" of one without."""
    return {CLEAN: "", UNCOUNTED: "sample-wrong"}.get(label, label)


def labels_of(kinds: Sequence[str]) -> Iterator[str]:
    """Yield what jobs there are for these kinds."""
    yield CLEAN
    for kind in kinds:
        yield kind
        if KINDS[kind].of_sweep:
            yield UNCOUNTED


async def push(
    folder: Path, place: Place, *, kinds: Sequence[str], datasets: Sequence[str], seed: int
) -> Pushed:
    """Push two minutes of every job, half a minute a batch; the manifest goes to the folder."""
    state, manifest = EndingState(None), Manifest(folder / "manifest.ndjson")
    landing = place.landing
    async with landing.serving() if landing else nullcontext():
        paths: dict[int, str] = {}
        labels: dict[int, str] = {}
        for dataset in datasets:
            for label in labels_of(kinds):
                path = f"{dataset}/{label.strip(' -').replace(' ', '-')}/"
                job = add_job(state, place.conf(path), **_job(label, DATASETS[dataset]))
                paths[job.id], labels[job.id] = path, label
        await _push_all(state, manifest, place, plan=_plan(kinds, seed), seed=seed)
    manifest.close()
    jobs = [job.fields for job in state.jobs()]
    state.close()
    entries = read_manifest(folder / "manifest.ndjson")
    if landing is not None:
        jobs = [job | {"destination_conf": landing.read(paths[job["id"]])} for job in jobs]
        entries = list(_landed(entries, landing, paths))
    return Pushed(jobs=jobs, labels=labels, entries=entries, unfit=place.unfit)


async def _push_all(
    state: SqliteState, manifest: Manifest, place: Place, *, plan: str, seed: int
) -> None:
    real = SystemClock()

    @asynccontextmanager
    async def open_really(destination: Destination, *, clock: Clock) -> AsyncIterator[Uploader]:
        if place.endpoint_url is None:
            async with open_uploader(destination, clock=real) as uploader:
                yield uploader
            return
        url = place.endpoint_url
        async with open_store(destination, clock=real, endpoint_url=url) as store:
            yield StoreUploader(store)

    first = DestinationWriter(
        open_uploader=open_really, clock=FastClock(start=BEGIN, speed=1, real=real)
    )
    for job in state.jobs():  # as the API does when a job is made
        await first.write_test(parse_destination(job.fields["destination_conf"]))

    clock = FastClock(start=BEGIN, speed=SPEED, real=real)
    if place.landing is not None:
        place.landing.clock = clock
    faults = FaultPlan(
        parse_plan(plan, source="plan"), manifest=manifest, job_of=partial(find_job, state)
    )
    setting = Setting(
        state=state,
        clock=clock,
        open_uploader=open_really,
        faults=faults.for_job,
        manifest=manifest,
        rate=RATE,
        seed=seed,
        look_seconds=SPEED / 10,
    )
    await _push_until_end(Pusher(setting), state)


async def _push_until_end(pusher: Pusher, state: SqliteState) -> None:
    running = asyncio.create_task(pusher.run())
    try:
        while not running.done() and any(job.enabled for job in state.jobs()):
            await asyncio.wait([running], timeout=0.05)
    finally:
        if running.done():
            running.result()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def _landed(entries: list[Entry], landing: Landing, paths: dict[int, str]) -> Iterator[Entry]:
    """Give every delivery, and what is planted in it, the name under which it has landed."""
    names = {job: iter(landing.names[word_of(path)]) for job, path in paths.items()}
    for entry in entries:
        if not isinstance(entry, Delivered):
            yield entry
            continue
        key = next(names[entry.job], "nothing has landed")
        planted = tuple(msgspec.structs.replace(each, key=key) for each in entry.planted)
        yield msgspec.structs.replace(entry, key=key, planted=planted)


def _plan(kinds: Sequence[str], seed: int) -> str:
    lines = [f"seed = {seed}"]
    for label in labels_of(kinds):
        kind = kind_of(label)
        if not kind:
            continue
        lines += ["[[fault]]", f'kind = "{kind}"', f'job = "{label}"']
        if kind not in ALWAYS:
            lines += [f'from = "{FAULTY[0].isoformat()}"', f'to = "{FAULTY[1].isoformat()}"']
        lines += [SETTINGS[kind]] if kind in SETTINGS else []
    return "\n".join(lines) + "\n"


def _job(label: str, demo: DemoJob) -> dict[str, Any]:
    """Return a job's fields: of one data set by the old options, of the other by the new."""
    kind = kind_of(label)
    filtered = {"filter": json.dumps({"where": {"and": [FILTERS[demo.dataset]]}})}
    cve, sample = kind == "cve-lost", SAMPLE if kind == "sample-wrong" else 1.0
    options: dict[str, Any] = {
        "output_options": {
            "field_names": demo.fields, "timestamp_format": demo.timestamps,
            "sample_rate": sample, "CVE-2021-44228": cve,
        }
    }  # fmt: skip
    if demo.timestamps is TimestampFormat.UNIXNANO:
        text = f"fields={','.join(demo.fields)}&timestamps=unixnano&sample={sample}"
        options = {"logpull_options": text + ("&CVE-2021-44228=true" if cve else "")}
    more = filtered if kind == "filter-ignored" else {}
    return {"dataset": demo.dataset, "name": label, **options, **more}
