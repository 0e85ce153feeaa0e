"""The plan of faults at work: what becomes of each window of each job, and what is noted of it."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from receiver.emulator.batches import Batch
from receiver.emulator.chance import seeded
from receiver.emulator.pusher.delivery import Delivery, Outage
from receiver.emulator.pusher.kinds import KINDS, UNJUDGED
from receiver.emulator.pusher.manifest import Manifest, Planted, Unfit
from receiver.emulator.pusher.plan_file import read_plan
from receiver.emulator.pusher.planting import Planting, delivery_of, window_of
from receiver.emulator.pusher.rule import FaultRule, JobFacts, Plan
from receiver.emulator.records import RecordWriter
from receiver.errors import JobInvalid
from receiver.job.job import Job

JobOf = Callable[[int], Job | None]
"""Finds a job by its id: what decides whether a fault fits it."""


class FaultPlan:
    """Plants the faults of a Plan, which may be replaced at any time.

    The same Plan does the same to the same windows. Without `job_of`, jobs are taken to name their
    fields, to have a filter and the CVE-2021-44228 option, and to write NDJSON.
    """

    def __init__(
        self, plan: Plan | None = None, *, manifest: Manifest | None = None,
        job_of: JobOf = lambda job_id: None,
    ) -> None:  # fmt: skip
        self.manifest = manifest or Manifest()
        self.job_of = job_of
        self._plan = plan or Plan()
        self._told: set[tuple[int, int, str]] = set()  # of this Plan, by place and job

    @classmethod
    def read(
        cls, path: Path, *, manifest: Manifest | None = None, job_of: JobOf = lambda job_id: None
    ) -> "FaultPlan":
        """Read a plan's file.

        Raises:
            ConfigError: names the file, the fault, the setting and the remedy.
        """
        return cls(read_plan(path), manifest=manifest, job_of=job_of)

    @property
    def plan(self) -> Plan:
        """The Plan that is in force."""
        return self._plan

    def replace(self, plan: Plan) -> None:
        """Put another Plan in force, from the next window on."""
        self._plan = plan
        self._told.clear()

    def for_job(self, job_id: int, job_name: str, path: str) -> "JobFaults":
        """Return what becomes of one job's windows; `path` is where its batches lie."""
        return JobFaults(self, job_id, job_name)

    def first_time(self, place: int, job_id: int, reason: str) -> bool:
        """Whether this is to be told of a fault and a job for the first time."""
        told = (place, job_id, reason)
        if told in self._told:
            return False
        self._told.add(told)
        return True


class JobFaults:
    """What a FaultPlan does to one job: a WindowFaults."""

    def __init__(self, faults: FaultPlan, job_id: int, job_name: str) -> None:
        self._faults = faults
        self._job_id = job_id
        self._job_name = job_name

    def deliveries(
        self, batches: list[Batch], *, writer: RecordWriter, now: datetime
    ) -> list[Delivery]:
        """Return the uploads for one window's batches, and note in the manifest what was planted.

        Of several faults for the window, the first that fits the job is planted.

        Raises:
            ConfigError: the job's options are none that a job can have.
        """
        batches = [batch for batch in batches if batch.lines]  # none can be spoiled, or missed
        if not batches:
            return []
        plan, window = self._faults.plan, window_of(batches)
        facts = JobFacts.of(self._faults.job_of(self._job_id))
        for place, rule in enumerate(plan.faults):
            if KINDS[rule.kind].deliver is None or not plan.meets(
                place, job_id=self._job_id, job_name=self._job_name, window=window
            ):
                continue
            rng = seeded("fault", plan.seed, place, self._job_id, window[0].isoformat())
            planting = Planting(rule, writer=writer, facts=facts, rng=rng)
            try:
                found = _plant(batches, planting)
            except JobInvalid as error:
                self._note_unfit(place, rule, str(error))
                continue
            self._note(rule, batches, found, facts)
            return found
        return [delivery_of(batch, batch) for batch in batches]

    def outage(self, now: datetime) -> Outage | None:
        """Return why uploads fail at this moment, None if they do not."""
        for place, rule in enumerate(self._faults.plan.faults):
            outage = KINDS[rule.kind].outage
            if outage is None or not rule.is_of(self._job_id, self._job_name):
                continue
            if rule.is_in_force(now):
                if self._faults.first_time(place, self._job_id, outage.why):
                    self._faults.manifest.write([self._entry(rule, judged=UNJUDGED)])
                return outage
        return None

    def _note(
        self, rule: FaultRule, batches: list[Batch], found: list[Delivery], facts: JobFacts
    ) -> None:
        kind = KINDS[rule.kind]
        planted = tuple(fault for each in found for fault in each.planted)
        judged = "" if planted or kind.of_sweep or kind.harmless else UNJUDGED
        entry = self._entry(rule, judged=judged)
        entry = msgspec.structs.replace(
            entry,
            window=window_of(batches),
            keys=tuple(each.key for each in found),
            records_made=sum(len(batch.lines) for batch in batches),
            records_left=sum(each.records for each in found),
            finds=planted,
            of_sweep=kind.of_sweep if facts.plain else (),
        )
        self._faults.manifest.write([entry])

    def _note_unfit(self, place: int, rule: FaultRule, reason: str) -> None:
        if self._faults.first_time(place, self._job_id, reason):
            self._faults.manifest.write(
                [Unfit(kind=rule.kind, job=self._job_id, job_name=self._job_name, reason=reason)]
            )

    def _entry(self, rule: FaultRule, *, judged: str) -> Planted:
        return Planted(
            kind=rule.kind,
            job=self._job_id,
            job_name=self._job_name,
            window=None,
            harmless=KINDS[rule.kind].harmless,
            judged=judged,
        )


def _plant(batches: list[Batch], planting: Planting) -> list[Delivery]:
    """Plant one fault in every batch of a window.

    Raises:
        JobInvalid: the fault does not fit the job.
    """
    kind = KINDS[planting.fault.kind]
    assert kind.deliver is not None
    if kind.in_records and not _plain(batches, planting.facts):
        raise JobInvalid("the job's output is not NDJSON: its records cannot be spoiled")
    return [each for batch in batches for each in kind.deliver(batch, planting)]


def _plain(batches: list[Batch], facts: JobFacts) -> bool:
    if not facts.plain:
        return False
    try:
        return isinstance(msgspec.json.decode(batches[0].lines[0]), dict)
    except (ValueError, RecursionError):
        return False
