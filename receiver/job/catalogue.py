"""The field catalogue: what each Dataset's records can hold, as `catalogue.json` beside this says.

It is a reading of public documents at one time. A field that a job asks for and that is not
here is no mistake of the job's.
"""

import difflib
from functools import cache
from importlib import resources

import msgspec

from receiver.errors import JobInvalid
from receiver.job.expectation import FieldType


class Dataset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One Dataset's Fields. A timestamp field is one of type TIMESTAMP, and no other is."""

    name: str
    scope: str  # "zone" or "account"
    source: str  # the document it was read from
    event_time_fields: tuple[str, ...]  # the first of these delivered tells the record's event time
    epoch_ms_fields: tuple[str, ...] = ()  # plain int milliseconds in every timestamp format
    default_fields: tuple[str, ...] | None = None  # None where no document gives them
    deprecated: frozenset[str] = frozenset()  # still delivered; may become empty
    unfilterable: frozenset[str] = frozenset()  # fields that a job's filter cannot name
    notes: tuple[str, ...] = ()
    fields: dict[str, FieldType]
    removed: dict[str, FieldType] = {}  # once documented; old jobs and archives still carry them
    vocabulary: dict[str, tuple[str | int, ...]] = {}  # field, or "Field[]" for array elements

    def type_of(self, field: str) -> FieldType | None:
        """Return the type of a field, removed ones included; None where the catalogue has none."""
        return self.fields.get(field) or self.removed.get(field)

    def types(self) -> dict[str, FieldType]:
        """Return all fields that the Dataset is known to have had, with their types."""
        return self.removed | self.fields


def dataset(name: str) -> Dataset:
    """Return the Dataset of that name; upper and lower case are the same.

    Raises:
        JobInvalid: names the unknown data set, the one that was probably meant, and all known.
    """
    found = find_dataset(name)
    if found is None:
        known = ", ".join(each.name for each in datasets())
        raise JobInvalid(f"unknown data set {name!r}{did_you_mean(name)}; known are {known}")
    return found


def find_dataset(name: str) -> Dataset | None:
    """Return the Dataset of that name, or None: there are data sets that no document describes."""
    return _catalogue().get(name.lower())


def datasets() -> tuple[Dataset, ...]:
    """Return every Dataset of the catalogue, by name."""
    return tuple(_catalogue().values())


def did_you_mean(name: str) -> str:
    """Return " (did you mean ...?)" for a misspelled data set, and "" where none is near."""
    near = difflib.get_close_matches(name.lower(), _catalogue(), n=1, cutoff=0.75)
    return f" (did you mean {near[0]}?)" if near else ""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    datasets: tuple[Dataset, ...]


@cache
def _catalogue() -> dict[str, Dataset]:
    text = resources.files("receiver.job").joinpath("catalogue.json").read_bytes()
    found = msgspec.json.decode(text, type=_File).datasets
    return {each.name: each for each in sorted(found, key=lambda each: each.name)}
