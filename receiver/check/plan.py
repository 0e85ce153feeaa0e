"""What verifying batches of some jobs needs, made once: which job, which engines.

Engines cost a few milliseconds to build and depend on nothing of a batch, so batches share them.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from receiver.check.codes import Code
from receiver.check.engine import Engine, Flat, words_with_absence
from receiver.check.lookalike import LookAlike
from receiver.check.shape import Shape
from receiver.check.timestamps import ANY_TIME, Bounds, TimeRule
from receiver.job.catalogue import datasets
from receiver.job.expectation import Expectation, FieldType, TimestampFormat

_EngineKey = tuple[
    Shape, tuple[str, ...], frozenset[tuple[str, str | int | None]], tuple[tuple[str, Flat], ...]
]
_ENGINES_MAX = 64  # of one job: shapes, orders of keys and undocumented words, across batches


class JobPlan:
    """One job's Expectation with what is derived from it."""

    def __init__(self, expectation: Expectation) -> None:
        self.expectation = expectation
        self.look_alike = LookAlike(
            expectation,
            {known.name: known.types() for known in datasets()} if expectation.types else {},
        )
        self._vocabulary = {
            name: words_with_absence(words)
            for name, words in expectation.vocabulary.items()
            if words
        }
        fields = expectation.types if expectation.fields is None else expectation.fields
        self._event = next((name for name in expectation.event_time_fields if name in fields), None)
        self._objects = [
            name for name, field_type in fields.items() if field_type is FieldType.OBJECT
        ]
        optional = expectation.fields_optional & expectation.types.keys()
        judged = {**{name: expectation.types[name] for name in optional}, **fields}
        self._timestamps = [
            name for name, field_type in judged.items() if field_type is FieldType.TIMESTAMP
        ]
        self._engines: dict[_EngineKey, Engine] = {}

    @property
    def checkable(self) -> bool:
        """Whether anything is known of the records: else a batch of any kind may be this job's."""
        expected = self.expectation
        return expected.plain and (expected.fields is not None or bool(expected.types))

    @property
    def object_fields(self) -> Collection[str]:
        """The fields that hold an object of any content."""
        return self._objects

    @property
    def event_time_field(self) -> str | None:
        """The field that holds the record's event time, if the job delivers one."""
        return self._event

    def misdated(self, records: Iterable[Mapping[str, object]]) -> tuple[int, int]:
        """Count the times in other formats than the job's, and in other precisions."""
        found = Counter(
            wrong.code
            for name, rule in self.rules(ANY_TIME).items()
            for record in records
            if name in record and (wrong := rule.look(record[name]))
        )
        return found[Code.TIMESTAMP_FORMAT], found[Code.TIMESTAMP_PRECISION]

    def rules(self, bounds: Bounds) -> dict[str, TimeRule]:
        """The time rules of one batch, by field."""
        form = self.expectation.timestamps
        rules = {
            name: TimeRule(form, bounds, event=name == self._event) for name in self._timestamps
        }
        if self._event is not None and self._event in self.expectation.epoch_ms_fields:
            rules[self._event] = TimeRule(form, bounds, event=True, milliseconds=True)
        return rules

    def engine(
        self,
        shape: Shape,
        *,
        order: Sequence[str],
        learned: Mapping[str, Collection[str | int]],
        flat: Mapping[str, Flat],
        unchecked: Collection[str],
    ) -> Engine:
        """Return an engine for a shape.

        `learned` are undocumented words met in this batch, by field ("Field[]" for elements),
        `unchecked` the fields that have had too many of them.
        """
        extra: frozenset[tuple[str, str | int | None]] = frozenset(
            (name, word) for name, words in learned.items() for word in words
        )
        extra |= frozenset((name, None) for name in unchecked)
        key = (shape, tuple(order), extra, tuple(flat.items()))
        engine = self._engines.get(key)
        if engine is None:
            vocabulary = {
                name: (*words, *learned.get(name, ()))
                for name, words in self._vocabulary.items()
                if name not in unchecked
            }
            if len(self._engines) >= _ENGINES_MAX:
                self._engines.clear()
            engine = self._engines[key] = Engine(
                shape,
                timestamps=self.expectation.timestamps,
                vocabulary=vocabulary,
                order=order,
                flat=flat,
                times=[*self._timestamps, *([self._event] if self._event else [])],
            )
        return engine


