"""The ownership challenge of a destination: whether it takes one, and where it will lie.

Source: Logpush, "Ownership challenge" and the FAQ's table of destinations. Where they say nothing,
nothing is said here: `required` is None.
"""

import re
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from receiver.destination.day import DATE, DATE_IN_DOCUMENTS
from receiver.destination.destination import Destination, Scheme

NAME_BEGINNING: Final = "ownership-challenge"

# Magic's packet captures put 32 hex digits after it; Logpush's documents have no more than .txt.
_NAME: Final = re.compile(r"ownership-challenge[^/]*\.txt")

_PUSHED: Final = frozenset({Scheme.HTTPS, Scheme.SPLUNK, Scheme.DATADOG, Scheme.SENTINELONE})


class Requirement(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a job with this destination needs a token; None where nobody documents it."""

    required: bool | None
    why: str


def requirement(destination: Destination) -> Requirement:
    """Say whether Logpush wants the ownership of a destination proven."""
    match destination.scheme:
        case Scheme.S3 if destination.endpoint and not destination.access_key_id:
            return _needless(
                "to an S3-compatible endpoint Logpush writes none; but the conf lacks the keys"
                " with which a job proves it (access-key-id, secret-access-key)"
            )
        case Scheme.S3 if destination.endpoint:
            return _needless("an S3-compatible endpoint is proven by its keys")
        case Scheme.S3 if destination.access_key_id:
            return _needless("the conf has an access key, which proves enough")
        case Scheme.R2:
            return _needless("an R2 bucket is proven by its keys")
        case Scheme.S3 | Scheme.GS | Scheme.AZURE | Scheme.FILE:
            return Requirement(required=True, why="Logpush writes a challenge there")
        case Scheme.SUMO:
            return Requirement(required=True, why="Logpush posts a challenge to the HTTP source")
        case scheme if scheme in _PUSHED:
            return _needless(f"{scheme}:// is only sent a test")
        case Scheme.BIGQUERY:
            return _needless("BigQuery is proven by its credentials")
        case Scheme.WSS:
            return _needless("an Instant Logs session is read, not written to")
    return Requirement(
        required=None,
        why=f"whether {destination.scheme}:// needs a challenge is not documented",
    )


def challenge_folders(destination: Destination, now: datetime) -> tuple[str, ...]:
    """Return what may come before a challenge's name in its key, each once.

    List these with NAME_BEGINNING after them: the folders themselves hold all the batches.

    Whether Logpush substitutes {DATE} in a challenge's path is not known: looked for are the part
    before it, today and yesterday (UTC) in its place, and its letters as they stand.
    """
    path = destination.path
    folders = [path]
    if destination.dated:
        today = now.date()
        yesterday = max(today, date.min + timedelta(days=1)) - timedelta(days=1)
        days = (today, yesterday)
        literal = destination.prefix_literal
        folders = [
            literal[: literal.rfind("/") + 1],
            literal,
            *(destination.prefix(day) for day in days),
            path,
        ]
        if DATE_IN_DOCUMENTS in destination.conf.reveal():  # as it is written there
            folders.append(path.replace(DATE, DATE_IN_DOCUMENTS))
    return tuple(dict.fromkeys(folders))


def is_challenge_name(name: str) -> bool:
    """Tell whether it is the name of a challenge, without any folder."""
    return _NAME.fullmatch(name) is not None


def _needless(why: str) -> Requirement:
    return Requirement(required=False, why=why)
