"""Records of a job: those that Logpush would have written for it, from a seed.

The same arguments give the same records each time. What the checks believe of Logpush is written
elsewhere: this module shares the field catalogue with them, and nothing that judges.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from receiver.emulator.arrivals import arrivals, lag
from receiver.emulator.chance import seeded
from receiver.emulator.generic import GenericTraffic
from receiver.emulator.http_traffic import HttpTraffic
from receiver.emulator.lines import encode_lines
from receiver.emulator.spectrum_traffic import SpectrumTraffic
from receiver.emulator.timestamps import nanoseconds, timestamp_writer
from receiver.job.catalogue import Dataset, dataset
from receiver.job.expectation import TimestampFormat

SUBREQUESTS: Final = "Subrequests"


class Traffic(Protocol):
    """What happens at the edge, one record at a time, in the order of being logged."""

    def fill(self, record: dict[str, Any], logged_at: int) -> None:
        """Set the fields of `record` for something that ended at `logged_at` (ns)."""
        ...

    def restart(self, records: int | None) -> None:
        """Forget what began before; of the next `records`, what begins among them ends there.

        None: no end is in sight.
        """
        ...


class RecordWriter:
    """Writes one job's records, window after window.

    Args:
        dataset_name: a data set of the catalogue; another one is a JobInvalid.
        fields: what the job asks for, in the order in which the keys are written.
        timestamps: the job's format; `trimmed` leaves out zeros at the end of a fraction.
        sample: the share of records kept, each by its own draw; those left out are never made, so
            whatever records have to do with each other is whole among the kept.
        cve_2021_44228: the job's option of that name: `${` becomes `x{`.
        merged: Workers' subrequests stand inside the record of their parent, as `Subrequests`,
            which is written although it may not be among the fields.
        unasked: fields that the records have too, and the lines do not: for a filter.
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
        merged: bool = False,
        unasked: Sequence[str] = (),
        seed: int = 0,
    ) -> None:
        self.dataset: Dataset = dataset(dataset_name)
        self.fields = tuple(fields)
        self.timestamps = timestamps
        self.write_timestamp = timestamp_writer(timestamps, trimmed=trimmed)
        self._sample = sample
        self._cve_2021_44228 = cve_2021_44228
        self._merged = merged
        self._seed = seed
        self._rng = seeded(dataset_name, seed)
        self._rest_rng = seeded(dataset_name, seed, "rest")
        written = dict.fromkeys((*self.fields, *((SUBREQUESTS,) if merged else ())))
        self._unasked = tuple(name for name in dict.fromkeys(unasked) if name not in written)
        self._template: dict[str, Any] = dict.fromkeys((*written, *self._unasked))
        self._traffic = self._make_traffic()

    @property
    def fields_made(self) -> tuple[str, ...]:
        """Every field that the records have, in their order."""
        return tuple(self._template)

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
            logged_at = received_at - lag(self._rng)
            record = self._template.copy()
            for traffic in self._traffic:
                traffic.fill(record, logged_at)
            yield record

    def records_alone(self, start: datetime, end: datetime, count: int) -> Iterator[dict[str, Any]]:
        """Yield the records of a window that knows no other: whatever came before, the same ones.

        Connections that open in it end in it, and a Worker's subrequests are there with their
        parent. The same seed and window give two jobs of a data set the same requests, whatever
        fields they ask for: their records can be held against each other.
        """
        self.restart(start, end, count)
        for traffic in self._traffic:
            traffic.restart(count)
        yield from self.records(start, end, count)
        for traffic in self._traffic:
            traffic.restart(None)

    def restart(self, start: datetime, end: datetime, count: int) -> None:
        """Forget what was drawn before: what comes next depends on these alone."""
        self._rng.seed(f"{self.dataset.name} {self._seed} {start} {end} {count}")
        self._rest_rng.seed(f"rest {self._seed} {start} {end} {count}")
        for traffic in self._traffic:
            traffic.restart(None)

    def lines(self, start: datetime, end: datetime, count: int) -> list[bytes]:
        """Return the lines of those records, without their line ends."""
        records = map(self.asked, self.records(start, end, count))
        return encode_lines(records, cve_2021_44228=self._cve_2021_44228)

    def asked(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return a record without the fields that the job does not ask for."""
        for name in self._unasked:
            del record[name]
        return record

    def _arrivals(self, start: int, end: int, count: int) -> list[int]:
        draw = self._rng.random
        kept = count if self._sample >= 1 else sum(draw() < self._sample for _ in range(count))
        return arrivals(self._rng, start, end, kept)

    def _make_traffic(self) -> tuple[Traffic, ...]:
        """Return who fills the records: a site's own traffic, and the catalogue for the rest."""
        fields, write, rng = self.fields_made, self.write_timestamp, self._rng
        own: HttpTraffic | SpectrumTraffic
        match self.dataset.name:
            case "http_requests":
                own = HttpTraffic(
                    fields=fields, write_timestamp=write, rng=rng, merged=self._merged
                )
            case "spectrum_events":
                own = SpectrumTraffic(fields=fields, write_timestamp=write, rng=rng)
            case _:
                return (self._generic(fields, rng),)
        rest = tuple(name for name in fields if name not in own.covered)
        return (own, self._generic(rest, self._rest_rng)) if rest else (own,)

    def _generic(self, fields: tuple[str, ...], rng: random.Random) -> GenericTraffic:
        return GenericTraffic(
            dataset=self.dataset, fields=fields, write_timestamp=self.write_timestamp, rng=rng
        )
