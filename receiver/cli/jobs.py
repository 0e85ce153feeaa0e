"""The jobs that a command is asked about: from files, or a data set and its options."""

from collections.abc import Iterable, Sequence

import msgspec

from receiver.cli.arguments import read_jobs, text_of
from receiver.errors import ConfigError, JobInvalid, OptionsInvalid
from receiver.job.catalogue import dataset as known_dataset
from receiver.job.expect import expectation, unverifiable
from receiver.job.expectation import Expectation
from receiver.job.job import DATASET_DEFAULT, Job, label
from receiver.job.options import parse_logpull_options


class AskedJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job with its Expectation; `unverifiable` says why its batches cannot be judged, if so."""

    job: Job
    expectation: Expectation
    unverifiable: str = ""
    notes: tuple[str, ...] = ()  # on how it was asked about


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
        return _each_once(job for file in files for job in read_jobs(file))
    return [_typed(dataset, text_of(options or "", option="--options "))]


def notes_of(asked: Sequence[AskedJob]) -> list[str]:
    """Return what is to be said of the jobs, once each; named where there are several."""
    notes = [note for each in asked for note in each.notes]
    notes += [
        f"{label(each.job)}: {note}" if len(asked) > 1 else note
        for each in asked
        if not each.unverifiable
        for note in each.expectation.notes
    ]
    return list(dict.fromkeys(notes))


def _each_once(jobs: Iterable[Job]) -> list[AskedJob]:
    """Return every job once, with a note where one was given again or shares its id."""
    found: list[Job] = []
    notes: dict[int, str] = {}  # by place in `found`
    for job in jobs:
        namesakes = [place for place, each in enumerate(found) if each.id == job.id]
        twin = next((at for at in namesakes if _settings(found[at]) == _settings(job)), None)
        if twin is not None:
            notes[twin] = f"{label(job)} is given more than once, each time the same: judged once"
            continue
        if namesakes and job.id is not None:
            notes[len(found)] = (
                f"different jobs have the id {job.id}: reports do not tell them apart"
            )
        found.append(job)
    return [_asked(job, notes.get(place, "")) for place, job in enumerate(found)]


def _settings(job: Job) -> Job:
    """Return a job without what changes by itself from one answer of the API to the next."""
    return msgspec.structs.replace(job, last_complete=None, last_error=None, error_message=None)


def _typed(dataset: str | None, options: str) -> AskedJob:
    """Return the job that `--dataset` and `--options` describe; what is typed may be mistyped."""
    try:
        name = DATASET_DEFAULT if dataset is None else known_dataset(dataset).name
    except JobInvalid as error:
        raise JobInvalid(
            f"--dataset: {error}; of one that this program does not know, give the job (--job)"
        ) from None
    try:
        parse_logpull_options(options)
    except OptionsInvalid as error:
        raise OptionsInvalid(f"--options: {error}") from None
    return _asked(Job(dataset=name, logpull_options=options))


def _asked(job: Job, note: str = "") -> AskedJob:
    notes = (note,) if note else ()
    return AskedJob(
        job=job, expectation=expectation(job), unverifiable=unverifiable(job), notes=notes
    )
