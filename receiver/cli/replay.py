"""`replay`: a window judged once more, under today's rules, and what that changes."""

import asyncio
import os
import socket
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import click

from receiver.cli.config import config_option
from receiver.cli.ledger_access import (
    from_option,
    job_option,
    load_settings,
    open_daemons_ledger,
    read_roster,
    to_option,
    whole_span,
)
from receiver.cli.output import color_option, format_option, wants_colour
from receiver.cli.replay_text import Telling
from receiver.cli.streams import complain
from receiver.cli.ticker import Ticker
from receiver.clock import SystemClock
from receiver.report.ink import Ink
from receiver.report.phrase import counted
from receiver.report.sweep_report import Exit

if TYPE_CHECKING:
    from receiver.daemon.settings import Settings
    from receiver.intake.insistence import Insistence
    from receiver.intake.intake import Intake
    from receiver.intake.observer import IntakeObserver
    from receiver.ledger.ledger import Ledger
    from receiver.selection.span import Span


@click.command(
    short_help="Judge once more what was judged, by today's rules.",
    epilog="""\b
Examples:
  logpush-receiver replay --from 2026-11-22 --to 2026-11-23
  logpush-receiver replay --config receiver.toml --from -6h --job 146
  logpush-receiver replay --from yesterday --to today --format json

\b
Exit codes: 0 all of it passes; 1 a batch fails; 2 usage or configuration;
3 something could not be read; 4 there was nothing to judge; 130 interrupted.""",
)
@config_option
@from_option
@to_option
@job_option
@format_option
@color_option
def replay(
    config_file: Path,
    from_: str | None,
    to: str | None,
    job: int | None,
    text_format: str,
    color: str,
) -> int:
    """Verify the batches of a window again and tell which verdicts change.

    Jobs are as the configuration has them now, and for a while after a change as they were, too. A
    daemon may be running: it takes its share. The new verdicts stand in the ledger as any others,
    and in the manifest beside the old ones.
    """
    if from_ is None:
        raise click.UsageError("--from is missing: say which windows, as --from -6h")
    settings = load_settings(config_file)
    clock = SystemClock()
    span = whole_span(from_, to, clock=clock)
    telling = Telling(is_json=text_format == "json", ink=Ink(colour=wants_colour(color)))
    return asyncio.run(_replay(settings, span, job, telling, clock=clock))


async def _replay(
    settings: "Settings", span: "Span", job: int | None, telling: "Telling", *, clock: SystemClock
) -> Exit:
    from receiver.daemon.replaying import Replay
    from receiver.intake.insistence import Insistence
    from receiver.store.open import open_store

    random = Random()  # noqa: S311 (spreads waits and names a process)
    async with open_daemons_ledger(settings) as ledger:
        jobs = await read_roster(settings, ledger, clock=clock)
        with Ticker() as telling.ticker:
            one = Replay(
                ledger,
                targets=jobs.roster.targets(),
                span=span,
                job=job,
                clock=clock,
                insistence=Insistence(clock=clock, random=random),
                open_=lambda target: open_store(
                    target.destination, clock=clock, endpoint_url=target.endpoint_url
                ),
                make_intake=lambda observer, insistence: _intake(
                    settings, ledger, observer, insistence, clock=clock, random=random
                ),
                absence=jobs.roster.absence,
                on_entry=telling.take,
                on_total=telling.expect,
            )
            whole = await one.run()
    for error in jobs.unanswered:
        complain(error)
    if not whole:
        left = f"; left waiting for the daemon: {counted(one.waiting, 'batch', 'batches')}"
        left = left if one.waiting else ""
        complain(f"interrupted: this is what was judged by then{left}")
    return telling.end(interrupted=not whole)


def _intake(
    settings: "Settings",
    ledger: "Ledger",
    observer: "IntakeObserver",
    insistence: "Insistence",
    *,
    clock: SystemClock,
    random: Random,
) -> "Intake":
    from receiver.intake.intake import Intake
    from receiver.intake.retries import Retries
    from receiver.workers.crew import usable_cores

    kept = settings.intake
    return Intake(
        ledger,
        owner=f"{socket.gethostname()}:{os.getpid()}:replay:{random.getrandbits(48):012x}",
        clock=clock,
        random=random,
        processes=kept.processes or usable_cores(),
        bytes_max=kept.memory,
        retries=Retries(tries=kept.tries, park_after=kept.park_after),
        observer=observer,
        insistence=insistence,
    )
