"""A Destination: a destination_conf understood. Pure values; nothing here opens anything."""

from datetime import date
from enum import StrEnum

import msgspec

from receiver.destination.day import day_in, expand, literal_prefix
from receiver.secret import Secret


class Scheme(StrEnum):
    """Where Logpush can write."""

    S3 = "s3"
    R2 = "r2"
    GS = "gs"
    AZURE = "azure"
    FILE = "file"
    SUMO = "sumo"
    HTTPS = "https"
    SPLUNK = "splunk"
    DATADOG = "datadog"
    SENTINELONE = "sentinelone"
    IBMCL = "ibmcl"
    KINESIS = "kinesis"
    BIGQUERY = "bq"
    WSS = "wss"


STORED = frozenset({Scheme.S3, Scheme.R2, Scheme.GS, Scheme.AZURE, Scheme.FILE})


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """Where a job writes. Printing it shows no secret: those are Secrets, and so is the whole conf.

    `bucket` is the bucket (s3, r2, gs), the container (azure), the folder that is the root of the
    keys (file: an absolute path, all that comes before the first {DATE}), the host (all others).
    `path` is the folder inside it, with {DATE} where the day goes; it ends in `/` unless empty.
    """

    conf: Secret
    scheme: Scheme
    bucket: str
    path: str
    region: str | None = None
    endpoint: str | None = None  # s3: a host without scheme, as the conf gives it
    sse: str | None = None
    account: str | None = None  # azure: the account's host; r2: the account id
    access_key_id: Secret | None = None
    secret_access_key: Secret | None = None
    sas: Secret | None = None  # azure: the query string
    headers: tuple[tuple[str, Secret], ...] = ()  # of header_ parameters, decoded
    parameters: tuple[tuple[str, Secret], ...] = ()  # the other parameters, passed on
    notes: tuple[str, ...] = ()  # what is unusual and was read all the same

    @property
    def stored(self) -> bool:
        """Whether it holds objects that can be listed and read back."""
        return self.scheme in STORED

    @property
    def dated(self) -> bool:
        """Whether the path holds {DATE}."""
        return "{DATE}" in self.path

    @property
    def prefix_literal(self) -> str:
        """The part of every key that no day changes: all of the path before the first {DATE}."""
        return literal_prefix(self.path)

    def prefix(self, day: date) -> str:
        """The folder of one day, every {DATE} of the path replaced."""
        return expand(self.path, day)

    def day_of(self, key: str) -> date | None:
        """The day that a key's {DATE} folder names; None where it names none (or no {DATE} is asked)."""
        return day_in(self.path, key)

    @property
    def identity(self) -> str:
        """What makes two destinations one: bucket and path for the stored ones. Shows no secret."""
        raise NotImplementedError  # set by the scheme's module

    def __str__(self) -> str:
        raise NotImplementedError  # scheme://bucket/path, secrets left out
