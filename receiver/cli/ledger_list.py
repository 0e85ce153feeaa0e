"""`ledger list`: a line for each Entry; whatever their number, one page of them is in memory."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from receiver.cli.config import config_option
from receiver.cli.ledger_access import (
    from_option,
    job_option,
    load_settings,
    open_daemons_ledger,
    to_option,
)
from receiver.cli.ledger_words import ENTRY_HEADER, as_json, entry_json, entry_line, put_out
from receiver.cli.output import color_option, format_option, wants_colour
from receiver.cli.streams import tell
from receiver.clock import SystemClock
from receiver.errors import DestinationInvalid
from receiver.report.ink import Ink
from receiver.report.sweep_report import Exit
from receiver.report.text import COLUMNS
from receiver.selection.span import Span, parse_span

if TYPE_CHECKING:
    from receiver.daemon.settings import Settings
    from receiver.ledger.ledger import Entry, Ledger

place_option = click.option(
    "--place", metavar="PLACE", help="Only there: a destination_conf, or as the JSON names it."
)


@click.command(
    "list",
    short_help="Tell what was seen and judged, a line each.",
    epilog="""\b
Examples:
  logpush-receiver ledger list --config receiver.toml --newest --limit 20
  logpush-receiver ledger list --verdict fail --from yesterday --to today
  logpush-receiver ledger list --state parked --format json
""",
)
@config_option
@from_option
@to_option
@job_option
@click.option("--verdict", type=click.Choice(["pass", "fail"]), help="Only judged so.")
@click.option(
    "--state",
    type=click.Choice(["waiting", "judged", "parked", "replaced"]),
    help="Only those that have come so far.",
)
@place_option
@click.option("--key", metavar="KEY", help="Only objects of exactly this name.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="So many; else all.")
@click.option("--newest", is_flag=True, help="The last arrived first; else the first.")
@format_option
@color_option
def list_(
    config_file: Path,
    from_: str | None,
    to: str | None,
    job: int | None,
    verdict: str | None,
    state: str | None,
    place: str | None,
    key: str | None,
    limit: int | None,
    newest: bool,
    text_format: str,
    color: str,
) -> int:
    """Tell what was seen and judged: id, verdict (or state), window, job, records and key.

    On a terminal a long key is cut to fit in; in a pipe, and in the JSON, it is whole. The JSON is
    an array of objects, each with all that the ledger knows of one content of one name.
    """
    settings = load_settings(config_file)
    asked = _Asked(
        span=parse_span(from_, to, now=SystemClock().now()),
        job=job,
        verdict=verdict,
        state=state,
        place=place,
        key=key,
        newest=newest,
        limit=limit,
    )
    ink = Ink(colour=wants_colour(color))
    count = asyncio.run(_list(settings, asked, ink, is_json=text_format == "json"))
    if not count:
        tell(["The ledger has no such entry."])
    return Exit.PASS


class _Asked:
    """Which Entries are meant."""

    def __init__(
        self,
        *,
        span: Span | None,
        job: int | None,
        verdict: str | None,
        state: str | None,
        place: str | None,
        key: str | None,
        newest: bool,
        limit: int | None,
    ) -> None:
        self._span = span
        self._job = job
        self._verdict = verdict
        self._state = state
        self._place = place
        self._key = key
        self._newest = newest
        self._limit = limit

    async def entries(self, ledger: "Ledger") -> "AsyncIterator[Entry]":
        """Yield them, up to the limit."""
        from receiver.check.report import Verdict
        from receiver.daemon.replaying_entries import ALL, entries_of_span
        from receiver.ledger.ledger import State

        place = self._place and await place_known(ledger, self._place)
        verdict = Verdict(self._verdict) if self._verdict else None
        state = State(self._state) if self._state else None
        if self._span is None:
            found = ledger.entries(
                place=place,
                job=self._job,
                state=state,
                verdict=verdict,
                key=self._key,
                newest_first=self._newest,
                limit=self._limit,
            )
        else:
            found = entries_of_span(
                ledger,
                self._span,
                states={state} if state else ALL,
                place=place,
                job=self._job,
                verdict=verdict,
                key=self._key,
                newest_first=self._newest,
            )
        count = 0
        async for entry in found:
            yield entry
            count += 1
            if count == self._limit:
                return


async def place_known(ledger: "Ledger", place: str) -> str:
    """Return how the ledger calls a place: as it is written, or as its destination_conf means."""
    from receiver.destination.parse import parse_destination

    async for _ in ledger.entries(place=place, limit=1):
        return place
    try:
        return parse_destination(place).identity
    except DestinationInvalid:
        return place


async def _list(settings: "Settings", asked: _Asked, ink: Ink, *, is_json: bool) -> int:
    count, watched = 0, sys.stdout.isatty()
    async with open_daemons_ledger(settings) as ledger:
        async for entry in asked.entries(ledger):
            if is_json:
                put_out((",\n" if count else "[\n", as_json(entry_json(entry))))
            else:
                if watched and not count:
                    put_out((ENTRY_HEADER, "\n"))
                put_out((entry_line(entry, ink, columns=COLUMNS if watched else None), "\n"))
            count += 1
    if is_json:
        put_out(("\n]\n" if count else "[]\n",))
    return count
