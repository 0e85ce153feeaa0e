"""Every code that a finding can have: its severity, what it means, and what to do. Once, here.

The command `explain`, the text report and the README's table all read this.
"""

from enum import StrEnum
from typing import Final

import msgspec

from receiver.check.report import Severity


class Code(StrEnum):
    """The name of a finding, as reports print it."""

    NOT_GZIP = "not-gzip"
    GZIP_TRUNCATED = "gzip-truncated"
    GZIP_CORRUPT = "gzip-corrupt"
    GZIP_CRC = "gzip-crc"
    GZIP_LENGTH = "gzip-length"
    GZIP_GARBAGE = "gzip-garbage"
    BATCH_EMPTY = "batch-empty"
    BATCH_TOO_LARGE = "batch-too-large"
    LINE_BLANK = "line-blank"
    LINE_TOO_LONG = "line-too-long"
    LINE_NOT_UTF8 = "line-not-utf8"
    LINE_NOT_JSON = "line-not-json"
    LINE_NOT_OBJECT = "line-not-object"
    LINE_KEY_REPEATED = "line-key-repeated"
    FIELD_MISSING = "field-missing"
    FIELD_UNEXPECTED = "field-unexpected"
    FIELD_TYPE = "field-type"
    FIELD_NULL = "field-null"
    FIELD_VALUE = "field-value"
    TIMESTAMP_FORMAT = "timestamp-format"
    TIMESTAMP_PRECISION = "timestamp-precision"
    TIMESTAMP_RANGE = "timestamp-range"
    TIMESTAMP_AFTER_WINDOW = "timestamp-after-window"
    RECORD_REPEATED = "record-repeated"
    RECORD_UNREWRITTEN = "record-unrewritten"
    DATASET_OTHER = "dataset-other"
    KEY_NAME = "key-name"
    KEY_DAY = "key-day"
    KEY_WINDOW = "key-window"
    DATE_UNSUBSTITUTED = "date-unsubstituted"
    SAMPLE_RATE = "sample-rate"


SOFT: Final[frozenset[Code]] = frozenset({Code.FIELD_MISSING, Code.FIELD_UNEXPECTED})
"""Only warnings where the job has default fields: Cloudflare may change those at any time."""


class Meaning(msgspec.Struct, frozen=True, kw_only=True):
    """What a code says, in whole sentences; `meaning` may hold {field}, filled in by reports."""

    severity: Severity
    meaning: str
    remedy: str


def _error(meaning: str, remedy: str) -> Meaning:
    return Meaning(severity=Severity.ERROR, meaning=meaning, remedy=remedy)


def _warning(meaning: str, remedy: str) -> Meaning:
    return Meaning(severity=Severity.WARNING, meaning=meaning, remedy=remedy)


