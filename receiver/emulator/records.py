"""Records of a job: those that Logpush would have written for it, from a seed.

The same arguments give the same records each time. What the checks believe of Logpush is written
elsewhere: this module shares the field catalogue with them, and nothing that judges.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from receiver.emulator.chance import seeded
from receiver.emulator.generic import GenericTraffic
from receiver.emulator.http_traffic import HttpTraffic
from receiver.emulator.lines import encode_lines
from receiver.emulator.spectrum_traffic import SpectrumTraffic
from receiver.emulator.timestamps import NANOS, nanoseconds, timestamp_writer
from receiver.job.catalogue import Dataset, dataset
from receiver.job.expectation import TimestampFormat

_LAG_LEAST: Final = NANOS
_LAG_MEAN: Final = 14 * NANOS
_LAG_USUAL_MOST: Final = 60 * NANOS
_LATE_SHARE: Final = 0.01
_LATE_MOST: Final = 300 * NANOS


class Traffic(Protocol):
    """What happens at the edge, one record at a time, in the order of being logged."""

    def fill(self, record: dict[str, Any], logged_at: int) -> None:
        """Set the fields of `record` for something that ended at `logged_at` (ns)."""
        ...


class RecordWriter:
    """Writes one job's records, window after window.

    Args:
        dataset_name: a data set of the catalogue; another one is a JobInvalid.
        fields: what the job asks for, in the order in which the keys are written.
        timestamps: the job's format; `trimmed` leaves out zeros at the end of a fraction.
        sample: the share of records kept, each by its own draw.
        cve_2021_44228: the job's option of that name: `${` becomes `x{`.
    """

    def __init__(
        self,
        dataset_name: str,
        fields: Sequence[str],
        *,
        timestamps: TimestampFormat = TimestampFormat.UNIXNANO,
        trimmed: bool = False,
        sample: float = 1.0,
        cve_2021_44228: bool = False,
        seed: int = 0,
    ) -> None:
        self.dataset: Dataset = dataset(dataset_name)
        self.fields = tuple(fields)
        self.timestamps = timestamps
        self.write_timestamp = timestamp_writer(timestamps, trimmed=trimmed)
        self._sample = sample
        self._cve_2021_44228 = cve_2021_44228
        self._rng = seeded(dataset_name, seed)
        self._template: dict[str, Any] = dict.fromkeys(self.fields)
        self._traffic = self._make_traffic()

    @property
    def event_time_field(self) -> str | None:
        """The first asked-for field of those that can tell a record's event time."""
        return next((name for name in self.dataset.event_time_fields if name in self.fields), None)

    def records(self, start: datetime, end: datetime, count: int) -> Iterator[dict[str, Any]]:
        """Yield the kept ones of `count` records that reached Logpush in the window.

        What they tell of happened before they were received: mostly 1 to 60 seconds, for one in a
        hundred up to five minutes. None is of a time after the window.
        """
        for received_at in self._arrivals(nanoseconds(start), nanoseconds(end), count):
            logged_at = received_at - self._lag()
            record = self._template.copy()
            for traffic in self._traffic:
                traffic.fill(record, logged_at)
            yield record

    def lines(self, start: datetime, end: datetime, count: int) -> list[bytes]:
        """Return the lines of those records, without their line ends."""
        return encode_lines(self.records(start, end, count), cve_2021_44228=self._cve_2021_44228)

    def _arrivals(self, start: int, end: int, count: int) -> list[int]:
        draw = self._rng.random
        kept = count if self._sample >= 1 else sum(draw() < self._sample for _ in range(count))
        return sorted(start + int(draw() * (end - start)) for _ in range(kept))

    def _lag(self) -> int:
        if self._rng.random() < _LATE_SHARE:
            return _LAG_USUAL_MOST + int(self._rng.random() * (_LATE_MOST - _LAG_USUAL_MOST))
        return min(_LAG_LEAST + int(self._rng.expovariate(1) * _LAG_MEAN), _LAG_USUAL_MOST)

    def _make_traffic(self) -> tuple[Traffic, ...]:
        """Return who fills the records: a site's own traffic, and the catalogue for the rest."""
        fields, write, rng = self.fields, self.write_timestamp, self._rng
        own: HttpTraffic | SpectrumTraffic
        match self.dataset.name:
            case "http_requests":
                own = HttpTraffic(fields=fields, write_timestamp=write, rng=rng)
            case "spectrum_events":
                own = SpectrumTraffic(fields=fields, write_timestamp=write, rng=rng)
            case _:
                return (self._generic(fields),)
        rest = tuple(name for name in fields if name not in own.covered)
        return (own, self._generic(rest)) if rest else (own,)

    def _generic(self, fields: tuple[str, ...]) -> GenericTraffic:
        return GenericTraffic(
            dataset=self.dataset, fields=fields, write_timestamp=self.write_timestamp, rng=self._rng
        )
