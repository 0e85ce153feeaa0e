"""The faults that were planted against the findings: is every one found, and nothing else?"""

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from receiver.emulator.batches import PlantedFault
from receiver.report.sweep_report import SweepReport


class Fault(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """What both sides tell of a fault; the number of its departures is compared beside it."""

    key: str  # "" of a finding of the sweep as a whole
    code: str
    field: str
    severity: str


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Departures by fault; a fault with another count than the planted one is in both others."""

    found: dict[Fault, int]
    missed: dict[Fault, int]
    unplanted: dict[Fault, int]

    @property
    def exact(self) -> bool:
        """Whether everything planted was found, and nothing else."""
        return not self.missed and not self.unplanted


def compare(planted: Sequence[PlantedFault], swept: SweepReport) -> Comparison:
    """Hold what a SweepReport found against the manifest of what was planted."""
    wanted: Counter[Fault] = Counter()
    for each in planted:
        fault = Fault(key=each.key, code=each.code, field=each.field, severity=each.severity)
        wanted[fault] += each.count
    got = Counter(dict(_findings(swept)))
    return Comparison(
        found={fault: count for fault, count in wanted.items() if got[fault] == count},
        missed={fault: count for fault, count in wanted.items() if got[fault] != count},
        unplanted={fault: count for fault, count in got.items() if wanted[fault] != count},
    )


def _findings(swept: SweepReport) -> Iterator[tuple[Fault, int]]:
    counts: Counter[Fault] = Counter()
    for key, findings in [
        ("", swept.findings),
        *((each.key, each.findings) for each in swept.reports),
    ]:
        for one in findings:
            fault = Fault(key=key, code=one.code, field=one.field, severity=one.severity)
            counts[fault] += one.count
    yield from counts.items()
