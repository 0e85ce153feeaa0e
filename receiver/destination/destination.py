"""A Destination: a destination_conf understood. Pure values; nothing here opens anything."""

import hashlib
import re
from datetime import date
from enum import StrEnum
from typing import Final

import msgspec

from receiver.destination.day import DATE, day_in, expand, literal_prefix
from receiver.secret import REDACTED, Secret


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


STORED: Final = frozenset({Scheme.S3, Scheme.R2, Scheme.GS, Scheme.AZURE, Scheme.FILE})

# Of parameters that nobody documents, those named so are taken for Secrets that may be renewed.
_SECRET_NAME: Final = re.compile(
    "key|token|secret|sig|auth|pass|pwd|cred|code|external|session", re.IGNORECASE
)
_DIGEST_CHARS: Final = 12


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """Where a job writes. Printing it shows no secret: those are Secrets, and so is the whole conf.

    `bucket` is the bucket (s3, r2, gs), the container (azure), the folder that is the root of the
    keys (file: an absolute path, all that comes before the first {DATE}), the host (all others).
    `path` is the folder inside it, with {DATE} where the day goes; it ends in `/` unless empty.
    Where objects are not stored, `path` is no folder and stands as the conf has it.
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
    path_secret: Secret | None = None  # sumo, wss: the path's last segment, which is a key
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
        return DATE in self.path

    @property
    def prefix_literal(self) -> str:
        """The part of every key that no day changes: all of the path before the first {DATE}."""
        return literal_prefix(self.path)

    def prefix(self, day: date) -> str:
        """The folder of one day, every {DATE} of the path replaced."""
        return expand(self.path, day)

    def day_of(self, key: str) -> date | None:
        """The day that a key names in the place of {DATE}; None where it names none."""
        return day_in(self.path, key)

    @property
    def identity(self) -> str:
        """What makes two destinations one: bucket and path for the stored ones. Shows no secret.

        Two buckets of one name are told apart by whose they are (endpoint, account); a region,
        a SAS or keys make no difference. Of an endpoint that takes pushes the host and the path
        count, and a digest of what else tells two apart.
        """
        if self.scheme is Scheme.FILE:
            return f"{self.scheme}://{_joined(self.bucket, self.path)}"
        if self.stored:
            owner = (self.endpoint or self.account or "").lower()
            bucket = f"{self.bucket}@{owner}" if owner else self.bucket  # no bucket's name has an @
            return f"{self.scheme}://{bucket}/{self.path}"
        digest = self._digest()
        return f"{self.scheme}://{self.bucket}/{self.path}" + (f"#{digest}" if digest else "")

    def __str__(self) -> str:
        """The conf without its parameters and secrets, as a report shows it."""
        if self.scheme is Scheme.AZURE and self.account:
            folder = f"{self.account}/{self.bucket}/{self.path}"
        elif self.path_secret:
            folder = f"{self.bucket}/{self.path}{REDACTED}"
        else:
            folder = _joined(self.bucket, self.path)
        return f"{self.scheme}://{folder.removesuffix('/')}"

    def _digest(self) -> str:
        """Sum up the path's secret and the parameters that are no secret; "" if there are none."""
        told_apart = sorted(
            (name, value.reveal())
            for name, value in self.parameters
            if name and not _SECRET_NAME.search(name)
        )
        if self.path_secret:
            told_apart.append(("", f"{self.bucket}/{self.path_secret.reveal()}"))
        if not told_apart:
            return ""
        return hashlib.sha256(repr(told_apart).encode()).hexdigest()[:_DIGEST_CHARS]


def _joined(bucket: str, path: str) -> str:
    """Join with one slash; the root folder is a slash already."""
    return f"{bucket.removesuffix('/')}/{path}"
