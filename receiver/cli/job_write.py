"""`job create`, `update` and `delete`: ownership is proven on the way, where it must be."""

import sys
from typing import TYPE_CHECKING, Any

import click
import msgspec

from receiver.api.answer import ApiJob
from receiver.api.scope import Scope
from receiver.cli.api_access import Where, api_options, echo_json
from receiver.cli.arguments import conf_of
from receiver.cli.job_file import read_changes, read_job_file
from receiver.cli.job_look import id_argument
from receiver.cli.job_proof import CONF, TOKEN, Reading, no_challenge, proof_of, reading_options
from receiver.cli.job_text import change_lines, job_lines, place, redacted_fields
from receiver.cli.output import echo_lines
from receiver.cli.streams import tell
from receiver.destination.challenge import Requirement, requirement
from receiver.destination.parse import parse_destination
from receiver.job.diff import diff
from receiver.job.job import Job, label, options_of
from receiver.ownership.challenge import NoChallenge
from receiver.report.phrase import visible, wrap
from receiver.report.sweep_report import Exit
from receiver.report.text import COLUMNS
from receiver.secret import Secret

if TYPE_CHECKING:
    from receiver.api.client import LogpushApi


@click.command(
    short_help="Make a job, its ownership proven on the way.",
    epilog="""\b
Examples:
  logpush-receiver job create --file job.json --zone "$ZONE"
  logpush-receiver job create --file job.json --zone "$ZONE" --dry-run

\b
Exit codes: 0 made; 1 the API refuses; 2 usage or configuration; 3 no answer,
or the challenge could not be read; 4 no challenge came; 130 interrupted.""",
)
@click.option("--file", required=True, metavar="FILE", help="The job; - for standard input.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; ask nobody.")
@reading_options
@api_options
def create(file: str, dry_run: bool, reading: Reading, where: Where) -> int:
    """Make the job of FILE: ask for a challenge, wait for its token, and make the job with it.

    The job's id goes to standard output. A challenge is waited for 2m, unless --wait says else. The
    keys that read it back are those that `token` uses.
    """
    job, fields = read_job_file(file)
    conf = conf_of(job)
    if dry_run:
        _rehearse(job, fields, requirement(parse_destination(conf)), where)
        return Exit.PASS

    async def work(api: "LogpushApi", scope: Scope) -> "ApiJob | NoChallenge":
        proof = await proof_of(fields, api=api, scope=scope, reading=reading)
        if isinstance(proof, NoChallenge):
            return proof
        return await api.create(scope, fields | proof)

    made = where.ask(work)
    if isinstance(made, NoChallenge):
        return no_challenge(made, where)
    if where.is_json:
        echo_json({"id": made.job.id, "job": redacted_fields(made)})
        return Exit.PASS
    echo_lines([str(made.job.id)])
    tell([f"made {label(made.job)}: {made.job.dataset} -> {place(made.job.destination_conf)}"])
    if not made.job.enabled:
        tell(["it is disabled: job update ID --set enabled=true lets it push"])
    return Exit.PASS


@click.command(
    short_help="Change a job.",
    epilog="""\b
Examples:
  logpush-receiver job update 146 --set enabled=true --zone "$ZONE"
  logpush-receiver job update 146 --zone "$ZONE" \\
    --set destination_conf=@conf.txt
  logpush-receiver job update 146 --file job.json --zone "$ZONE\"""",
)
@id_argument
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Change this key.")
@click.option("--file", metavar="FILE", help="Change all that FILE says otherwise.")
@reading_options
@api_options
def update(
    job_id: int,
    settings: tuple[str, ...],
    file: str | None,
    reading: Reading,
    where: Where,
) -> int:
    """Change job ID; what is not named stays as it is, and what was changed is shown.

    A new destination_conf has its ownership proven first, as `job create` does.
    """
    if bool(settings) == bool(file):
        raise click.UsageError("say what to change: --set KEY=VALUE or --file FILE")
    wanted = read_job_file(file, job_id=job_id)[1] if file else read_changes(settings)

    async def work(api: "LogpushApi", scope: Scope) -> "tuple[ApiJob, ApiJob] | NoChallenge":
        before = await api.get(scope, job_id)
        has = before.fields
        changes = {key: value for key, value in wanted.items() if not _is_so(has, key, value)}
        if not changes.keys() - {TOKEN}:
            return before, before
        proof: dict[str, str] | NoChallenge = {}
        if changes.get(CONF):
            proof = await proof_of(changes, api=api, scope=scope, reading=reading)
        if isinstance(proof, NoChallenge):
            return proof
        return before, await api.update(scope, job_id, changes | proof)

    done = where.ask(work)
    if isinstance(done, NoChallenge):
        return no_challenge(done, where)
    changes = diff(done[0].job, done[1].job)
    if where.is_json:
        echo_json({"id": job_id, "job": redacted_fields(done[1]), "changes": changes})
    else:
        echo_lines(change_lines(changes))
    return Exit.PASS


@click.command(
    short_help="Delete a job, after asking.",
    epilog="""\b
Examples:
  logpush-receiver job delete 146 --zone "$ZONE"
  logpush-receiver job delete 146 --zone "$ZONE" --yes""",
)
@id_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
@api_options
def delete(job_id: int, yes: bool, where: Where) -> int:
    """Delete job ID, after asking. What it has pushed stays where it is."""
    if not yes:
        if sys.stdin is None or not sys.stdin.isatty():
            raise click.UsageError("nobody is there to be asked: --yes deletes without asking")
        job = where.ask(lambda api, scope: api.get(scope, job_id)).job
        tell(job_lines(job))
        if not click.confirm(f"delete {label(job)} of {where.scope}?", err=True):
            tell(["not deleted"])
            return Exit.FAIL
    where.ask(lambda api, scope: api.delete(scope, job_id))
    if where.is_json:
        echo_json({"id": job_id, "deleted": True})
    else:
        tell([f"deleted job {job_id}"])
    return Exit.PASS


def _is_so(has: dict[str, Any], key: str, value: Any) -> bool:
    """Whether a job has the value already; JSON knows true from 1."""
    return key in has and has[key] == value and type(has[key]) is type(value)


def _rehearse(job: Job, fields: dict[str, Any], needed: Requirement, where: Where) -> None:
    """Say what would be done.

    Raises:
        ConfigError: the job's options are not valid, or no zone or account is named.
    """
    scope = where.scope
    notes = options_of(job).notes
    if where.is_json:
        challenge = bool(needed.required) and not job.ownership_challenge
        shown = redacted_fields(ApiJob(job=job, text=Secret(msgspec.json.encode(fields).decode())))
        said = {"dry_run": True, "scope": str(scope), "challenge": challenge, "job": shown}
        echo_json({**said, "notes": notes})
        return
    if job.ownership_challenge:
        told = "no challenge would be asked for: the file has a token"
    elif needed.required:
        told = f"a challenge would be asked for, and its token read back: {needed.why}"
    else:
        told = f"no challenge would be asked for: {needed.why}"
    echo_lines(wrap(f"for {scope}: {told}; and this job would be made:", columns=COLUMNS))
    echo_lines(job_lines(job))
    for note in notes:
        echo_lines(wrap(f"note: {visible(note)}", columns=COLUMNS, hang="  "))
