"""The fields of a Dataset as the API tells of them: name, and "<type>; <description>".

That form is documented; the descriptions are Cloudflare's own and not kept here. What is ours in
their place says so, and so do default fields that no document gives.
"""

from typing import Final

from receiver.emulator.api.refusals import marked
from receiver.emulator.default_fields import default_fields as names_of_defaults
from receiver.job.catalogue import Dataset
from receiver.job.expectation import FieldType

_NONE: Final = marked("no description is kept")
_TIME: Final = marked("a time, written in the job's timestamp format")
_DEPRECATED: Final = marked("deprecated")
_OUR_DEFAULT: Final = marked("a default of ours, for no document gives Logpush's")


def all_fields(known: Dataset) -> dict[str, str]:
    """Return every field that a job can ask for today."""
    return {name: f"{kind}; {_describe(known, name)}" for name, kind in known.fields.items()}


def default_fields(known: Dataset) -> dict[str, str]:
    """Return the fields of a job that names none."""
    documented = known.default_fields is not None
    return {
        name: f"{known.fields[name]}; {_describe(known, name) if documented else _OUR_DEFAULT}"
        for name in names_of_defaults(known)
    }


def _describe(known: Dataset, name: str) -> str:
    if name in known.deprecated:
        return _DEPRECATED
    return _TIME if known.fields[name] is FieldType.TIMESTAMP else _NONE
