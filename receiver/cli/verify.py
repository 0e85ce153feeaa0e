"""`verify`: what arrived against what the jobs promised."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

import click
import msgspec

from receiver.cli.gather import Gathering
from receiver.cli.jobs import STDIN, AskedJob, ask, notes_of, text_of
from receiver.cli.output import Outputs, color_option, format_option, print_run, wants_colour
from receiver.cli.progress import SweepBar
from receiver.cli.reference import judge_samples, parse_references
from receiver.cli.stdin import stdin_chunks
from receiver.clock import Clock, SystemClock
from receiver.destination.parse import looks_like_conf, parse_destination
from receiver.errors import DestinationInvalid, SelectionInvalid, StoreError
from receiver.job.expectation import Expectation
from receiver.job.job import label
from receiver.report.run import Run, RunJob, run_job
from receiver.selection.overlap import merged
from receiver.selection.span import Span, parse_span
from receiver.selection.target import Target, target_of_source, targets_of_jobs
from receiver.sweep import Selected, Verified, sweep, verify_stream


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a user asks of `verify`, read and found sound."""

    asked: tuple[AskedJob, ...]
    sources: tuple[str, ...] = ()  # none: where the jobs write
    span: Span | None = None
    processes: int | None = None
    references: dict[int, int] = {}  # by the place in `asked`
    endpoint_url: str | None = None
    keep_reports: bool = False

    @property
    def verifiable(self) -> list[AskedJob]:
        """The jobs whose batches can be judged."""
        return [each for each in self.asked if not each.unverifiable]


@click.command(
    epilog="""\b
Examples:
  logpush-receiver verify --job job.json --from yesterday --to today
  logpush-receiver verify ./copy --job jobs.json --format json -o report.txt
  logpush-receiver verify s3://logs/http/20261122/ --job job.json -6h
  zcat -f batch.log.gz | logpush-receiver verify - --dataset dns_logs
"""
)
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--job", "job_files", multiple=True, metavar="FILE",
              help="A job, or a list of jobs, as the API returns it; - is standard input.")
@click.option("--dataset", metavar="NAME", help="Without --job: the data set.")
@click.option("--options", metavar="TEXT", help="Without --job: logpull_options, or @FILE.")
@click.option("--from", "from_", metavar="TIME",
              help="Batches from then on: RFC 3339, -6h, yesterday, today.")
@click.option("--to", metavar="TIME", help="Batches before then; without it, now.")
@click.option("--reference-count", "references", multiple=True, metavar="[JOB=]N",
              help="Records before sampling, to judge the sample by.")
@format_option
@click.option("-o", "--output", "outputs", multiple=True, metavar="FILE",
              help="Also write a report there: .json or .txt.")
@click.option("-j", "--processes", type=click.IntRange(min=1), metavar="N",
              help="Worker processes; by default what pays.")
@click.option("--endpoint-url", metavar="URL", help="Ask this endpoint instead of the cloud's own.")
@color_option
def verify(  # noqa: PLR0917
    sources: tuple[str, ...],
    job_files: tuple[str, ...],
    dataset: str | None,
    options: str | None,
    from_: str | None,
    to: str | None,
    references: tuple[str, ...],
    text_format: str,
    outputs: tuple[str, ...],
    processes: int | None,
    endpoint_url: str | None,
    color: str,
) -> int:
    """Verify batches: every field, every timestamp, the sample, line by line.

    SOURCE is a file, a folder, - (a pipe), a destination_conf or @FILE that holds one, or an
    object's URL. Without SOURCE, each job is judged where it writes.

    Exit codes: 0 pass, 1 fail, 2 usage or configuration, 3 something could not be read,
    4 inconclusive, 130 interrupted.
    """
    clock = SystemClock()
    asked = ask(job_files, dataset, options)
    if STDIN in sources and STDIN in job_files:
        raise click.UsageError("standard input is the job or the batch, not both")
    with Outputs(outputs) as files:
        request = Request(
            asked=tuple(asked),
            sources=tuple(map(text_of, sources)),
            span=parse_span(from_, to, now=clock.now()),
            processes=processes,
            references=parse_references(references, asked),
            endpoint_url=endpoint_url,
            keep_reports="json" in {text_format, *files.formats},
        )
        run = asyncio.run(verified(request, clock=clock))
        print_run(run, text_format=text_format, colour=wants_colour(color))
        files.write(run)
    return run.exit_code
"""
