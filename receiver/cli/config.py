"""`config`: the daemon's configuration, looked at without running anything."""

import asyncio
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import click

from receiver.cli.api_access import echo_json
from receiver.cli.output import echo_lines, format_option
from receiver.cli.streams import complain
from receiver.clock import Clock, SystemClock
from receiver.errors import SettingsInvalid
from receiver.report.sweep_report import Exit

if TYPE_CHECKING:
    from receiver.cli.config_text import Outlook
    from receiver.daemon.settings import Settings

config_option = click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    default=Path("receiver.toml"),
    show_default=True,
    metavar="FILE",
    help="The configuration, as config/receiver.toml is one.",
)


@click.group(
    short_help="Check the daemon's configuration.",
    epilog="""\b
Examples:
  logpush-receiver config check --config config/receiver.toml""",
)
def config() -> None:
    """Look at the daemon's configuration."""


@config.command(
    short_help="Tell what the daemon would watch.",
    epilog="""\b
Examples:
  logpush-receiver config check
  logpush-receiver config check --config config/receiver.toml --format json

\b
Exit codes: 0 sound; 2 a mistake, or a job that makes no sense; 3 the API that
has the jobs does not answer.""",
)
@config_option
@format_option
def check(config_file: Path, text_format: str) -> int:
    """Read the configuration and tell what the daemon would watch by it, and why not the rest.

    Jobs of a zone or an account are asked of the API. Stores and the ledger are not asked.
    """
    from receiver.cli.config_text import outlook_lines  # what comes with them is for a daemon
    from receiver.daemon.settings import read_settings

    try:
        settings = read_settings(config_file)
    except SettingsInvalid as error:
        if text_format == "json":
            echo_json({"sound": False, "file": error.source, "mistakes": error.mistakes})
        for mistake in error.mistakes:
            complain(f"{error.source}: {mistake}")
        return Exit.CONFIG
    outlook = asyncio.run(_look(config_file, settings, clock=SystemClock()))
    if text_format == "json":
        echo_json(outlook.as_json())
    else:
        echo_lines(outlook_lines(outlook))
    return outlook.exit_code


async def _look(file: Path, settings: "Settings", *, clock: Clock) -> "Outlook":
    from receiver.cli.config_text import Outlook
    from receiver.daemon.job_source import JobSources
    from receiver.daemon.roster import Roster

    random = Random()  # noqa: S311 (spreads waits, guards nothing)
    sources = JobSources(settings.jobs, clock=clock, random=random)
    roster = Roster()
    roster.update(await sources.jobs(), now=clock.now(), unanswered=sources.unanswered)
    return Outlook(file=str(file), settings=settings, roster=roster, sources=sources.states)
