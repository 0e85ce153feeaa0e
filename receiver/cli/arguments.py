"""What commands take: texts from files and the environment, spans, addresses, one job."""

import re
from typing import Final
from urllib.parse import urlsplit

import click

from receiver.errors import ConfigError, JobInvalid
from receiver.given import STDIN, read_argument, text_of
from receiver.job.job import Job, label, parse_jobs

__all__ = [
    "STDIN",
    "conf_argument",
    "conf_of",
    "endpoint_option",
    "parse_seconds",
    "read_argument",
    "read_jobs",
    "text_of",
    "wait_option",
]

_SPAN: Final = re.compile(r"(\d{1,6})([smh])", re.ASCII)
_UNIT_SECONDS: Final = {"s": 1, "m": 60, "h": 3600}
_SPAN_SECONDS_MAX: Final = 24 * 3600


def read_jobs(file: str) -> tuple[Job, ...]:
    """Read the jobs that a `--job` names.

    Raises:
        JobInvalid: it cannot be read, or holds no job.
    """
    remedy = "name a file that can be read, or - for standard input"
    source = "standard input" if file == STDIN else file
    return parse_jobs(read_argument(file, option="--job ", remedy=remedy), source=source)


def conf_of(job: Job) -> str:
    """Return a job's destination_conf.

    Raises:
        JobInvalid: it has none.
    """
    if job.destination_conf is None:
        raise JobInvalid(f"{label(job)}: it has no destination_conf; name it as an argument")
    return job.destination_conf.reveal()


def parse_seconds(text: str, *, option: str) -> float:
    """Read a span of time: 90s, 2m, 1h.

    Raises:
        ConfigError: names the option and quotes its value.
    """
    match = _SPAN.fullmatch(text.strip().lower())
    seconds = int(match[1]) * _UNIT_SECONDS[match[2]] if match else -1
    if not 0 <= seconds <= _SPAN_SECONDS_MAX:
        raise ConfigError(f"{option} {text[:40]!r}: write 90s, 2m or 1h; a day at most")
    return float(seconds)


def _seconds(_context: click.Context, option: click.Parameter, text: str | None) -> float | None:
    return None if text is None else parse_seconds(text, option=option.opts[0])


def _endpoint(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    """Refuse an address that no driver can ask; it is not quoted, for it may hold a key."""
    if text is None:
        return None
    try:
        found = urlsplit(text)
        sound = found.scheme in {"http", "https"} and found.hostname and found.port != 0
    except ValueError:  # a port that is no number
        sound = False
    if not sound or any(char.isspace() for char in text):
        raise click.BadParameter("write http://HOST or https://HOST, with :PORT where it has one")
    return text


conf_argument = click.argument("conf", required=False, metavar="[DESTINATION_CONF]")
endpoint_option = click.option(
    "--endpoint-url",
    metavar="URL",
    callback=_endpoint,
    help="Ask this endpoint instead of the cloud's own.",
)
wait_option = click.option(
    "--wait", "wait_seconds", metavar="SPAN", callback=_seconds, help="Keep looking: 90s, 2m, 1h."
)
