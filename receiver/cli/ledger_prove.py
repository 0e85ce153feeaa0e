"""`ledger prove`: is what was judged still what lies there."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from receiver.cli.config import config_option
from receiver.cli.ledger_access import (
    from_option,
    load_settings,
    open_daemons_ledger,
    read_roster,
    to_option,
    whole_span,
)
from receiver.cli.ledger_words import as_json
from receiver.cli.output import color_option, echo, echo_lines, format_option, wants_colour
from receiver.cli.streams import complain
from receiver.cli.ticker import Ticker
from receiver.clock import SystemClock
from receiver.report.ink import Ink, Style
from receiver.report.phrase import counted, visible, wrap
from receiver.report.sweep_report import Exit
from receiver.report.text import COLUMNS

if TYPE_CHECKING:
    from receiver.daemon.prove import Chain
    from receiver.daemon.prove_place import Proved
    from receiver.daemon.settings import Settings
    from receiver.selection.span import Span

_WRONG: Final = frozenset({"changed", "missing", "added"})
_QUIET: Final = frozenset({"same", "older", "new", "unjudged"})
_WORDS: Final = {
    "same": "as they were judged",
    "changed": "changed",
    "missing": "missing",
    "added": "added since, and not known to the ledger",
    "older": "not known, and older than all that the ledger has",
    "new": "not known, and only just arrived",
    "unjudged": "known, and not judged yet",
    "unread": "could not be read",
}


@click.command(
    short_help="Read what was judged again: is it the same?",
    epilog="""\b
Examples:
  logpush-receiver ledger prove --from -7d
  logpush-receiver ledger prove --from yesterday --to today --format json

