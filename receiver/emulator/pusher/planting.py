"""One fault meets one batch: what a kind of fault needs for its work, and the Delivery it makes."""

import random
from datetime import datetime, timedelta

import msgspec

from receiver.emulator.batches import Batch, PlantedFault, WrittenBatch
from receiver.emulator.faults import Spoiler
from receiver.emulator.line_faults import WARNING
from receiver.emulator.pusher.delivery import Delivery
from receiver.emulator.pusher.rule import FaultRule, JobFacts
from receiver.emulator.records import RecordWriter
from receiver.errors import JobInvalid
from receiver.job.expectation import FieldType

LINES_USUAL = 3
"""So many lines are spoiled where the plan names no share: enough to be counted."""

_SOFT = frozenset({"field-missing", "field-unexpected"})


class Planting:
    """What a kind of fault knows: its settings in the plan, the job's writer, and chance."""

    def __init__(
        self, fault: FaultRule, *, writer: RecordWriter, facts: JobFacts, rng: random.Random
    ) -> None:
        self.fault = fault
        self.writer = writer
        self.facts = facts
        self.rng = rng

    def count(self, batch: Batch) -> int:
        """Return how many lines of the batch are spoiled."""
        if self.fault.share is None:
            return LINES_USUAL
        return max(round(self.fault.share * len(batch.lines)), 1)

    def spoiler(self, batch: Batch) -> Spoiler:
        """Return what the emulator's own faults need."""
        return Spoiler(self.writer, count=self.count(batch), rng=self.rng)

    def field(self, batch: Batch, *kinds: FieldType) -> str:
        """Return the field that the plan names, else one of the job's of these types.

        Raises:
            JobInvalid: the job asks for no such field.
        """
        name = self.fault.field
        if not name:
            return self.spoiler(batch).field(*kinds)
        if name not in self.writer.fields:
            raise JobInvalid(f"the job does not ask for {name}; name one of its fields")
        if self.type_of(name) not in kinds:
            raise JobInvalid(f"{name} is {self.type_of(name)}; name a field of another type")
        return name

    def type_of(self, field: str) -> FieldType:
        """Return a field's type by the catalogue."""
        return self.writer.dataset.type_of(field) or FieldType.UNKNOWN


def delivery_of(
    spoiled: Batch | WrittenBatch, batch: Batch, planting: Planting | None = None,
    *, after: timedelta = timedelta(),
) -> Delivery:  # fmt: skip
    """Return the upload of a batch that may be spoiled; `batch` is what it was before."""
    written = spoiled.write() if isinstance(spoiled, Batch) else spoiled
    whole = spoiled if isinstance(spoiled, Batch) else batch
    return Delivery(
        kind=planting.fault.kind if planting is not None else "",
        key=written.key,
        body=written.body,
        window=(whole.start, whole.end),
        records=len(whole.lines),
        after=after,
        planted=_visible(written, planting.facts if planting is not None else JobFacts()),
    )


def window_of(batches: list[Batch]) -> tuple[datetime, datetime]:
    """Return the window of the batches, which may be several for one."""
    return min(batch.start for batch in batches), max(batch.end for batch in batches)


def _visible(written: WrittenBatch, facts: JobFacts) -> tuple[PlantedFault, ...]:
    if not facts.plain:
        return ()
    return tuple(
        msgspec.structs.replace(fault, severity=WARNING)
        if fault.code in _SOFT and not facts.fields_explicit
        else fault
        for fault in written.planted
        if facts.fields_known or fault.code not in _SOFT
    )