MEANINGS: Final[dict[Code, Meaning]] = {
    Code.NOT_GZIP: _error(
        "The object is not gzip. If it is plain text, its lines were checked all the same.",
        "Did a copy or a client decompress it on the way? Compare it with the source's object.",
    ),
    Code.GZIP_TRUNCATED: _error(
        "The object ends inside a gzip member: whatever followed is lost.",
        "Was the upload cut? Ask for the object's size at the source.",
    ),
    Code.GZIP_CORRUPT: _error(
        "The compressed data cannot be read any further: whatever followed is lost.",
        "Fetch the object again; if it is the same, it was damaged in transfer or in storage.",
    ),
    Code.GZIP_CRC: _error(
        "The data do not have the checksum that the gzip trailer states: some bytes are wrong.",
        "Fetch the object again; if it is the same, do not trust the records of this batch.",
    ),
    Code.GZIP_LENGTH: _error(
        "The data do not have the length that the gzip trailer states.",
        "Fetch the object again; if it is the same, records may be missing or foreign.",
    ),
    Code.GZIP_GARBAGE: _error(
        "Bytes that are no gzip follow the gzip data; they were not read.",
        "Did something append to the object? Compare its size with the one at the source.",
    ),
    Code.BATCH_EMPTY: _warning(
        "The batch holds no line. Logpush writes no batch where there is nothing to write.",
        "Look at the batches before and after it; a filter or a transformer may drop everything.",
    ),
    Code.BATCH_TOO_LARGE: _error(
        "The batch inflates to more than 16 GiB and was given up: no Logpush batch is that large.",
        "Treat the object as hostile or damaged; do not let other tools inflate it.",
    ),
    Code.LINE_BLANK: _warning(
        "A line is blank where a record should be.",
        "Harmless to most readers; look for it in what comes between Logpush and the bucket.",
    ),
    Code.LINE_TOO_LONG: _error(
        "A line is longer than 16 MiB and was skipped.",
        "Look for missing newlines: has something joined the records?",
    ),
    Code.LINE_NOT_UTF8: _error(
        "A line is not valid UTF-8, or has half a surrogate pair in an escape.",
        "Look for damage in transfer, or for a tool that re-encoded the text.",
    ),
    Code.LINE_NOT_JSON: _error(
        "A line is not JSON: no record can be read from it.",
        "Is the job's output NDJSON? Look for a record cut in two, or another program's lines.",
    ),
    Code.LINE_NOT_OBJECT: _error(
        "A line is JSON, but no object: a record is an object of fields.",
        "Is the job's output NDJSON? Look for a tool that wrapped the records in an array.",
    ),
    Code.LINE_KEY_REPEATED: _error(
        "A record has the same key twice: readers differ in which value they take.",
        "Look for a tool that adds fields to the records after Logpush wrote them.",
    ),
    Code.FIELD_MISSING: _error(
        "The job asks for {field} and the record has no such key.",
        "Was the job changed at that time? A change takes up to 15 minutes to arrive.",
    ),
    Code.FIELD_UNEXPECTED: _error(
        "The record has {field}, for which the job does not ask.",
        "Was the job changed at that time? Does another job write to the same folder?",
    ),
    Code.FIELD_TYPE: _error(
        "The value of {field} is not of the type that the data set documents.",
        "Find out what changed: the source, or a tool that rewrites the records.",
    ),
    Code.FIELD_NULL: _warning(
        "{field} is null where the documents promise an array or an object.",
        "Probably an unset value; make sure that your readers accept it.",
    ),
    Code.FIELD_VALUE: _warning(
        "{field} has a value that the documents do not list.",
        "Probably new; make sure that your readers accept it.",
    ),
    Code.TIMESTAMP_FORMAT: _error(
        "{field} is not written in the timestamp format of the job.",
        "Was the option changed? The API's default is unixnano, the dashboard's is rfc3339.",
    ),
    Code.TIMESTAMP_PRECISION: _warning(
        "{field} is RFC 3339, but with an offset, fraction or spelling that the format has not.",
        "Probably a new precision; make sure that your readers accept it.",
    ),
    Code.TIMESTAMP_RANGE: _error(
        "The time in {field} cannot be: before 2010, a day after arrival, or none at all.",
        "Look for a unit mistaken for another (milliseconds for nanoseconds) and for damage.",
    ),
    Code.TIMESTAMP_AFTER_WINDOW: _warning(
        "The time in {field} is more than 5 minutes after the end of the batch's window.",
        "A clock was ahead, or the object carries another batch's name.",
    ),
    Code.RECORD_REPEATED: _warning(
        "The same line stands in the batch more than once.",
        "Count these records once; tell Cloudflare if it goes on.",
    ),
    Code.RECORD_UNREWRITTEN: _error(
        "The job rewrites ${{ to x{{ (CVE-2021-44228), and the record holds a ${{.",
        "Was the option switched off? A job edited in the dashboard loses it.",
    ),
    Code.DATASET_OTHER: _error(
        "The records have the fields of another data set.",
        "Does another job write to this folder, or was the batch copied to the wrong place?",
    ),
    Code.KEY_NAME: _warning(
        "The object's name is not of the form <start>_<end>_<id>.log.gz: it claims no window.",
        "Was it renamed, or written by another tool?",
    ),
    Code.KEY_DAY: _error(
        "The batch lies in the folder of a day on which its window neither begins nor ends.",
        "Was it copied? A query for that day finds records of another.",
    ),
    Code.KEY_WINDOW: _error(
        "The window in the object's name ends before it begins.",
        "Was the object renamed? Nothing else can be concluded from such a name.",
    ),
    Code.DATE_UNSUBSTITUTED: _error(
        "The object's key holds the {{DATE}} token itself instead of a day.",
        "Write {{DATE}} in the path of destination_conf: in no other way is it replaced.",
    ),
    Code.SAMPLE_RATE: _error(
        "The share of records that arrived is not the sample of the job.",
        "Was the sample changed at that time? Look for lost batches, and for a filter.",
    ),
}
