"""A Sweep's events gathered into what a SweepReport holds."""

from receiver.check.report import Report
from receiver.check.summary import Summary
from receiver.report.sweep_report import Ignored, SweepReport, Unread
from receiver.sweep import Event, Noted, Selected, Verified
from receiver.sweep import Ignored as IgnoredEvent
from receiver.sweep import Unread as UnreadEvent


class Gathering:
    """Takes events in any order; Reports are kept only where somebody will show each of them."""

    def __init__(self, *, keep_reports: bool) -> None:
        self.summary = Summary()
        self._keep = keep_reports
        self._reports: list[Report] = []
        self._unread: list[Unread] = []
        self._ignored: list[Ignored] = []
        self._notes: dict[str, None] = {}

    def take(self, event: Event) -> None:
        """Take one event."""
        match event:
            case Verified(report=report):
                self.summary = self.summary.merge(Summary.of(report))
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
            reports=tuple(sorted(self._reports, key=lambda each: (each.key, each.job or 0))),
            unread=tuple(sorted(self._unread, key=lambda each: each.key)),
            ignored=tuple(sorted(self._ignored, key=lambda each: each.key)),
            notes=tuple(self._notes),
        )
