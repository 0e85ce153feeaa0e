"""`status`: what the daemon's status page says, in a terminal."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from receiver.cli.config import config_option
from receiver.cli.ledger_access import load_settings, open_daemons_ledger
from receiver.cli.ledger_words import as_json
from receiver.cli.output import color_option, echo, echo_lines, format_option, wants_colour
from receiver.cli.streams import complain
from receiver.clock import SystemClock
from receiver.errors import ConfigError, LedgerError
from receiver.report.ink import Ink
from receiver.report.sweep_report import Exit

if TYPE_CHECKING:
    from receiver.cli.status_answer import Answer
    from receiver.daemon.settings import Settings
    from receiver.daemon.status.views import Overview


@click.command(
    short_help="Tell how the daemon and its jobs are doing.",
    epilog="""\b
Examples:
  logpush-receiver status
  logpush-receiver status --config config/receiver.toml --format json
  logpush-receiver status --url http://logs.example.com:8788

\b
Exit codes: 0 all is well; 1 a batch failed in the last 24 hours; 2 usage or
configuration; 3 the daemon does not answer: then the ledger is asked;
4 nothing arrived, or something is wrong elsewhere.""",
)
@config_option
@click.option("--url", metavar="URL", help="Ask there; else where [status] listens.")
@format_option
@color_option
def status(config_file: Path, url: str | None, text_format: str, color: str) -> int:
    """Ask the running daemon how it is doing: what is wrong, the jobs of the last 24 hours with
    their verdicts and last arrivals, what fails, places that cannot be looked at, what is parked.
    """
    settings = load_settings(config_file)
    answer = asyncio.run(_ask(settings, url))
    if answer.error:
        complain(answer.error)
    if text_format == "json":
        echo([as_json(answer.as_json()), "\n"])
    elif answer.overview is not None:
        from receiver.cli.status_text import status_lines

        echo_lines(status_lines(answer, Ink(colour=wants_colour(color))))
    return _code(answer)


async def _ask(settings: "Settings", url: str | None) -> "Answer":
    from receiver.cli.status_answer import Answer, Asking, Unanswered

    asking = Asking(settings.status, url)
    try:
        return await asking.ask()
    except Unanswered as error:
        answer = Answer(url=asking.url, answered=False, error=str(error))
        if url is not None:  # of another daemon our ledger may know nothing
            return answer
    try:
        overview = await _of_ledger(settings)
    except (LedgerError, ConfigError) as error:
        return answer.without_ledger(str(error))
    return answer.with_ledger(overview)


async def _of_ledger(settings: "Settings") -> "Overview":
    """Return what the ledger knows by itself. The API is not asked for jobs: that may take long."""
    from receiver.daemon.job_source import GivenJob
    from receiver.daemon.roster import Roster
    from receiver.daemon.status.overview import overview
    from receiver.daemon.status.scene import Scene, rostered

    clock, roster = SystemClock(), Roster()
    given = [
        GivenJob(job=job, source=each.name, endpoint_url=each.endpoint_url)
        for each in settings.jobs
        for job in each.chosen(each.fixed)
    ]
    roster.update(given, now=clock.now())
    async with open_daemons_ledger(settings) as ledger:
        return await overview(
            Scene(
                ledger=ledger,
                clock=clock,
                jobs=lambda: rostered(roster.watches),
                places=tuple,
                unwatched=lambda: roster.unwatched,
            )
        )


def _code(answer: "Answer") -> Exit:
    if not answer.answered or answer.overview is None:
        return Exit.UNREAD
    if answer.overview.verdict == "fail":
        return Exit.FAIL
    return Exit.PASS if answer.overview.verdict == "pass" else Exit.INCONCLUSIVE
