"""The jobs that a command is asked about: from files, or a data set and its options."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from receiver.errors import ConfigError, JobInvalid
from receiver.job.expect import expectation
from receiver.job.expectation import Expectation
from receiver.job.job import DATASET_DEFAULT, Job, label, options_of, parse_jobs

STDIN: Final = "-"


class AskedJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job with its Expectation; `unverifiable` says why its batches cannot be judged, if so."""

    job: Job
    expectation: Expectation
    unverifiable: str = ""


def ask(files: Sequence[str], dataset: str | None, options: str | None) -> list[AskedJob]:
    """Read the jobs of `--job`, or make one of `--dataset` and `--options`.

    Raises:
        ConfigError: a file cannot be read, holds no job, or nothing says what to expect.
    """
    if files and (dataset is not None or options is not None):
        raise ConfigError(
            "--job says what --dataset and --options would: give the one or the other"
        )
    if not files and dataset is None and options is None:
        raise ConfigError(
            "nothing says what to expect: give --job FILE, or --dataset and --options"
        )
    if files:
        jobs = [job for file in files for job in parse_jobs(_read(file), source=_shown(file))]
    else:
        job = {"dataset": dataset or DATASET_DEFAULT, "logpull_options": text_of(options or "")}
        jobs = list(parse_jobs(msgspec.json.encode(job), source="--dataset"))
    return [_asked(job) for job in jobs]


def text_of(argument: str) -> str:
    """Return an argument, or of `@FILE` what stands in the file without its line end.

    So a destination_conf, which is a secret, need not stand in a command line.
    """
    if not argument.startswith("@"):
        return argument
    try:
        return _read(argument[1:]).decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{argument[1:]}: not UTF-8 text") from error


def notes_of(asked: Sequence[AskedJob]) -> list[str]:
    """Return what is to be said of the jobs, once each; named where there are several."""
    notes = [
        f"{label(each.job)}: {note}" if len(asked) > 1 else note
        for each in asked
        if not each.unverifiable
        for note in each.expectation.notes
    ]
    return list(dict.fromkeys(notes))


def _asked(job: Job) -> AskedJob:
    unplain = options_of(job).shape.unplain
    why = ""
    if unplain:
        names = ", ".join(f"`{name}`" for name in unplain)
        why = f"{label(job)}: its output is not plain NDJSON ({names}) and cannot be verified"
    return AskedJob(job=job, expectation=expectation(job), unverifiable=why)


def _read(file: str) -> bytes:
    if file == STDIN:
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no name of a file"
        raise JobInvalid(f"{file}: {reason}") from error


def _shown(file: str) -> str:
    return "standard input" if file == STDIN else file
