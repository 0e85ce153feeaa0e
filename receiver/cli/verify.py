"""`verify`: what arrived against what the jobs promised."""

import asyncio
import sys

import click

from receiver.cli.arguments import STDIN, endpoint_option, text_of
from receiver.cli.jobs import ask
from receiver.cli.output import (
    Outputs,
    color_option,
    format_option,
    print_report,
    wants_colour,
)
from receiver.cli.reference import parse_references
from receiver.cli.stdin import require_stdin
from receiver.cli.streams import complain
from receiver.cli.verification import Request, verify_request
from receiver.clock import SystemClock
from receiver.selection.span import parse_span


@click.command(
    short_help="Verify batches against what the jobs promised.",
    epilog="""\b
Examples:
  logpush-receiver verify --job job.json --from yesterday --to today
  logpush-receiver verify ./copy --job jobs.json --reference-count 146=2300000
  logpush-receiver verify s3://logs/http/ --job job.json --from -6h -o r.json
  logpush-receiver verify - --dataset dns_logs < batch.log.gz
""",
)
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option(
    "--job",
    "job_files",
    multiple=True,
    metavar="FILE",
    help="A job, or a list of jobs, as the API returns it; - is standard input.",
)
@click.option("--dataset", metavar="NAME", help="Without --job: the data set.")
@click.option("--options", metavar="TEXT", help="Without --job: logpull_options, or @FILE.")
@click.option(
    "--from", "from_", metavar="TIME", help="Batches from then on: RFC 3339, -6h, yesterday, today."
)
@click.option("--to", metavar="TIME", help="Batches before then; without it, now.")
@click.option(
    "--reference-count",
    "references",
    multiple=True,
    metavar="[JOB=]N",
    help="Records before sampling, to judge the sample by.",
)
@format_option
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="FILE",
    help="Also write a report there: .json or .txt.",
)
@click.option(
    "-j",
    "--processes",
    type=click.IntRange(min=1),
    metavar="N",
    help="Worker processes; by default what pays.",
)
@endpoint_option
@color_option
def verify(
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

    SOURCE is a file, a folder, - (a pipe), a destination_conf (or @FILE or env:NAME that holds
    one), or an object's URL. Without SOURCE, each job is judged where it writes.

    Exit codes: 0 pass, 1 fail, 2 usage or configuration, 3 something could not be read or
    written, 4 inconclusive, 130 interrupted.
    """
    if STDIN in sources:
        if STDIN in job_files:
            raise click.UsageError("standard input is the job or the batch, not both")
        if set(sources) == {STDIN} and (from_ is not None or to is not None):
            raise click.UsageError(
                "--from and --to go by the time in a batch's name, which standard input has not:"
                " leave them out"
            )
        require_stdin()
    clock = SystemClock()
    asked = ask(job_files, dataset, options)
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
        swept = asyncio.run(verify_request(request, clock=clock))
        try:
            print_report(swept, text_format=text_format, colour=wants_colour(color))
        finally:  # what cannot be printed is all the more wanted in a file
            files.write(swept)
    if swept.unread and not swept.summary.batches and not sys.stdout.isatty():
        complain(swept.unread[0].error)  # where nothing was read, a log shall say why
    return swept.exit_code
