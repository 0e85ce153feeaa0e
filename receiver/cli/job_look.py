"""`job list`, `show`, `fields`, `exists` and `diff`: what the API has, nothing changed."""

from typing import TYPE_CHECKING, Any

import click

from receiver.cli.api_access import Where, api_options, echo_json
from receiver.cli.arguments import text_of
from receiver.cli.job_file import read_job_file
from receiver.cli.job_text import (
    change_lines,
    field_lines,
    job_lines,
    list_lines,
    place,
    redacted_fields,
)
from receiver.cli.output import echo_lines
from receiver.job.diff import diff
from receiver.report.sweep_report import Exit
from receiver.secret import Secret

if TYPE_CHECKING:
    from receiver.api.answer import ApiJob

id_argument = click.argument("job_id", type=click.IntRange(min=1), metavar="ID")
secrets_option = click.option(
    "--secrets", is_flag=True, help="Of JSON: the destination_conf as it is, keys and all."
)


@click.command(
    "list",
    short_help="List the jobs.",
    epilog="""\b
Examples:
  logpush-receiver job list --zone "$ZONE"
  logpush-receiver job list --zone "$ZONE" --format json --secrets > jobs.json""",
)
@click.option("--dataset", metavar="NAME", help="Only the jobs of this data set.")
@secrets_option
@api_options
def list_jobs(dataset: str | None, secrets: bool, where: Where) -> int:
    """List the jobs. Secrets are shown nowhere but in JSON with --secrets."""
    _must_be_json(secrets, where)
    jobs = where.ask(
        lambda api, scope: api.list(scope, dataset=dataset),
    )
    if where.is_json:
        echo_json([_as_json(each, secrets) for each in jobs])
    else:
        echo_lines(list_lines(jobs) if jobs else ["no jobs"])
    return Exit.PASS


@click.command(
    short_help="Show one job.",
    epilog="""\b
Examples:
  logpush-receiver job show 146 --zone "$ZONE"
  (umask 077; logpush-receiver job show 146 --zone "$ZONE" \\
    --format json --secrets > job.json)""",
)
@id_argument
@secrets_option
@api_options
def show(job_id: int, secrets: bool, where: Where) -> int:
    """Show one job. `--format json --secrets` is the job as verify and create take it.

    Without --secrets its destination_conf is redacted, whoever reads: logs of a CI are no terminal.
    """
    _must_be_json(secrets, where)
    found = where.ask(lambda api, scope: api.get(scope, job_id))
    if where.is_json:
        echo_json(_as_json(found, secrets))
    else:
        echo_lines(job_lines(found.job))
    return Exit.PASS


@click.command(
    short_help="Show the fields of a data set.",
    epilog="""\b
Examples:
  logpush-receiver job fields http_requests --zone "$ZONE"
  logpush-receiver job fields spectrum_events --default --zone "$ZONE\"""",
)
@click.argument("dataset")
@click.option("--default", is_flag=True, help="Those that a job without `fields` gets.")
@api_options
def fields(dataset: str, default: bool, where: Where) -> int:
    """Show the fields of DATASET that the API offers, with their types."""
    found = where.ask(
        lambda api, scope: api.fields(scope, dataset, default=default),
    )
    if where.is_json:
        echo_json({"dataset": dataset, "default": default, "fields": found})
    else:
        echo_lines(field_lines(found))
    return Exit.PASS


@click.command(
    short_help="Tell whether a job writes to a destination.",
    epilog="""\b
Examples:
  logpush-receiver job exists 's3://acme-logs/http/{DATE}' --zone "$ZONE"
  logpush-receiver job exists @conf.txt --zone "$ZONE" --format json""",
)
@click.argument("conf", metavar="DESTINATION_CONF")
@api_options
def exists(conf: str, where: Where) -> int:
    """Tell whether a job writes to DESTINATION_CONF (or @FILE or env:NAME that holds it).

    The exit code is 0 for either answer.
    """
    conf = text_of(conf)
    found = where.ask(
        lambda api, scope: api.destination_exists(scope, conf),
    )
    if where.is_json:
        echo_json({"exists": found})
    else:
        echo_lines([f"{place(Secret(conf))}: {'a job writes' if found else 'no job writes'} there"])
    return Exit.PASS


@click.command(
    "diff",
    short_help="Compare a job with a file.",
    epilog="""\b
Examples:
  logpush-receiver job diff 146 --file job.json --zone "$ZONE"

\b
Exit codes: 0 the same, 1 different, 2 usage or configuration, 3 no answer.""",
)
@id_argument
@click.option("--file", required=True, metavar="FILE", help="What the job shall be.")
@api_options
def diff_job(job_id: int, file: str, where: Where) -> int:
    """Compare job ID with FILE in what they amount to.

    What FILE does not say counts as Logpush's default. Of secrets is said only that they differ.
    """
    wanted, _ = read_job_file(file, job_id=job_id)
    found = where.ask(lambda api, scope: api.get(scope, job_id))
    changes = diff(found.job, wanted)
    if where.is_json:
        echo_json({"same": not changes, "changes": changes})
    else:
        echo_lines(change_lines(changes))
    return Exit.FAIL if changes else Exit.PASS


def _must_be_json(secrets: bool, where: Where) -> None:
    if secrets and not where.is_json:
        raise click.UsageError("--secrets is for --format json: text is for people's screens")


def _as_json(job: "ApiJob", secrets: bool) -> dict[str, Any]:
    return job.fields if secrets else redacted_fields(job)
