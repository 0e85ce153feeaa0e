"""What a doctor says: one line for each thing that was looked at."""

from enum import StrEnum

import msgspec


class Status(StrEnum):
    """How one thing is; `unknown` is what could not be found out, or was not asked for."""

    PASS = "pass"  # noqa: S105 (no password)
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


class Checkup(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at. Shows no secret."""

    name: str  # "list", "read", "public", "region", "sas", "dns", "tls", "probe" ...
    status: Status
    message: str  # a sentence: what was found
    remedy: str = ""  # a sentence: what to do, where anything is to be done
