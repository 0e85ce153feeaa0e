"""The command `logpush-receiver`: its subcommands, and how every one of them ends."""

import os
import sys
from typing import NoReturn, TextIO

import click

from receiver import __version__
from receiver.cli.demo import demo
from receiver.cli.explain import explain
from receiver.cli.output import NAME, complain
from receiver.cli.verify import verify
from receiver.errors import ConfigError, ReceiverError
from receiver.report.sweep_report import Exit


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  logpush-receiver demo
  logpush-receiver verify --job job.json --from yesterday --to today
  logpush-receiver explain field-missing""",
)
@click.version_option(__version__, prog_name=NAME)
def commands() -> None:
    """Prove that what Cloudflare Logpush delivers is what the job promised.

    Exit codes: 0 pass, 1 fail, 2 usage or configuration, 3 something could not be read,
    4 inconclusive, 130 interrupted.
    """


for _command in (verify, explain, demo):
    commands.add_command(_command)


def main() -> NoReturn:
    """Run the command that the arguments ask for, and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    code = _ended()
    for stream in (sys.stdout, sys.stderr):
        _flush(stream)
    sys.exit(code)


def _ended() -> int:
    """Run, and turn what went wrong into one line and a code."""
    try:
        return int(commands.main(prog_name=NAME, standalone_mode=False) or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return Exit.CONFIG
    except click.ClickException as error:
        context = error.ctx if isinstance(error, click.UsageError) else None
        path = context.command_path if context else NAME
        return _said(f"{error.format_message()} (see {path} --help)", Exit.CONFIG)
    except ConfigError as error:
        return _said(str(error), Exit.CONFIG)
    except ReceiverError as error:
        return _said(str(error), Exit.UNREAD)
    except (KeyboardInterrupt, click.Abort):
        return _said("interrupted", Exit.INTERRUPTED)
    except BrokenPipeError:  # whoever read us has had enough: no mistake of ours
        return Exit.PASS


def _said(message: str, code: Exit) -> int:
    complain(message)
    return code


def _flush(stream: TextIO) -> None:
    """Write out what is left; a reader that went away is no error, and Python shall not say so."""
    try:
        stream.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    main()