\b
Exit codes: 0 nothing changed; 1 something is changed, missing or added, or
the chain is broken; 2 usage or configuration; 3 something could not be read;
4 there was nothing to prove; 130 interrupted.""",
)
@config_option
@from_option
@to_option
@click.option("--all", "all_", is_flag=True, help="Name what is the same, too.")
@format_option
@color_option
def prove(
    config_file: Path, from_: str | None, to: str | None, all_: bool, text_format: str, color: str
) -> int:
    """Verify the manifest, and read the objects again that it speaks of.

    Each hour of judgements is sealed: with the digest of every object, and bound to the hour
    before. First the chain is verified, then every object whose window begins in the span is read
    where it lies. What the chain says, somebody with the ledger and time can rewrite: keep an
    export elsewhere and hold it against the ledger (`ledger export --check`).
    """
    settings = load_settings(config_file)
    clock = SystemClock()
    span = whole_span(from_, to, clock=clock)
    ink = Ink(colour=wants_colour(color))
    telling = _Telling(is_json=text_format == "json", all_=all_, ink=ink)
    return asyncio.run(_prove(settings, span, telling, clock=clock))


async def _prove(
    settings: "Settings", span: "Span", telling: "_Telling", *, clock: SystemClock
) -> Exit:
    from receiver.daemon import prove as room
    from receiver.store.open import open_store

    interrupted = False
    async with open_daemons_ledger(settings) as ledger:
        jobs = await read_roster(settings, ledger, clock=clock)
        with Ticker() as ticker:
            telling.ticker = ticker
            try:
                await room.prove(
                    ledger,
                    targets=jobs.roster.targets(),
                    span=span,
                    clock=clock,
                    open_=lambda target: open_store(
                        target.destination, clock=clock, endpoint_url=target.endpoint_url
                    ),
                    absence=jobs.roster.absence,
                    on_chain=telling.chain,
                    on_object=telling.object,
                )
            except asyncio.CancelledError:
                interrupted = True
    for error in jobs.unanswered:
        complain(error)
    return telling.end(interrupted=interrupted)


class _Telling:
    """Tells as it comes, in text or JSON; remembers counts only."""

    def __init__(self, *, is_json: bool, all_: bool, ink: Ink) -> None:
        self.ticker: Ticker | None = None
        self._is_json = is_json
        self._all = all_
        self._ink = ink
        self._counts: Counter[str] = Counter()
        self._chain: Chain | None = None

    def chain(self, chain: "Chain") -> None:
        self._chain = chain
        if self._is_json:
            echo((f'{{"chain": {as_json(chain)},\n"objects": [',))
        else:
            echo_lines(_chain_lines(chain, self._ink))

    def object(self, proved: "Proved") -> None:
        first = not self._counts.total()
        self._counts[proved.fate] += 1
        if self._is_json:
            echo(("\n" if first else ",\n", as_json(proved)))
        elif self._all or proved.fate not in _QUIET:
            echo_lines(_object_lines(proved, self._ink))
        if self.ticker:
            self.ticker.say(f"{self._counts.total():,} objects  {self._counts['same']:,} the same")

    def end(self, *, interrupted: bool) -> Exit:
        """Tell the sums; return how the command ends."""
        code = self._code(interrupted=interrupted)
        if self._is_json:
            counts = {fate: self._counts[fate] for fate in _WORDS}
            opening = '{"chain": null,\n"objects": [' if self._chain is None else ""
            rest = {"totals": counts, "interrupted": interrupted}
            echo((opening, "\n],\n" if self._counts else "],\n", as_json(rest)[1:], "\n"))
        else:
            echo_lines(self._sum_lines(code))
        if interrupted:
            complain("interrupted: this is what was read by then")
        return code

    def _code(self, *, interrupted: bool) -> Exit:
        broken = self._chain is not None and bool(self._chain.problems)
        if interrupted:
            return Exit.INTERRUPTED
        if broken or any(self._counts[fate] for fate in _WRONG):
            return Exit.FAIL
        if self._counts["unread"]:
            return Exit.UNREAD
        return Exit.PASS if self._counts["same"] else Exit.INCONCLUSIVE

    def _sum_lines(self, code: Exit) -> Iterator[str]:
        word, style = {
            Exit.PASS: ("PASS", Style.GOOD),
            Exit.FAIL: ("FAIL", Style.BAD),
        }.get(code, ("INCONCLUSIVE", Style.DOUBTFUL))
        told = [f"{self._counts[fate]:,} {_WORDS[fate]}" for fate in _WORDS if self._counts[fate]]
        text = f"{word}  " + ("; ".join(told) or "nothing of that time was judged, or is there")
        first, *others = wrap(text, columns=COLUMNS, hang="  ")
        yield self._ink(word, style) + first[len(word) :]
        yield from others


def _chain_lines(chain: "Chain", ink: Ink) -> Iterator[str]:
    for problem in chain.problems:
        yield from _headed("chain", problem, ink, Style.BAD)
    if chain.problems_more:
        yield f"and {chain.problems_more:,} more"
    if not chain.problems:
        holds = f"{counted(chain.segments, 'segment')}, {counted(chain.entries, 'judgement')}"
        yield f"The chain holds: {holds}"
        if chain.last_hash:
            yield f"  it ends with {chain.last_hash}"
    if chain.unsealed:
        objects = counted(chain.unsealed, "object")
        said = f"Of {objects} the ledger's word alone is known: no segment seals them yet"
        yield from wrap(said, columns=COLUMNS, hang="  ")
    if chain.lineless:
        said = (
            f"{counted(chain.lineless, 'segment')} of that time had lines that retention has"
            " taken: what only they knew cannot be told from what was added then"
        )
        yield from wrap(said, columns=COLUMNS, hang="  ")
    yield ""


def _object_lines(proved: "Proved", ink: Ink) -> Iterator[str]:
    style = Style.BAD if proved.fate in _WRONG else Style.DOUBTFUL
    unsealed = " (not sealed)" if proved.segment == 0 else ""
    yield from _headed(proved.fate, visible(proved.key or proved.place) + unsealed, ink, style)
    if proved.detail:
        yield from wrap(visible(proved.detail), columns=COLUMNS, indent="    ")


def _headed(word: str, text: str, ink: Ink, style: Style) -> Iterator[str]:
    first, *others = wrap(f"{word}  {text}", columns=COLUMNS, hang="    ")
    yield ink(word, style) + first[len(word) :]
    yield from others