_ANY_JOB: Final = Expectation(
    job_id=None,
    job_name="",
    dataset="",
    fields=None,
    fields_explicit=False,
    types={},
    vocabulary={},
    timestamps=TimestampFormat.UNIXNANO,
    event_time_fields=(),
    sample=1.0,
    cve_2021_44228=False,
)


class Plan:
    """The jobs whose batches may come, in the order in which they were named."""

    def __init__(self, expectations: Sequence[Expectation]) -> None:
        self.jobs = tuple(JobPlan(expectation) for expectation in expectations)
        self.any_job = JobPlan(_ANY_JOB)  # of which only lines and JSON can be judged


class Choice(msgspec.Struct, frozen=True):
    """The job that a batch is held against, and what there is to say about the choice."""

    job: JobPlan | None
    notes: tuple[str, ...] = ()
    other: str = ""  # data sets that the records seem to be of, if they follow no job


def choose(plan: Plan, records: Sequence[Mapping[str, object]]) -> Choice:
    """Choose the job that a batch follows, by its first records.

    With one job there is nothing to choose. Of several, a job whose fields are exactly those of a
    record wins (of several such, the first whose timestamp format is theirs); else a job of whose
    records nothing is known; else the one that shares most of its fields with the records and asks
    for the same data set's; if the records follow none, no job.
    """
    if len(plan.jobs) == 1:
        return Choice(plan.jobs[0])
    exact = [job for job in plan.jobs if job.checkable and _follows(job, records)]
    if exact:
        exact.sort(key=lambda job: job.misdated(records))
        return Choice(exact[0], _several(exact))
    free = [job for job in plan.jobs if not job.checkable]
    if free:
        words = job_words(free[0].expectation)
        return Choice(free[0], (f"not checkable: it follows no other job, and {words} may be any",))
    if not records:
        return Choice(
            None, ("no record shows which job the batch is of: only its gzip was checked",)
        )
    near = [
        (score, -place) for place, job in enumerate(plan.jobs) if (score := _near(job, records))
    ]
    if near:
        return Choice(plan.jobs[-max(near)[1]])
    others = sorted({job.look_alike.other(keys) for job in plan.jobs for keys in records} - {""})
    return Choice(None, other=others[0] if others else "no data set of these jobs")


def _several(jobs: Sequence[JobPlan]) -> tuple[str, ...]:
    names = list(dict.fromkeys(job_words(job.expectation) for job in jobs))
    if len(names) == 1:
        return ()
    listed = ", ".join(names)
    return (f"the records follow several jobs ({listed}); they were held against the first",)


def job_words(expectation: Expectation) -> str:
    """Name a job for people."""
    return expectation.dataset if expectation.job_id is None else f"job {expectation.job_id}"


def _follows(job: JobPlan, records: Sequence[Mapping[str, object]]) -> bool:
    fields = job.expectation.fields
    if fields is None:
        return any(set(keys) <= job.expectation.types.keys() for keys in records)
    optional = job.expectation.fields_optional
    return any(set(keys) - optional == fields.keys() - optional for keys in records)


def _near(job: JobPlan, records: Sequence[Mapping[str, object]]) -> float:
    """How much of a record and of the job's fields is common; 0 if it is not of the data set."""
    fields = (job.expectation.fields or job.expectation.types).keys()
    best = 0.0
    for keys in map(set, records):
        common = len(keys & fields)
        if 2 * len(keys & job.expectation.types.keys()) > len(keys) and not job.look_alike.other(
            keys
        ):
            best = max(best, common / len(keys | fields))
    return best
