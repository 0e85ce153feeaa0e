"""`ledger export`: the manifest as NDJSON, kept elsewhere; and what was kept, held against it."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from receiver.cli.config import config_option
from receiver.cli.ledger_access import load_settings, open_daemons_ledger
from receiver.cli.ledger_words import as_json, put_out
from receiver.cli.output import echo_lines, format_option
from receiver.cli.streams import tell
from receiver.errors import ConfigError, ResultLost
from receiver.report.phrase import counted, wrap
from receiver.report.sweep_report import Exit
from receiver.report.text import COLUMNS

if TYPE_CHECKING:
    from receiver.daemon.prove_manifest import Comparison
    from receiver.daemon.settings import Settings


@click.command(
    short_help="Write the manifest out, or check one that was.",
    epilog="""\b
Examples:
  logpush-receiver ledger export -o manifest.ndjson
  logpush-receiver ledger export --check manifest.ndjson
  logpush-receiver ledger export --check manifest.ndjson --offline

\b
Each line is a segment. A shell can check the hash of one, too:
  head -1 manifest.ndjson > s
  (jq -r .previous s; jq -jr .lines s) | sha256sum

\b
Exit codes: 0 written, or nothing differs; 1 something differs; 2 usage;
3 the ledger or the file cannot be read or written.""",
)
@config_option
@click.option("-o", "--output", metavar="FILE", help="Write there; else to standard output.")
@click.option("--check", "checked", metavar="FILE", help="Check what was exported before.")
@click.option("--offline", is_flag=True, help="With --check: without the ledger.")
@format_option
def export(
    config_file: Path, output: str | None, checked: str | None, offline: bool, text_format: str
) -> int:
    """Write the manifest: what was judged, hour by hour, each hour bound to all before it.

    Kept where nobody who can write to the ledger can write, it shows later whether the ledger
    still tells the same. What was judged in this hour is not sealed yet and not in it.
    """
    if checked is None:
        if offline:
            raise click.UsageError("--offline goes with --check")
        return asyncio.run(_export(load_settings(config_file), output))
    if output is not None:
        raise click.UsageError("-o goes without --check")
    settings = None if offline else load_settings(config_file)
    compared = asyncio.run(_check(settings, Path(checked)))
    if text_format == "json":
        put_out((as_json(compared), "\n"))
    else:
        echo_lines(_compared_lines(compared, checked, offline=offline))
    return Exit.FAIL if compared.problems else Exit.PASS


async def _export(settings: "Settings", output: str | None) -> Exit:
    from receiver.daemon.prove_manifest import segment_line

    count = entries = 0
    async with open_daemons_ledger(settings) as ledger:
        with _written(output) as file:
            async for segment in ledger.segments():
                file.write(segment_line(segment).decode("ascii"))
                count, entries = count + 1, entries + segment.entries
    told = f"{counted(count, 'segment')}, {counted(entries, 'judgement')}"
    tell([told + (f" written to {output}" if output else "")])
    return Exit.PASS


@contextlib.contextmanager
def _written(output: str | None) -> Iterator[IO[str]]:
    """Give a file to write into; under its name it stands only when it is whole."""
    if output is None:
        yield sys.stdout
        return
    whole = Path(output)
    part = whole.with_name(f".{whole.name}.{os.getpid()}.part")
    try:
        with part.open("x", encoding="ascii") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(whole)
    except OSError as error:
        raise ResultLost(
            f"-o {output}: {error.strerror}; nothing was written; name a file where there is room"
        ) from error
    finally:
        part.unlink(missing_ok=True)


async def _check(settings: "Settings | None", path: Path) -> "Comparison":
    from receiver.daemon.prove_manifest import compare_manifest

    try:
        with path.open("rb") as file:
            if settings is None:
                return await compare_manifest(file, None)
            async with open_daemons_ledger(settings) as ledger:
                return await compare_manifest(file, ledger)
    except OSError as error:
        raise ConfigError(
            f"--check {path}: {error.strerror}; name a file that `ledger export` wrote"
        ) from error


def _compared_lines(compared: "Comparison", file: str, *, offline: bool) -> Iterator[str]:
    for problem in compared.problems:
        yield from wrap(problem, columns=COLUMNS, hang="  ")
    if compared.problems_more:
        yield f"and {compared.problems_more:,} more"
    if compared.problems:
        yield ""
    verdict = "FAIL" if compared.problems else "PASS"
    segments = counted(compared.segments, "segment")
    said = f"{verdict}  {segments}, {counted(compared.entries, 'judgement')} in {file}"
    if compared.first > 1:
        said += f"; it begins with segment {compared.first}"
    if compared.lineless:
        said += f"; of {compared.lineless:,} the lines are not in it"
    if offline:
        said += "; held against no ledger"
    elif compared.since:
        said += f"; the ledger has {counted(compared.since, 'segment')} more since"
    yield from wrap(said, columns=COLUMNS, hang="  ")
