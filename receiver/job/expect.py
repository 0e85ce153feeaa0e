"""From a Job, or a data set and Options, to the Expectation that its batches are held against.

What no public document settles is left out of the Expectation, and a note says so: a verdict
that is certain and wrong costs more than one that is not given.
"""

import difflib

import msgspec

from receiver.job.catalogue import Dataset, did_you_mean, find_dataset
from receiver.job.expectation import Expectation, FieldType
from receiver.job.job import Job, label, options_of
from receiver.job.options import Options

SUBREQUESTS = "Subrequests"  # delivered unasked where subrequests are merged into their parent


def expectation(job: Job) -> Expectation:
    """Return what a job's records must look like.

    Raises:
        OptionsInvalid: the job's options are none that a job can have.
    """
    options = options_of(job)
    found = expectation_of(job.dataset, options, job_id=job.id, job_name=job.name)
    notes = [*job.notes, *found.notes]
    if job.subrequest_merging:
        merged = found.fields_optional | {SUBREQUESTS}
        found = msgspec.structs.replace(found, fields_optional=merged)
    if job.transformer_id is not None or not found.plain:
        # Any key can come out of a transformer with any value, so nothing known of it holds; and
        # of what is no NDJSON no record is read at all.
        found = msgspec.structs.replace(
            found, fields=None, types={}, vocabulary={}, event_time_fields=(), epoch_ms_fields=()
        )
        notes = [*job.notes, *options.notes]
    if job.transformer_id is not None:
        notes.append(
            "a transformer reshapes the job's records: fields, types and sample not checkable"
        )
    if job.filter:
        notes.append("the job has a filter: whether every record passes it is not checked")
    return msgspec.structs.replace(found, notes=tuple(dict.fromkeys(notes)))


def unverifiable(job: Job) -> str:
    """Say why a job's batches cannot be judged; "" where they can.

    Raises:
        OptionsInvalid: the job's options are none that a job can have.
    """
    unplain = options_of(job).shape.unplain
    if not unplain:
        return ""
    names = ", ".join(f"`{name}`" for name in unplain)
    return f"{label(job)}: its output is not plain NDJSON ({names}) and cannot be verified"


def expectation_of(
    dataset: str, options: Options, *, job_id: int | None = None, job_name: str = ""
) -> Expectation:
    """Return what records of a data set must look like under these Options.

    A data set that the catalogue does not know is no error: then only presence is checked.
    """
    known = find_dataset(dataset) or Dataset(
        name=dataset, scope="", source="", event_time_fields=(), fields={}
    )
    notes = list(options.notes)
    if not known.fields:
        notes.append(
            f"the catalogue does not know the data set {dataset}{did_you_mean(dataset)}:"
            " types and values are not checked"
        )
    asked = options.fields.value
    names = known.default_fields if asked is None else asked
    if names is None:
        notes.append(
            f"fields not checkable: no document gives the default fields of {known.name};"
            " name the job's fields to check them"
        )
    elif known.fields:
        notes += _field_notes(names, known)
    return Expectation(
        job_id=job_id,
        job_name=job_name,
        dataset=known.name,
        fields=None if names is None else {name: _type(name, known) for name in names},
        fields_explicit=asked is not None,
        fields_optional=frozenset({SUBREQUESTS} if options.merge_subrequests else ()),
        types=known.types(),
        vocabulary=known.vocabulary,
        timestamps=options.timestamps.value,
        event_time_fields=tuple(
            name for name in known.event_time_fields if names is None or name in names
        ),
        epoch_ms_fields=known.epoch_ms_fields,
        sample=options.sample.value,
        cve_2021_44228=options.cve_2021_44228.value,
        plain=not options.shape.unplain,
        notes=tuple(notes),
    )


def _type(field: str, known: Dataset) -> FieldType:
    return known.type_of(field) or FieldType.UNKNOWN


def _field_notes(names: tuple[str, ...], known: Dataset) -> list[str]:
    notes = []
    removed = [name for name in names if name in known.removed and name not in known.fields]
    if removed:
        notes.append(
            f"{', '.join(removed)}: no longer among the documented fields of {known.name};"
            " checked by the type once documented"
        )
    untyped = [name for name in names if _type(name, known) is FieldType.UNKNOWN]
    if untyped:
        notes.append(
            f"no document gives the type of {', '.join(untyped)}:"
            " presence is checked, the type is not"
        )
    for name in untyped:
        near = _near(name, known)
        if near:
            notes.append(f"{name} is no known field of {known.name}: did you mean {near}?")
    if known.event_time_fields and not set(known.event_time_fields) & set(names):
        notes.append(
            "event time not checkable: the job delivers none of "
            + ", ".join(known.event_time_fields)
        )
    return notes


def _near(name: str, known: Dataset) -> str | None:
    """Field names know upper from lower case, and that is what people get wrong first."""
    if name in known.types():
        return None
    lower = {each.lower(): each for each in known.types()}
    if name.lower() in lower:
        return lower[name.lower()]
    near = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.85)
    return lower[near[0]] if near else None
