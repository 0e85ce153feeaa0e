"""Faults in the flow of batches: each is whole and sound, but missing, late, twice, or too few."""

from datetime import timedelta
from typing import Final

import msgspec

from receiver.emulator.batches import Batch, PlantedFault
from receiver.emulator.line_faults import ERROR
from receiver.emulator.pusher.delivery import Delivery
from receiver.emulator.pusher.planting import Planting, delivery_of
from receiver.emulator.records import RecordWriter
from receiver.emulator.visitors import hexadecimal
from receiver.errors import JobInvalid

LATE_SECONDS: Final = 900
LOST_SHARE: Final = 0.2
KEPT_SHARE: Final = 0.5


def withhold(batch: Batch, planting: Planting) -> list[Delivery]:
    """Nothing is uploaded."""
    return []


def delay(batch: Batch, planting: Planting) -> list[Delivery]:
    """The batch is uploaded long after its window's end."""
    seconds = planting.fault.seconds or LATE_SECONDS
    return [delivery_of(batch, batch, planting, after=timedelta(seconds=seconds))]


def deliver_twice(batch: Batch, planting: Planting) -> list[Delivery]:
    """The same bytes come under a second id: under the same key a store would hold them once."""
    twin = msgspec.structs.replace(batch, batch_id=hexadecimal(planting.rng, 8))
    return [delivery_of(each, batch, planting) for each in (batch, twin)]


def overlap(batch: Batch, planting: Planting) -> list[Delivery]:
    """The second half of the records comes again, in a window from this one's middle onwards."""
    half = timedelta(seconds=(batch.end - batch.start) // timedelta(seconds=2))
    if not half:
        raise JobInvalid("a window of a second has no middle; give the job a longer interval")
    again = msgspec.structs.replace(
        batch,
        start=batch.end - half,
        end=batch.end + half,
        batch_id=hexadecimal(planting.rng, 8),
        lines=batch.lines[len(batch.lines) // 2 :],
    )
    return [
        delivery_of(batch, batch, planting),
        delivery_of(again, again, planting, after=half),
    ]


def lose_records(batch: Batch, planting: Planting) -> list[Delivery]:
    """A share of the records is lost, each by its own draw."""
    return _thinned(batch, planting, kept=1 - (planting.fault.share or LOST_SHARE))


def sample_again(batch: Batch, planting: Planting) -> list[Delivery]:
    """Of the records that the job's sample keeps only a share is kept, each by its own draw."""
    return _thinned(batch, planting, kept=planting.fault.share or KEPT_SHARE)


def ignore_filter(batch: Batch, planting: Planting) -> list[Delivery]:
    """As many records more, or as the plan's share says, that no filter has looked at."""
    if not planting.facts.filtered:
        raise JobInvalid("the job has no filter that could be ignored")
    count = max(round(len(batch.lines) * (planting.fault.share or 1.0)), 1)
    own = planting.writer
    other = RecordWriter(
        own.dataset.name,
        own.fields,
        timestamps=own.timestamps,
        cve_2021_44228=planting.facts.cve_2021_44228,
        seed=planting.rng.getrandbits(32),
    )
    unfiltered = other.lines(batch.start, batch.end, count)
    lines = [*batch.lines, *unfiltered]
    planting.rng.shuffle(lines)
    mixed = msgspec.structs.replace(batch, lines=tuple(lines))
    return [delivery_of(mixed, batch, planting)]


def sample_finding() -> PlantedFault:
    """What a verifier says of a wrong sample, of the sweep as a whole, if it has a reference."""
    return PlantedFault(key="", code="sample-rate", severity=ERROR)


def _thinned(batch: Batch, planting: Planting, *, kept: float) -> list[Delivery]:
    """Where nothing is left there is no batch: Logpush writes no empty one."""
    lines = tuple(line for line in batch.lines if planting.rng.random() < kept)
    thin = msgspec.structs.replace(batch, lines=lines)
    return [delivery_of(thin, batch, planting)] if lines else []
