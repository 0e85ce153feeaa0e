"""`ledger prune`: what the daemon does now and then, done now; or only counted."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from receiver.cli.config import config_option
from receiver.cli.ledger_access import load_settings, open_daemons_ledger
from receiver.cli.ledger_words import as_json
from receiver.cli.output import echo, echo_lines, format_option
from receiver.cli.streams import complain
from receiver.cli.ticker import Ticker
from receiver.clock import Clock, SystemClock
from receiver.report.phrase import counted, wrap
from receiver.report.sweep_report import Exit
from receiver.report.text import COLUMNS

if TYPE_CHECKING:
    from receiver.daemon.settings import Settings
    from receiver.ledger.ledger import Entry, Ledger

_PAUSE_SECONDS = 0.05  # between two steps, for a daemon that wants to write


class Pruned(msgspec.Struct, frozen=True, kw_only=True):
    """What was forgotten, or would be."""

    forgotten: int  # reports, entries and others in all
    dry_run: bool
    interrupted: bool = False
    entries: int = 0  # of a dry run: those that are too old, or too many
    reports: int = 0  # about: of the entries with findings
    segments: int = 0  # that would lose their lines


@click.command(
    short_help="Forget now what is kept no longer.",
    epilog="""\b
Examples:
  logpush-receiver ledger prune --dry-run
  logpush-receiver ledger prune --config config/receiver.toml

\b
Exit codes: 0 done; 2 usage or configuration; 3 the ledger cannot be read or
written; 130 interrupted: what was forgotten by then is.""",
)
@config_option
@click.option("--dry-run", is_flag=True, help="Tell how much that would be, and forget nothing.")
@format_option
def prune(config_file: Path, dry_run: bool, text_format: str) -> int:
    """Forget what [ledger] keeps no longer: keep_reports, keep_entries, entries_max.

    The daemon does it by itself, in small steps as this does. What waits, is parked or not sealed
    yet is kept, and so are the sums by the hour and the hashes of the manifest.
    """
    settings = load_settings(config_file)
    pruned = asyncio.run(_opened(settings, clock=SystemClock(), dry_run=dry_run))
    if text_format == "json":
        echo([as_json(pruned), "\n"])
    else:
        echo_lines(wrap(_words(pruned), columns=COLUMNS, hang="  "))
    if pruned.interrupted:
        complain("interrupted; run it again, or leave the rest to the daemon")
        return Exit.INTERRUPTED
    return Exit.PASS


async def _opened(settings: "Settings", *, clock: Clock, dry_run: bool) -> Pruned:
    async with open_daemons_ledger(settings) as ledger:
        with Ticker() as ticker:
            work = _count if dry_run else _prune
            return await work(ledger, settings, clock, ticker)


async def _prune(ledger: "Ledger", settings: "Settings", clock: Clock, ticker: Ticker) -> Pruned:
    kept, now, forgotten = settings.ledger, clock.now(), 0
    try:
        while step := await ledger.prune(
            reports_before=now - kept.keep_reports,
            entries_before=now - kept.keep_entries,
            entries_max=kept.entries_max,
            early_before=now - settings.keep_open,
        ):
            forgotten += step
            ticker.say(f"{forgotten:,} forgotten")
            await clock.sleep(_PAUSE_SECONDS)
    except asyncio.CancelledError:  # Ctrl-C; each step was whole
        return Pruned(forgotten=forgotten, dry_run=False, interrupted=True)
    return Pruned(forgotten=forgotten, dry_run=False)


async def _count(ledger: "Ledger", settings: "Settings", clock: Clock, ticker: Ticker) -> Pruned:
    """Go through the ledger once and count; a contract that has no such question has this."""
    kept, now = settings.ledger, clock.now()
    reports_before, entries_before = now - kept.keep_reports, now - kept.keep_entries
    early_before = now - settings.keep_open
    seen = old = early = reports = 0
    async for entry in ledger.entries():
        seen += 1
        if not seen % 10_000:
            ticker.say(f"{seen:,} entries counted")
        old += _is_old(entry, entries_before)
        early += _is_old(entry, early_before)
        if (entry.errors or entry.warnings) and _is_old(entry, reports_before):
            reports += await ledger.report(entry.id) is not None
    segments = 0
    async for segment in ledger.segments(end=entries_before):
        segments += segment.lines is not None and segment.end <= entries_before
    entries = max(old, min(early, seen - kept.entries_max))
    return Pruned(
        forgotten=entries + reports + segments,
        dry_run=True,
        entries=entries,
        reports=reports,
        segments=segments,
    )


def _is_old(entry: "Entry", before: datetime) -> bool:
    return entry.state == "judged" and entry.judged_at is not None and entry.judged_at < before


def _words(pruned: Pruned) -> str:
    if not pruned.dry_run:
        done = f"{pruned.forgotten:,} reports, entries and others were forgotten"
        return done if pruned.forgotten else "Nothing is older than is kept: all of it stays."
    if not pruned.forgotten:
        return "Nothing would be forgotten: nothing is older than is kept, or too much."
    return (
        f"About {counted(pruned.reports, 'report')} and"
        f" {counted(pruned.entries, 'entry', 'entries')} would be forgotten, and the lines of"
        f" {counted(pruned.segments, 'segment')}; what is not sealed yet stays."
    )
