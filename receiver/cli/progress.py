"""The progress bar of a Sweep, on a terminal; in a pipe there is none."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from receiver.report.phrase import size
from receiver.sweep import Event, Selected, Unread, Verified

if TYPE_CHECKING:
    from rich.progress import Progress

_REFRESH_PER_SECOND = 5


class SweepBar:
    """Counts events; on a terminal it draws what it counted on standard error."""

    def __init__(self) -> None:
        self._progress = _bar() if sys.stderr.isatty() else None
        self._task = self._progress.add_task("", total=None) if self._progress else None
        self._selected = self._selected_bytes = 0
        self._done = self._done_bytes = 0
        self._records = self._findings = 0

    def __enter__(self) -> Self:
        if self._progress:
            self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._progress:
            self._progress.stop()

    def take(self, event: Event) -> None:
        """Count one event."""
        match event:
            case Selected(objects=objects, stored_bytes=stored_bytes):
                self._selected += objects
                self._selected_bytes += stored_bytes
            case Verified(report=report):
                self._done += 1
                self._done_bytes += report.compressed_bytes
                self._records += report.records
                self._findings += sum(finding.count for finding in report.findings)
            case Unread():
                self._done += 1
            case _:
                return
        self._draw()

    def _draw(self) -> None:
        if self._progress is None or self._task is None:
            return
        seconds = self._progress.tasks[0].elapsed or 0.0
        rate = f"{self._records / seconds:,.0f}" if seconds else "-"
        self._progress.update(
            self._task,
            total=self._selected_bytes or None,
            completed=min(self._done_bytes, self._selected_bytes),
            description=f"{self._done:,}/{self._selected:,} objects"
            f"  {size(self._done_bytes)}  {rate} records/s  {self._findings:,} findings",
        )


def _bar() -> "Progress":
    """Rich is loaded only here: a report in a pipe does not pay for it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    return Progress(
        BarColumn(bar_width=10),
        TextColumn("{task.description}", markup=False),
        console=Console(stderr=True),
        refresh_per_second=_REFRESH_PER_SECOND,
        transient=True,
    )
