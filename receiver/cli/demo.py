"""`demo`: a day of logs with faults planted on purpose, verified before the user's eyes."""

import asyncio
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import click

from receiver.cli.jobs import ask
from receiver.cli.output import color_option, echo_lines, print_report, wants_colour
from receiver.cli.planted import Comparison, Fault, compare
from receiver.cli.streams import NAME, complain
from receiver.cli.verification import Request, verify_request
from receiver.clock import SystemClock
from receiver.emulator.day import DemoDay, write_day
from receiver.errors import ConfigError, ResultLost
from receiver.report.phrase import counted, wrap
from receiver.report.sweep_report import Exit
from receiver.report.text import COLUMNS

_FOUND_COLUMN = 53


@click.command(
    short_help="Verify a day of logs with faults planted on purpose.",
    epilog="""\b
Examples:
  logpush-receiver demo
  logpush-receiver demo --seed 7 --keep ./logpush-demo
""",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, another day.")
@click.option("--keep", metavar="DIR", help="Write into this folder, which must be new or empty.")
@color_option
def demo(seed: int, keep: str | None, color: str) -> int:
    """Write a day of two jobs with faults in it, verify it, and compare.

    Exit codes: 0 every planted fault was found and nothing else; 1 otherwise.
    """
    folder = _folder(keep)
    try:
        return _demonstrate(folder, seed=seed, color=color)
    except KeyboardInterrupt:
        complain(f"interrupted; what was written stays: rm -r {shlex.quote(str(folder))}")
        return Exit.INTERRUPTED


def _demonstrate(folder: Path, *, seed: int, color: str) -> Exit:
    clock = SystemClock()
    day = _write(folder, seed=seed, day=clock.now().date() - timedelta(days=1))
    echo_lines(
        [
            f"A day of two jobs as Logpush would write it, {day.objects:,} objects, in",
            f"  {folder}",
            "Some of it was spoiled on purpose. This is what `verify` says of it:",
            "",
        ]
    )
    asked = ask([str(day.jobs_file)], None, None)
    request = Request(
        asked=tuple(asked),
        sources=(str(folder),),
        references={
            place: day.reference[each.job.id]
            for place, each in enumerate(asked)
            if each.job.id is not None
        },
        keep_reports=True,
    )
    swept = asyncio.run(verify_request(request, clock=clock))
    print_report(swept, text_format="text", colour=wants_colour(color))
    comparison = compare(day.planted, swept)
    echo_lines(_compared(comparison, interrupted=swept.interrupted))
    echo_lines(_next(day))
    if swept.interrupted:
        return Exit.INTERRUPTED
    return Exit.PASS if comparison.exact and not swept.unread else Exit.FAIL


def _write(folder: Path, *, seed: int, day: date) -> DemoDay:
    try:
        return write_day(folder, seed=seed, day=day)
    except OSError as error:
        raise ResultLost(
            f"{folder}: {error.strerror}; remove it, and name a folder with room: --keep DIR"
        ) from error


def _folder(keep: str | None) -> Path:
    if keep is None:
        return Path(tempfile.mkdtemp(prefix="logpush-demo-"))
    folder = Path(keep)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise ConfigError(f"--keep {keep}: the folder is not empty; name a new one")
    except OSError as error:
        raise ConfigError(f"--keep {keep}: {error.strerror}") from error
    return folder


def _compared(comparison: Comparison, *, interrupted: bool) -> Iterator[str]:
    yield ""
    yield "Planted, and found:"
    for fault, count in sorted(comparison.found.items()):
        yield _fault_line("found", fault, count)
    for fault, count in sorted(comparison.missed.items()):
        yield _fault_line("MISSED", fault, count)
        yield f"          {fault.key}"
    for fault, count in sorted(comparison.unplanted.items()):
        yield _fault_line("NOT PLANTED", fault, count)
        yield f"          {fault.key or 'the sweep as a whole'}"
    planted = len(comparison.found) + len(comparison.missed)
    yield ""
    if comparison.exact:
        yield f"All {planted} planted faults were found, and nothing else."
    elif not interrupted:
        yield (
            f"{len(comparison.found)} of {planted} planted faults were found;"
            f" {counted(len(comparison.unplanted), 'finding')} that nobody planted."
        )


def _fault_line(word: str, fault: Fault, count: int) -> str:
    what = f"  {word}  {fault.code}" + (f"  {fault.field}" if fault.field else "")
    job, _, rest = fault.key.partition("/")
    window = rest.rpartition("/")[2][9:13]
    return f"{what:<{_FOUND_COLUMN}} {count:>5,} in {job} {window[:2]}:{window[2:]}"


def _program() -> str:
    """How the next command must begin here: in a virtual environment it is not on the path."""
    if shutil.which(NAME):
        return NAME
    program, folder = Path(sys.executable).with_name(NAME), Path.cwd()
    if not program.exists():
        return NAME
    near = program.relative_to(folder) if program.is_relative_to(folder) else program
    return shlex.quote(str(near))


def _next(day: DemoDay) -> Iterator[str]:
    """Yield a command that works when copied: the folder stays."""
    jobs = shlex.quote(str(day.jobs_file))
    yield ""
    yield from wrap("Try next, each job where it writes and its sample judged:", columns=COLUMNS)
    references = " ".join(
        f"--reference-count {job}={count}" for job, count in day.reference.items()
    )
    yield f"  {_program()} verify --job {jobs} \\"
    yield f"    {references}"
    yield f"It stays until you remove it: rm -r {shlex.quote(str(day.folder))}"
