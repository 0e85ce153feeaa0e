"""An Expectation: what a job's records must look like. The checks read nothing else of a job."""

from enum import StrEnum

import msgspec


class TimestampFormat(StrEnum):
    """How a timestamp field is written; the option's own words."""

    UNIXNANO = "unixnano"
    UNIX = "unix"
    RFC3339 = "rfc3339"
    RFC3339MS = "rfc3339ms"
    RFC3339NS = "rfc3339ns"


class FieldType(StrEnum):
    """The type of a field, in the documents' words; TIMESTAMP is their "int or string"."""

    STRING = "string"
    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    OBJECT = "object"
    ARRAY_STRING = "array[string]"
    ARRAY_INT = "array[int]"
    ARRAY_OBJECT = "array[object]"
    TIMESTAMP = "int or string"
    UNKNOWN = "unknown"  # no document gives it: presence is checked, the type is not


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch of one job is held against.

    `fields` are the fields of a record and their types; None if nobody knows them (default fields
    of a data set that documents none): then presence cannot be checked. `types` are all the fields
    that the data set is known to have, removed ones included.
    """

    job_id: int | None
    job_name: str
    dataset: str
    fields: dict[str, FieldType] | None
    fields_explicit: bool  # asked for (or fetched): a departure is an error; else a warning
    fields_optional: frozenset[str] = frozenset()  # may be there unasked, as Subrequests is
    types: dict[str, FieldType]
    vocabulary: dict[str, tuple[str | int, ...]]  # field, or "Field[]" for an array's elements
    timestamps: TimestampFormat
    event_time_fields: tuple[str, ...]  # the record's event time is the first of these delivered
    epoch_ms_fields: tuple[str, ...] = ()  # plain int milliseconds, whatever the format
    plain: bool = True  # one JSON object a line; else the lines are another format's
    sample: float  # share of records kept
    cve_2021_44228: bool
    former: bool = False  # the job as it was before a change that has not arrived everywhere yet
    notes: tuple[str, ...] = ()  # what cannot be checked, for the report
