"""A fault of the plan, and the job that it meets: values only."""

from datetime import datetime

import msgspec

from receiver.emulator.chance import seeded
from receiver.job.catalogue import find_dataset
from receiver.job.job import Job, options_of
from receiver.job.options import Origin


class FaultRule(msgspec.Struct, frozen=True, kw_only=True):
    """One `[[fault]]`: what is planted, in which windows of which job."""

    kind: str
    job: int | str | None = None  # an id or a name; None is every job
    start: datetime | None = None  # `from`: windows that begin then or later
    end: datetime | None = None  # `to`: and before then
    every: int | None = None  # each so many-th window
    probability: float | None = None  # of a window to be met, each by its own draw
    share: float | None = None  # of the records
    field: str = ""
    seconds: int | None = None

    def is_of(self, job_id: int, job_name: str) -> bool:
        """Whether it is of this job."""
        return self.job in {None, job_id, job_name}

    def is_in_force(self, moment: datetime) -> bool:
        """Whether a moment is between its two ends."""
        return (self.start is None or self.start <= moment) and (
            self.end is None or moment < self.end
        )


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan's file says. `text` is the file's, to be shown again."""

    seed: int = 0
    faults: tuple[FaultRule, ...] = ()
    text: str = ""

    def meets(
        self, place: int, *, job_id: int, job_name: str, window: tuple[datetime, datetime]
    ) -> bool:
        """Whether the fault at that place of the plan is for this window: the same each time.

        The windows that `every` chooses follow the fault's place, so that several faults with one
        `every` do not all choose the same windows, of which only the first would have any.
        """
        fault, (start, end) = self.faults[place], window
        if not fault.is_of(job_id, job_name) or not fault.is_in_force(start):
            return False
        seconds = max(int((end - start).total_seconds()), 1)
        number = int(start.timestamp()) // seconds + place
        if fault.every is not None and number % fault.every:
            return False
        draw = seeded("window", self.seed, place, job_id, start.isoformat())
        return fault.probability is None or draw.random() < fault.probability


class JobFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What of a job decides whether a fault fits it, and whether a verifier can see it."""

    fields_explicit: bool = True  # else a missing or an extra field is only worth a warning
    fields_known: bool = True  # else nobody can miss one
    plain: bool = True  # NDJSON; of another output shape no record can be read
    cve_2021_44228: bool = True
    filtered: bool = True

    @classmethod
    def of(cls, job: Job | None) -> "JobFacts":
        """Read them from a job; of one that is not given the most is assumed.

        Raises:
            OptionsInvalid: the job's options are none that a job can have.
        """
        if job is None:
            return cls()
        options, known = options_of(job), find_dataset(job.dataset)
        explicit = options.fields.origin is Origin.EXPLICIT
        defaults = known.default_fields if known is not None else None
        return cls(
            fields_explicit=explicit,
            fields_known=explicit or defaults is not None,
            plain=not options.shape.unplain,
            cve_2021_44228=options.cve_2021_44228.value,
            filtered=bool(job.filter) or job.filter_attack_traffic,
        )
