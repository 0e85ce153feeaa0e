"""A Sweep's events gathered into what a SweepReport holds."""

import msgspec

from receiver.check.report import Report
from receiver.check.summary import Summary
from receiver.report.sweep_report import Ignored, SweepReport, Unread
from receiver.sweep import Event, Noted, Selected, Verified
from receiver.sweep import Ignored as IgnoredEvent
from receiver.sweep import Unread as UnreadEvent


class Gathering:
    """Takes events in any order; Reports are kept only where somebody will show each of them.

    Where there are `several_roots`, one key may lie in each: a batch is shown with its root.
    """

    def __init__(self, *, keep_reports: bool, several_roots: bool = False) -> None:
        self.summary = Summary()
        self._several_roots = several_roots
        self._keep = keep_reports
        self._reports: list[Report] = []
        self._unread: list[Unread] = []
        self._ignored: list[Ignored] = []
        self._notes: dict[str, None] = {}

    def take(self, event: Event) -> None:
        """Take one event."""
        match event:
            case Verified(report=report, root=root):
                shown = report
                if self._several_roots and root:
                    shown = msgspec.structs.replace(report, key=f"{root}/{report.key}")
                    report = _noted(report, root)
                self.summary = self.summary.merge(Summary.of(shown))
                if self._keep:
                    self._reports.append(report)
            case UnreadEvent(key=key, error=error):
                self.unread(key, error)
            case IgnoredEvent(key=key, reason=reason):
                self._ignored.append(Ignored(key=key, reason=reason))
            case Noted(text=text):
                self._notes[text] = None
            case Selected():
                pass

    def unread(self, key: str, error: str) -> None:
        """Take what could not be read, an object or all of a store."""
        legible = error.encode(
            errors="backslashreplace"
        ).decode()  # a system's text may be no UTF-8
        self._unread.append(Unread(key=key, error=legible))

    @property
    def complete(self) -> bool:
        """Whether everything met so far could be read."""
        return not self._unread

    def report(self) -> SweepReport:
        """Return what was gathered, sorted by key."""
        return SweepReport(
            summary=self.summary,
            reports=tuple(sorted(self._reports, key=_order)),
            unread=tuple(sorted(self._unread, key=lambda each: each.key)),
            ignored=tuple(sorted(self._ignored, key=lambda each: each.key)),
            notes=tuple(self._notes),
        )


def _noted(report: Report, root: str) -> Report:
    """A Report's key is that within its bucket: which bucket, a note says."""
    return msgspec.structs.replace(report, notes=(*report.notes, f"it lies in {root}"))


def _order(report: Report) -> tuple[str, int, tuple[str, ...]]:
    return report.key, report.job or 0, report.notes
