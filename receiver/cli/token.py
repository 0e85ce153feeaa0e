"""`token`: the ownership token of a destination, brought back from where Logpush wrote it."""

import asyncio
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Final

import click
import msgspec

from receiver.api.scope import Scope, read_scope
from receiver.cli.api_access import Access, account_option, api_url_option, read_access, zone_option
from receiver.cli.arguments import (
    conf_argument,
    conf_of,
    endpoint_option,
    read_jobs,
    text_of,
    wait_option,
)
from receiver.cli.output import echo, echo_lines
from receiver.cli.streams import complain, tell
from receiver.cli.terraform import answer_terraform
from receiver.cli.token_answer import (
    github_output,
    told,
    write_env,
    write_error_json,
    write_github,
    write_json,
    write_mask,
    write_text,
)
from receiver.cli.token_inquiry import Inquiry, inquire
from receiver.cli.token_request import requested
from receiver.clock import Clock, SystemClock
from receiver.destination.challenge import requirement
from receiver.destination.destination import Destination
from receiver.destination.parse import parse_destination
from receiver.errors import ApiError, JobInvalid, StoreError
from receiver.job.job import Job
from receiver.ownership.explain import Step, explain
from receiver.report.phrase import wrap
from receiver.report.sweep_report import Exit
from receiver.report.text import COLUMNS

_NAME_COLUMNS = 13


@click.command(
    short_help="Fetch the ownership token that Logpush wrote.",
    epilog="""\b
Examples:
  logpush-receiver token 's3://acme-logs/http/{DATE}?region=eu-west-1'
  logpush-receiver token @conf.txt --wait 2m --filename "$FILENAME"
  logpush-receiver token env:CONF --format env >> .env
  logpush-receiver token --job job.json
  logpush-receiver token @conf.txt --request --zone "$ZONE" --wait 2m
  logpush-receiver token --explain gs://acme-logs/http

\b
Exit codes: 0 a token, or none needed; 1 it does not fit the job; 2 usage or
configuration; 3 could not look (denied, no such bucket, wrong key ...);
4 looked, and no challenge is there (yet); 130 interrupted.""",
)
@conf_argument
@click.option("--job", "job_file", metavar="FILE", help="The job that the token is for.")
@click.option("--request", "requesting", is_flag=True, help="Ask the API for a challenge first.")
@zone_option
@account_option
@click.option("--filename", metavar="NAME", help="The file that the API's answer named: no other.")
@wait_option
@click.option(
    "--format",
    "text_format",
    type=click.Choice(["text", "json", "env", "github"]),
    default="text",
    show_default=True,
    help="text: the token alone.",
)
@click.option(
    "--explain", "explaining", is_flag=True, help="Say what will happen, without asking anybody."
)
@click.option(
    "--terraform",
    is_flag=True,
    help="Be an `external` data source: JSON on standard input and output.",
)
@click.option("--sumo-scope", default="", metavar="TEXT", help="Sumo Logic: search only there.")
@endpoint_option
@api_url_option
def token(
    conf: str | None,
    job_file: str | None,
    requesting: bool,
    zone: str | None,
    account: str | None,
    filename: str | None,
    wait_seconds: float | None,
    text_format: str,
    explaining: bool,
    terraform: bool,
    sumo_scope: str,
    endpoint_url: str | None,
    api_url: str | None,
) -> int:
    """Fetch the token that Logpush wrote to DESTINATION_CONF (or @FILE or env:NAME that holds it).

    The token goes to standard output, alone on its line; what is told of it to standard error.
    Without --wait it looks once. With --job, the token is compared with the job, and with what
    --zone or --account says that it is for. With --request, one of them says for what the challenge
    is asked for, and the file that the API's answer names is read.
    """
    clock = SystemClock()
    _must_go_together(click.get_current_context())
    if terraform:
        return answer_terraform(
            clock=clock, endpoint_url=endpoint_url, sumo_scope=sumo_scope, api_url=api_url
        )
    job = _one_job(job_file) if job_file else None
    destination = _destination(conf, job)
    if explaining:
        _print_steps(destination, explain(destination, clock.now()), text_format)
        return Exit.PASS
    inquiry = Inquiry(
        destination=destination,
        filename=filename,
        wait_seconds=wait_seconds or 0.0,
        job=job,
        scope=_scope(job, zone, account, requesting=requesting),
        endpoint_url=endpoint_url,
        sumo_scope=sumo_scope,
    )
    access = read_access(read_scope(zone, account), api_url) if requesting else None
    return _answer(inquiry, text_format, clock, access)


