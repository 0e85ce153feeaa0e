"""`job validate`: the API's own judgement of a destination, of options, of a token."""

from typing import TYPE_CHECKING

import click
import msgspec

from receiver.api.scope import Scope
from receiver.cli.api_access import Where, api_options, echo_json
from receiver.cli.arguments import text_of
from receiver.cli.job_file import read_job_file
from receiver.cli.output import echo_lines
from receiver.job.job import DATASET_DEFAULT, Job
from receiver.report.phrase import visible, wrap
from receiver.report.sweep_report import Exit
from receiver.report.text import COLUMNS
from receiver.secret import Secret

if TYPE_CHECKING:
    from receiver.api.client import LogpushApi

_NAME_COLUMNS = 21


class _Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What the API says of one part of a job."""

    part: str  # "destination_conf", "logpull_options", "ownership_challenge"
    valid: bool
    message: str


@click.command(
    short_help="Ask the API to judge a destination, options or a job.",
    epilog="""\b
Examples:
  logpush-receiver job validate @conf.txt --zone "$ZONE"
  logpush-receiver job validate --options 'sample=0.1' --zone "$ZONE"
  logpush-receiver job validate --file job.json --zone "$ZONE"

\b
Exit codes: 0 valid, 1 not valid, 2 usage or configuration, 3 no answer.""",
)
@click.argument("conf", required=False, metavar="[DESTINATION_CONF]")
@click.option("--file", metavar="FILE", help="A job: its destination, options and token.")
@click.option("--options", metavar="TEXT", help="logpull_options.")
@click.option("--dataset", metavar="NAME", help=f"With --options; {DATASET_DEFAULT} if not given.")
@api_options
def validate(
    conf: str | None, file: str | None, options: str | None, dataset: str | None, where: Where
) -> int:
    """Ask the API whether a destination, options, or a whole job are valid. Nothing is made."""
    job = _asked_about(conf, file, options, dataset)
    judged = where.ask(lambda api, scope: _judge(api, scope, job))
    valid = all(each.valid for each in judged)
    unjudged = job.output_options is not None
    if where.is_json:
        echo_json({"valid": valid, "parts": judged})
    else:
        for each in judged:
            head = each.part.ljust(_NAME_COLUMNS)
            said = each.message or "it does not say why"
            text = "valid" if each.valid else f"NOT VALID: {said}"
            echo_lines(wrap(visible(text), columns=COLUMNS, indent=head, hang=" " * len(head)))
        if unjudged:
            echo_lines(["note: output_options are judged by no operation of the API"])
    return Exit.PASS if valid else Exit.FAIL


def _asked_about(
    conf: str | None, file: str | None, options: str | None, dataset: str | None
) -> Job:
    """Return a job of the parts that are asked about."""
    if [conf, file, options].count(None) != 2:
        raise click.UsageError("say what to judge: DESTINATION_CONF, --options or --file, one")
    if dataset is not None and options is None:
        raise click.UsageError("--dataset goes with --options")
    if file is not None:
        return read_job_file(file)[0]
    if conf is not None:
        return Job(destination_conf=Secret(text_of(conf)))
    return Job(
        dataset=dataset or DATASET_DEFAULT,
        logpull_options=text_of(options or "", option="--options "),
    )


async def _judge(api: "LogpushApi", scope: Scope, job: Job) -> list[_Judged]:
    judged = []
    conf = job.destination_conf
    if conf is not None:
        said = await api.validate_destination(scope, conf.reveal())
        judged.append(("destination_conf", said))
    if conf is not None and job.ownership_challenge is not None:
        token = job.ownership_challenge.reveal()
        judged.append(
            ("ownership_challenge", await api.validate_challenge(scope, conf.reveal(), token))
        )
    if job.logpull_options is not None and job.output_options is None:
        said = await api.validate_origin(scope, job.logpull_options, dataset=job.dataset)
        judged.append(("logpull_options", said))
    return [
        _Judged(part=part, valid=said.valid, message=said.message or "") for part, said in judged
    ]
