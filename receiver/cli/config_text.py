"""What a daemon would watch, for people and for scripts. Nothing here shows a secret."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec

from receiver.daemon.job_source import SourceState
from receiver.daemon.roster import Roster, Why
from receiver.daemon.roster_watch import Watch
from receiver.daemon.settings import Settings
from receiver.limits import GIB, KIB, MIB
from receiver.report.phrase import counted, visible, wrap
from receiver.report.sweep_report import Exit
from receiver.report.text import COLUMNS
from receiver.selection.target import Target

_HEAD_COLUMNS = 10
_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration that was read, and what comes of it."""

    file: str
    settings: Settings
    roster: Roster
    sources: tuple[SourceState, ...]

    @property
    def exit_code(self) -> Exit:
        """2 where a job makes no sense, 3 where the API has not answered."""
        if any(each.why is Why.INVALID for each in self.roster.unwatched):
            return Exit.CONFIG
        return Exit.UNREAD if any(each.error for each in self.sources) else Exit.PASS

    @property
    def warnings(self) -> list[str]:
        """What a person should know before the daemon runs."""
        said = [*self.settings.warnings, *self.roster.notes]
        for target in self.roster.targets():
            said += [f"{target.destination}: {note}" for note in target.destination.notes]
        for each in self.sources:
            if each.error:
                said.append(f"{each.name}: {each.error}; its jobs are not known")
            elif not each.jobs:
                said.append(f"{each.name}: it has no job that is meant")
            if each.missing:
                said.append(f"{each.name}: it has no job {', '.join(map(str, each.missing))}")
        if not self.roster.watches:
            said.append("nothing is watched")
        return said

    @property
    def auth(self) -> list[str]:
        """How whoever asks for the status page says who they are."""
        status = self.settings.status
        kinds = {"basic": status.password, "bearer": status.token}
        return [kind for kind, secret in kinds.items() if secret is not None]

    def watches_of(self, target: Target) -> list[Watch]:
        """Return the jobs of a place."""
        place = target.destination.identity
        return [each for each in self.roster.watches if each.place == place]

    def as_json(self) -> dict[str, Any]:
        """Return all of it for a script."""
        settings = self.settings
        return {
            "sound": self.exit_code is not Exit.CONFIG,
            "file": self.file,
            "places": [
                {
                    "place": str(target.destination),
                    "endpoint_url": target.endpoint_url,
                    "jobs": [_job(each) for each in self.watches_of(target)],
                }
                for target in self.roster.targets()
            ],
            "unwatched": self.roster.unwatched,
            "sources": self.sources,
            "ledger": {
                "url": settings.ledger.name,
                "keep_reports_seconds": settings.ledger.keep_reports.total_seconds(),
                "keep_entries_seconds": settings.ledger.keep_entries.total_seconds(),
                "entries_max": settings.ledger.entries_max,
            },
            "status": {"listen": str(settings.status.listen), "auth": self.auth},
            "warnings": self.warnings,
        }


def outlook_lines(outlook: Outlook) -> Iterator[str]:
    """Yield lines of 80 columns."""
    targets, settings = outlook.roster.targets(), outlook.settings
    jobs = counted(len(outlook.roster.watches), "job")
    yield from _wrapped("", f"{outlook.file}: {jobs} at {counted(len(targets), 'place')}", "  ")
    for target in targets:
        yield ""
        at = f" at {target.endpoint_url}" if target.endpoint_url else ""
        yield from _wrapped("", f"{target.destination}{at}", "  ")
        for each in outlook.watches_of(target):
            yield from _wrapped("  ", _watched(each), "    ")
            for note in each.expectation.notes:
                yield from _wrapped("    ", f"note: {note}", "      ")
    if outlook.roster.unwatched:
        yield ""
        yield "not watched, or not judged"
        for unwatched in outlook.roster.unwatched:
            yield from _wrapped("  ", unwatched.reason, "    ")
    yield ""
    ledger, listen = settings.ledger, f"http://{settings.status.listen}/"
    kept = f"entries {_duration(ledger.keep_entries)}, {ledger.entries_max:,} at most"
    yield from _row("ledger", ledger.name)
    yield from _row("", f"reports are kept {_duration(ledger.keep_reports)}, {kept}")
    auth = " or ".join(outlook.auth)
    yield from _row("status", f"{listen}, {auth + ' auth' if auth else 'for this machine'}")
    watch, intake = settings.watch, settings.intake
    pace = f"every {_duration(watch.poll_min)} to {_duration(watch.poll_max)}"
    yield from _row("watch", f"{pace}, a day for {_duration(watch.lateness)} after its end")
    cores = f"{counted(intake.processes, 'process', 'processes')}" if intake.processes else ""
    yield from _row("intake", f"{cores or 'one process a core'}, {_size(intake.memory)} at once")
    for warning in outlook.warnings:
        yield from _wrapped("", f"warning: {warning}", "  ")


def _job(watch: Watch) -> dict[str, Any]:
    return {
        "id": watch.job.id,
        "name": watch.job.name,
        "label": watch.label,
        "dataset": watch.expectation.dataset,
        "source": watch.source,
        "judged": watch.expectation.plain,
        "notes": watch.expectation.notes,
    }


def _watched(watch: Watch) -> str:
    expected = watch.expectation
    fields = "its default fields" if not expected.fields_explicit else ""
    fields = fields or counted(len(expected.fields or ()), "field")
    name = f", {watch.job.name}" if watch.job.name and watch.job.id is not None else ""
    return f"{watch.label} {expected.dataset}, {fields}, {expected.timestamps}{name}"


def _duration(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    return next(f"{seconds // each}{unit}" for unit, each in _UNITS if seconds % each == 0)


def _size(count: int) -> str:
    for unit, each in (("GiB", GIB), ("MiB", MIB), ("KiB", KIB)):
        if count % each == 0:
            return f"{count // each} {unit}"
    return f"{count:,} B"


def _row(head: str, text: str) -> Iterator[str]:
    yield from _wrapped(head.ljust(_HEAD_COLUMNS), text, " " * _HEAD_COLUMNS)


def _wrapped(head: str, text: str, hang: str) -> Iterator[str]:
    yield from wrap(visible(text), columns=COLUMNS, indent=head, hang=hang)
