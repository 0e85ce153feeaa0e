"""`ledger show`: all that is known of one object, and its Report as `verify` prints it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec

from receiver.check.report import Report
from receiver.check.summary import Summary
from receiver.cli.config import config_option
from receiver.cli.ledger_access import load_settings, open_daemons_ledger
from receiver.cli.ledger_list import place_known, place_option
from receiver.cli.ledger_words import as_json, entry_json, entry_line, stamp
from receiver.cli.output import color_option, echo, echo_lines, format_option, wants_colour
from receiver.cli.streams import complain
from receiver.errors import ConfigError
from receiver.report.ink import Ink
from receiver.report.phrase import counted, size, span, visible, wrap
from receiver.report.sweep_report import Exit, SweepReport
from receiver.report.text import COLUMNS, write_text

if TYPE_CHECKING:
    from receiver.daemon.settings import Settings
    from receiver.ledger.ledger import Entry, Ledger

_HEAD_COLUMNS: Final = 10
_ID_DIGITS_MAX: Final = 18


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One Entry, its Report, and the other contents that its name has had, the newest first."""

    entry: "Entry"
    report: Report | None
    others: "tuple[Entry, ...]"


@click.command(
    short_help="Tell all of one object: its whole report too.",
    epilog="""\b
Examples:
  logpush-receiver ledger show 48213
  logpush-receiver ledger show http/20261122/20261122T101500Z_..._9af5.log.gz
  logpush-receiver ledger show 48213 --format json

\b
Exit codes: 0 shown; 1 the ledger has no such object; 2 usage; 3 the ledger
cannot be read.""",
)
@click.argument("object_", metavar="KEY|ID")
@config_option
@place_option
@format_option
@color_option
def show(object_: str, config_file: Path, place: str | None, text_format: str, color: str) -> int:
    """Tell what the ledger knows of one object, by its whole name or the number that `list` gives.

    Of a name, the content that arrived last; those that it had before are named.
    """
    settings = load_settings(config_file)
    shown = asyncio.run(_show(settings, object_, place))
    if shown is None:
        complain(f"{object_}: the ledger has no such object; `ledger list` tells what it has")
        return Exit.FAIL
    if text_format == "json":
        told = entry_json(shown.entry) | {
            "report": shown.report,
            "others": [entry_json(each) for each in shown.others],
        }
        echo([as_json(told), "\n"])
    else:
        echo_lines(_lines(shown, Ink(colour=wants_colour(color)), colour=wants_colour(color)))
    return Exit.PASS


async def _show(settings: "Settings", object_: str, place: str | None) -> Shown | None:
    async with open_daemons_ledger(settings) as ledger:
        place = place and await place_known(ledger, place)
        contents = [each async for each in ledger.entries(key=object_, place=place)]
        if contents:
            entry = _last(contents)
        else:
            found = await _numbered(ledger, object_)
            if found is None:
                return None
            entry = found
            contents = [each async for each in ledger.entries(key=entry.key, place=entry.place)]
        others = [each for each in contents if each.id != entry.id]
        return Shown(
            entry=entry,
            report=await ledger.report(entry.id),
            others=tuple(sorted(others, key=_order, reverse=True)),
        )


async def _numbered(ledger: "Ledger", text: str) -> "Entry | None":
    """Return the Entry of a number; None where it is none, or there is no such Entry."""
    if not (text.isascii() and text.isdecimal()) or len(text) > _ID_DIGITS_MAX:
        return None
    return await ledger.entry(int(text))


def _last(contents: "list[Entry]") -> "Entry":
    places = sorted({each.place for each in contents})
    if len(places) > 1:
        lasts = [_last([each for each in contents if each.place == place]) for place in places]
        told = "; ".join(f"{each.id} in {each.place}" for each in lasts)
        raise ConfigError(f"{contents[0].key}: it lies in several places; name its number: {told}")
    return max(contents, key=_order)


def _order(entry: "Entry") -> tuple[bool, object, int]:
    return entry.state != "replaced", entry.arrived_at, entry.id


def _lines(shown: Shown, ink: Ink, *, colour: bool) -> Iterator[str]:
    entry = shown.entry
    yield from wrap(visible(entry.key), columns=COLUMNS, hang="  ")
    for head, text in _facts(entry):
        yield from wrap(
            visible(text), columns=COLUMNS, indent=head.ljust(_HEAD_COLUMNS), hang=" " * 10
        )
    if shown.others:
        yield from wrap(
            f"The name has had {counted(len(shown.others), 'other content')}, the newest first:",
            columns=COLUMNS,
        )
        yield from (entry_line(each, ink) for each in shown.others)
    yield ""
    if shown.report is not None:
        yield from _report_lines(shown.report, colour=colour)
    elif entry.verdict is None:
        yield "It was not judged."
    else:
        yield f"{entry.verdict.upper()}  its report is no longer kept"


def _facts(entry: "Entry") -> Iterator[tuple[str, str]]:
    yield "id", f"{entry.id}"
    yield "in", entry.place
    again = f", {entry.judgements} times" if entry.judgements > 1 else ""
    yield "state", f"{entry.state}{again}" + ("" if entry.job is None else f", job {entry.job}")
    yield "etag", entry.etag + (f", after {entry.rewrites}" if entry.rewrites else "")
    yield "stored", size(entry.stored_bytes)
    if entry.digest:
        yield "sha256", entry.digest
    if entry.window:
        yield "window", span(*entry.window)
    if entry.event_time:
        yield "events", " to ".join(map(stamp, entry.event_time))
    yield "arrived", stamp(entry.arrived_at)
    yield "seen", stamp(entry.seen_at)
    if entry.judged_at:
        yield "judged", stamp(entry.judged_at)
    if entry.error:
        next_ = f"; next try {stamp(entry.next_try_at)}" if entry.next_try_at else ""
        yield "error", f"{entry.error} ({counted(entry.tries, 'try', 'tries')}{next_})"


def _report_lines(report: Report, *, colour: bool) -> Iterator[str]:
    """Yield what `verify` says of this one batch."""
    bare = msgspec.structs.replace(report, notes=())
    swept = SweepReport(summary=Summary.of(bare), reports=(bare,), notes=report.notes)
    yield from write_text(swept, colour=colour)