def _answer(inquiry: Inquiry, text_format: str, clock: Clock, access: Access | None) -> int:
    with github_output() if text_format == "github" else nullcontext() as output:
        try:
            if access:
                inquiry = requested(inquiry, access)
            answer = asyncio.run(inquire(inquiry, clock=clock))
        except (ApiError, StoreError) as error:
            if text_format == "json":
                needed = requirement(inquiry.destination)
                echo(write_error_json(inquiry.destination, needed, error))
            raise
        tell(told(answer))
        if answer.refusal:
            complain(answer.refusal)
        match text_format:
            case "json":
                echo(write_json(answer))
            case "env":
                echo(write_env(answer))
            case "github":
                assert output is not None
                echo(write_mask(answer))  # before anything else can show what it hides
                write_github(answer, output)
            case _:
                echo(write_text(answer))
    return answer.exit_code


_TERRAFORMS: Final = {"terraform", "endpoint_url", "sumo_scope", "api_url"}
_EXPLAINS: Final = {"explaining", "conf", "job_file", "text_format"}


def _must_go_together(context: click.Context) -> None:
    """Refuse what would be passed over without a word."""
    given = {
        name
        for name in context.params
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    }
    if "terraform" in given and given - _TERRAFORMS:
        raise click.UsageError("--terraform takes all else from standard input")
    if "explaining" in given and given - _EXPLAINS:
        raise click.UsageError("--explain asks nobody: it takes a DESTINATION_CONF or --job alone")
    if "explaining" in given and context.params["text_format"] not in {"text", "json"}:
        raise click.UsageError("--explain has the formats text and json")
    if {"requesting", "filename"} <= given:
        raise click.UsageError("--request takes the filename from the API's answer")


def _one_job(file: str) -> Job:
    jobs = read_jobs(file)
    if len(jobs) > 1:
        raise JobInvalid(f"--job {file}: it holds {len(jobs)} jobs; a token is for one of them")
    conf_of(jobs[0])
    return jobs[0]


def _destination(conf: str | None, job: Job | None) -> Destination:
    """Return where to look: the conf that is given goes before the job's."""
    if conf is not None:
        return parse_destination(text_of(conf))
    if job is None:
        raise click.UsageError("nothing says where to look: give DESTINATION_CONF or --job FILE")
    return parse_destination(conf_of(job))


def _scope(
    job: Job | None, zone: str | None, account: str | None, *, requesting: bool
) -> Scope | None:
    """Return what the job is for, which its JSON does not say.

    Raises:
        ConfigError: it is no id, or there are two.
    """
    if zone is None and account is None:
        return None
    if job is None and not requesting:
        raise click.UsageError(
            "--zone or --account says what the job is for: give it with --job or --request"
        )
    return read_scope(zone, account)


def _print_steps(destination: Destination, steps: tuple[Step, ...], text_format: str) -> None:
    if text_format == "json":
        said = {"destination": str(destination), "steps": steps}
        echo_lines([msgspec.json.format(msgspec.json.encode(said)).decode()])
        return
    echo_lines(_step_lines(destination, steps))


def _step_lines(destination: Destination, steps: tuple[Step, ...]) -> Iterator[str]:
    yield str(destination)
    yield ""
    for step in steps:
        head = step.name.ljust(_NAME_COLUMNS)
        yield from wrap(step.text, columns=COLUMNS, indent=head, hang=" " * _NAME_COLUMNS)
    for note in destination.notes:
        yield from wrap(f"note: {note}", columns=COLUMNS, hang="  ")
