"""`job`: the Logpush jobs of a zone or an account, looked at and changed by the API."""

import click

from receiver.cli.job_look import diff_job, exists, fields, list_jobs, show
from receiver.cli.job_validate import validate
from receiver.cli.job_write import create, delete, update


@click.group(
    short_help="List, make, compare and change jobs by the API.",
    epilog="""\b
Examples:
  logpush-receiver job list --zone "$ZONE"
  logpush-receiver job create --file job.json --zone "$ZONE"
  logpush-receiver job diff 146 --file job.json --zone "$ZONE"
  logpush-receiver job list --zone "$ZONE" --api-url http://127.0.0.1:8787

\b
Exit codes: 0 done; 1 the API refuses, or the answer is no; 2 usage or
configuration; 3 no answer; 4 no challenge came; 130 interrupted.""",
)
def job() -> None:
    """Look at jobs and change them by the Logpush API, Cloudflare's or an emulator's.

    Who asks is in the environment: CLOUDFLARE_API_TOKEN (a token with Logs: Write), or
    CLOUDFLARE_EMAIL and CLOUDFLARE_API_KEY. Secrets are shown by --secrets alone.
    """


for _command in (list_jobs, show, create, update, delete, fields, validate, exists, diff_job):
    job.add_command(_command)
