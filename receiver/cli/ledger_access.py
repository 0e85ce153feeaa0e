"""What the commands beside the daemon share: its configuration, its ledger, its jobs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import click
import msgspec

from receiver.clock import Clock
from receiver.errors import ConfigError, LedgerInvalid
from receiver.selection.span import Span, parse_span

if TYPE_CHECKING:
    from receiver.daemon.job_source import SourceState
    from receiver.daemon.roster import Roster
    from receiver.daemon.settings import Settings
    from receiver.ledger.ledger import Ledger

from_option = click.option(
    "--from",
    "from_",
    metavar="TIME",
    help="Batches from then on, by their windows (by arrival, where a name tells none): RFC 3339,"
    " -6h, yesterday, today.",
)
to_option = click.option("--to", metavar="TIME", help="Batches before then; without it, now.")
job_option = click.option("--job", type=int, metavar="ID", help="Only of this job.")


class Rostered(msgspec.Struct, frozen=True, kw_only=True):
    """The jobs of a configuration, and which of its sources told them."""

    roster: "Roster"
    sources: "tuple[SourceState, ...]"

    @property
    def unanswered(self) -> list[str]:
        """Why which sources told no jobs."""
        return [f"{each.name}: {each.error}" for each in self.sources if each.error]


def load_settings(config_file: Path) -> "Settings":
    """Read the daemon's configuration.

    Raises:
        SettingsInvalid: it has mistakes, all of which it names.
        ConfigError: what the daemon needs is not installed.
    """
    try:
        from receiver.daemon.settings import read_settings
    except ModuleNotFoundError as error:
        raise not_installed(error) from error
    return read_settings(config_file)


@asynccontextmanager
async def open_daemons_ledger(settings: "Settings") -> "AsyncIterator[Ledger]":
    """Open the daemon's ledger; where it is a file and there is none, none is made.

    Raises:
        ConfigError: what it needs is not installed.
        LedgerInvalid, LedgerUnavailable: it cannot be looked into.
    """
    try:
        from receiver.ledger.address import SQLiteAddress, parse_address
        from receiver.ledger.open import open_ledger
    except ModuleNotFoundError as error:
        raise not_installed(error) from error
    address = parse_address(settings.ledger.url)
    if isinstance(address, SQLiteAddress) and not address.path.exists():
        raise LedgerInvalid(
            f"{address.name}: there is no ledger yet; the daemon makes it, or name the right one"
            " as url in [ledger]"
        )
    async with open_ledger(settings.ledger.url) as ledger:
        yield ledger


async def read_roster(settings: "Settings", ledger: "Ledger", *, clock: Clock) -> Rostered:
    """Ask for the jobs of the configuration; in its grace is what the daemon has seen to change.

    What nobody saw change is no longer: it may have been a month ago.
    """
    from receiver.daemon.job_source import JobSources
    from receiver.daemon.roster import Roster
    from receiver.daemon.roster_keeper import MEMORY

    random = Random()  # noqa: S311 (spreads waits, guards nothing)
    sources = JobSources(settings.jobs, clock=clock, random=random)
    roster = Roster(memory=await ledger.recall(MEMORY) or b"")
    jobs = await sources.jobs()
    roster.update(jobs, now=clock.now(), unanswered=sources.unanswered, grace=timedelta())
    return Rostered(roster=roster, sources=sources.states)


def whole_span(from_: str | None, to: str | None, *, clock: Clock) -> Span:
    """Read --from and --to; where neither is given, all until now is meant."""
    now = clock.now()
    return parse_span(from_, to, now=now) or Span(start=None, end=now)


def not_installed(error: ModuleNotFoundError) -> ConfigError:
    """Return our error for a package of the daemon's that is missing."""
    return ConfigError(f"{error.name} is not installed: pip install 'logpush-receiver[daemon]'")
