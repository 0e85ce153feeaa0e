"""`doctor`: is a destination fit to be written to by Logpush, and to be read by us?"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import click
import msgspec

from receiver.cli.arguments import conf_argument, conf_of, endpoint_option, read_jobs, text_of
from receiver.cli.output import color_option, echo, echo_lines, format_option, wants_colour
from receiver.clock import SystemClock
from receiver.destination.destination import Destination
from receiver.destination.parse import parse_destination
from receiver.doctor.checkup import Checkup, Status
from receiver.doctor.examine import examine, verdict
from receiver.errors import ConfigError
from receiver.report.ink import Ink, Style
from receiver.report.phrase import visible, wrap
from receiver.report.sweep_report import Exit
from receiver.report.text import COLUMNS

_STATUS_COLUMNS: Final = 9
_NAME_COLUMNS: Final = 9
_WORST_FIRST: Final = (Status.FAIL, Status.WARN, Status.PASS, Status.UNKNOWN)
_STYLES: Final = {
    Status.PASS: Style.GOOD,
    Status.WARN: Style.DOUBTFUL,
    Status.FAIL: Style.BAD,
    Status.UNKNOWN: Style.FAINT,
}


class _Examined(msgspec.Struct, frozen=True, kw_only=True):
    """One destination and all that was found, as `--format json` prints it."""

    destination: str
    verdict: Status
    checks: tuple[Checkup, ...]


@click.command(
    short_help="Examine a destination: ours, readable, not public?",
    epilog="""\b
Examples:
  logpush-receiver doctor 's3://acme-logs/http/{DATE}?region=eu-west-1'
  logpush-receiver doctor @conf.txt --write-probe
  logpush-receiver doctor --job jobs.json --format json

\b
Exit codes: 0 fit, perhaps with warnings; 1 at least one failure; 2 usage or
configuration; 3 there is nothing that could be looked at; 130 interrupted.""",
)
@conf_argument
@click.option("--job", "job_file", metavar="FILE", help="Examine where the jobs of FILE write.")
@click.option("--write-probe", is_flag=True, help="Also write or send what Logpush does as a test.")
@format_option
@endpoint_option
@color_option
def doctor(
    conf: str | None,
    job_file: str | None,
    write_probe: bool,
    text_format: str,
    endpoint_url: str | None,
    color: str,
) -> int:
    """Examine DESTINATION_CONF (or @FILE or env:NAME that holds it), or a job's.

    Whether its objects can be listed and read, whether anybody else can, its region, its SAS; of an
    endpoint its name, certificate and answer. Nothing is written there unless --write-probe.
    """
    destinations = _destinations(conf, job_file)
    lines = _Lines(text_format, colour=wants_colour(color))
    examined = []
    for destination in destinations:
        lines.begin(destination)
        checks: list[Checkup] = []

        def take(checkup: Checkup, checks: list[Checkup] = checks) -> None:
            checks.append(checkup)
            lines.take(checkup)

        try:
            asyncio.run(
                examine(
                    destination,
                    clock=SystemClock(),
                    on_checkup=take,
                    endpoint_url=endpoint_url,
                    write_probe=write_probe,
                )
            )
        except ConfigError as error:  # one that cannot be asked stands in no other's way
            if len(destinations) == 1:
                raise
            take(Checkup(name="conf", status=Status.FAIL, message=str(error)))
        lines.end(checks)
        examined.append(
            _Examined(destination=str(destination), verdict=verdict(checks), checks=tuple(checks))
        )
    if text_format == "json":
        worst = verdict(check for each in examined for check in each.checks)
        said = {"verdict": worst, "destinations": examined}
        echo([msgspec.json.format(msgspec.json.encode(said)).decode() + "\n"])
    verdicts = {each.verdict for each in examined}
    if Status.FAIL in verdicts:
        return Exit.FAIL
    return Exit.UNREAD if Status.UNKNOWN in verdicts else Exit.PASS


def _destinations(conf: str | None, job_file: str | None) -> list[Destination]:
    """Return what is to be examined, each place once."""
    if (conf is None) == (job_file is None):
        raise click.UsageError("say what to examine: DESTINATION_CONF or --job FILE")
    confs = [text_of(conf)] if conf is not None else map(conf_of, read_jobs(job_file or ""))
    places = {each.identity: each for each in map(parse_destination, confs)}
    return list(places.values())


class _Lines:
    """Prints the lines as they come; nothing where all is printed at the end."""

    def __init__(self, text_format: str, *, colour: bool) -> None:
        self._silent = text_format != "text"
        self._ink = Ink(colour=colour)
        self._begun = False

    def begin(self, destination: Destination) -> None:
        """Name what is examined."""
        self._print([*([""] if self._begun else []), str(destination), ""])
        self._begun = True

    def take(self, checkup: Checkup) -> None:
        """Print one line and its remedy."""
        self._print(self._lines(checkup))

    def end(self, checkups: Sequence[Checkup]) -> None:
        """Sum up."""
        counts = Counter(each.status for each in checkups)
        said = [f"{counts[status]} {status}" for status in _WORST_FIRST if counts[status]]
        self._print(["", self._ink(", ".join(said), _STYLES[verdict(checkups)])])

    def _lines(self, checkup: Checkup) -> Iterator[str]:
        status = checkup.status.value
        word = status.upper() if checkup.status is Status.FAIL else status
        head = f"{word.ljust(_STATUS_COLUMNS)}{checkup.name.ljust(_NAME_COLUMNS)}"
        indent = " " * len(head)
        first, *others = wrap(visible(checkup.message), columns=COLUMNS, indent=head, hang=indent)
        yield self._ink(word, _STYLES[checkup.status]) + first[len(word) :]
        yield from others
        if checkup.remedy:
            yield from wrap(visible(checkup.remedy), columns=COLUMNS, indent=indent)

    def _print(self, lines: Iterable[str]) -> None:
        if not self._silent:
            echo_lines(lines)
