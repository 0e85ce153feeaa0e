"""The command `logpush-receiver`: its subcommands, and how every one of them ends."""

import logging
import sys
import traceback
from contextlib import suppress
from pathlib import Path

import click

from receiver import __version__
from receiver.cli.config import config
from receiver.cli.demo import demo
from receiver.cli.doctor import doctor
from receiver.cli.emulate import emulate
from receiver.cli.explain import explain
from receiver.cli.job import job
from receiver.cli.ledger import ledger
from receiver.cli.replay import replay
from receiver.cli.run import run
from receiver.cli.status import status
from receiver.cli.streams import NAME, Complaints, complain, prepare_streams, silence
from receiver.cli.token import token
from receiver.cli.verify import verify
from receiver.errors import ApiRefused, ConfigError, ReceiverError
from receiver.report.sweep_report import Exit


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  logpush-receiver demo
  logpush-receiver token 's3://acme-logs/http/{DATE}?region=eu-west-1'
  logpush-receiver verify --job job.json --from yesterday --to today
  logpush-receiver explain field-missing""",
)
@click.version_option(__version__, prog_name=NAME)
def commands() -> None:
    """Prove that a destination of Cloudflare Logpush is yours, and that what arrives there is what
    the job promised.

    Exit codes: 0 pass, 1 fail, 2 usage or configuration, 3 something could not be read or
    written, 4 inconclusive, 130 interrupted.
    """


for _command in (
    token,
    doctor,
    verify,
    run,
    status,
    ledger,
    replay,
    config,
    job,
    emulate,
    explain,
    demo,
):
    commands.add_command(_command)


def obey() -> int:
    """Do what the arguments ask for; return the exit code, with all that was said written out."""
    prepare_streams()
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[Complaints()])
    code = _ended()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:  # it was told, or nobody is there to be told; Python shall not repeat it
            silence(stream)
    return code


def _ended() -> int:
    """Turn what went wrong into a complaint and a code."""
    try:
        # Not click's `main`: to it a reader that went away is a failure.
        with commands.make_context(NAME, sys.argv[1:]) as context:
            return int(commands.invoke(context) or 0)
    except click.exceptions.Exit as ended:  # --help, --version
        return ended.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        with suppress(OSError):
            click.echo(error.format_message(), err=True)
        return Exit.CONFIG
    except click.ClickException as error:
        used = error.ctx if isinstance(error, click.UsageError) else None
        path = used.command_path if used else NAME
        return _said(f"{error.format_message()} (see {path} --help)", Exit.CONFIG)
    except ConfigError as error:
        return _said(str(error), Exit.CONFIG)
    except ApiRefused as error:  # it was looked, and the answer is no
        return _said(str(error), Exit.FAIL)
    except ReceiverError as error:
        return _said(str(error), Exit.UNREAD)
    except (KeyboardInterrupt, click.Abort):
        return _said("interrupted", Exit.INTERRUPTED)
    except BrokenPipeError:  # whoever read us has had enough: no mistake of ours
        return Exit.PASS
    except OSError as error:
        return _said(f"{error}: what was printed is not whole", Exit.UNREAD)
    except Exception as error:  # noqa: BLE001 (else Python would end with 1, which is a verdict)
        # Its words may quote what must not be shown; where it happened cannot.
        return _said(f"a mistake of this program's own: {_place_of(error)}", Exit.UNREAD)


def _place_of(error: Exception) -> str:
    """Name what was raised, and where in our own code."""
    frames = reversed(traceback.extract_tb(error.__traceback__))
    ours = next((each for each in frames if "receiver" in Path(each.filename).parts), None)
    place = f" in {Path(ours.filename).name}, line {ours.lineno}" if ours else ""
    return f"{type(error).__name__}{place}; please report it"


def _said(message: str, code: Exit) -> int:
    complain(message)
    return code
